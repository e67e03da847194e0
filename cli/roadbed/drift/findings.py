"""The findings of `check`: the states of drift, the advice for each, and which are waived."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date

from roadbed.service.baseline import BASELINE_FILE
from roadbed.service.ownership import OWNERSHIP_FILE
from roadbed.service.waivers import WAIVERS_FILE, Waiver

DIVERGED, MISSING, UNEXPECTED, ORPHAN = "diverged", "missing", "unexpected", "orphan"
IGNORED, EJECTED = "ignored", "ejected"
UNSETTLED = "unsettled"
BEHIND, TAMPERED, STALE_SEED = "behind", "tampered", "stale-seed"
EXPIRED, UNUSED, UNKNOWN = "waiver-expired", "waiver-unused", "waiver-unknown"
FIXED = "baseline-fixed"
WAIVABLE = (DIVERGED, MISSING, UNEXPECTED, ORPHAN, IGNORED, BEHIND)
ONLINE = (BEHIND, TAMPERED, STALE_SEED)
INFORMATIONAL = (EJECTED, STALE_SEED)
RESTORABLE = (DIVERGED, MISSING)
RESTORE_COMMAND = "roadbed check --fix"
_ADVICE = {
    DIVERGED: "move the edit elsewhere (see .roadbed/README.md), then restore the template's bytes "
    "with `{restore}`, which saves the edit aside",
    MISSING: "restore the template's bytes with `{restore}`",
    UNEXPECTED: f"move it out of the managed folders (see {OWNERSHIP_FILE}): updates ignore it",
    ORPHAN: "delete it, or move the parts that you need out of the managed folders: "
    "an earlier version of the template had this file, the current version does not",
    IGNORED: "remove the pattern and add the file with `git add`: "
    "an update could lose a file that git does not track",
    EJECTED: "nothing, the file is yours; `roadbed eject --undo` gives it back",
    UNSETTLED: "resolve the conflict and remove its markers: an update left them there",
    BEHIND: "see what it brings with `roadbed update --dry-run`, then run `roadbed update`",
    TAMPERED: "find out who changed it: the service cannot be compared reliably",
    STALE_SEED: "nothing, the file is yours; `roadbed check --online --diff` shows the "
    "template's improvements, and you may copy them",
    EXPIRED: "fix the finding, or renew the waiver with a new date and a reason",
    UNUSED: "delete it: the finding that it waived is gone",
    UNKNOWN: f"name one of {', '.join(WAIVABLE)}",
    FIXED: "delete the entry, so that `roadbed check` reports the finding if it returns",
}
STATES = tuple(_ADVICE)


@dataclass(frozen=True)
class Finding:
    """A file and its `state`; `detail` says more.

    `blob` is git's id of the template's bytes, if there should be such a file. A finding passes
    with a `waiver`, or when it is `on_record` since the service was adopted.
    """

    path: str
    state: str
    detail: str = ""
    blob: str = ""
    waiver: Waiver | None = None
    on_record: bool = False

    @property
    def fails(self) -> bool:
        """Whether the finding needs a fix now."""
        passes = self.state in INFORMATIONAL or self.on_record
        return not passes and self.waiver is None

    @property
    def fix(self) -> str:
        """The advice for the finding."""
        return advice_for(self.state)


@dataclass(frozen=True)
class Online:
    """The template's findings about a service, and its changes to seeded files: lines by path."""

    findings: tuple[Finding, ...] = ()
    seeds: Mapping[str, Sequence[str]] = field(default_factory=dict)


def advice_for(state: str, restore: str = RESTORE_COMMAND) -> str:
    """Return the advice for a finding of this state; `restore` is the command that restores
    files.
    """
    return _ADVICE[state].format(restore=restore)


def judge(
    findings: Iterable[Finding],
    waivers: Sequence[Waiver],
    recorded: Set[tuple[str, str]],
    today: date,
    *,
    online: bool,
) -> list[Finding]:
    """Return the findings, with waivers and records marked, and one more for each useless entry.

    `recorded` are state and path of the findings on the day of adoption. Without `online`, waivers
    of findings that only an online check makes are never reported as unused.
    """
    valid = [waiver for waiver in waivers if today <= waiver.expires]
    marked = [
        replace(
            finding,
            waiver=_longest(finding, valid),
            on_record=(finding.state, finding.path) in recorded,
        )
        for finding in findings
    ]
    fixed = recorded - {(finding.state, finding.path) for finding in marked}
    gone = [Finding(BASELINE_FILE, FIXED, f"{path} ({state})") for state, path in sorted(fixed)]
    looked_for = [waiver for waiver in waivers if online or waiver.rule not in ONLINE]
    return [*marked, *gone, *_complaints(marked, looked_for, today)]


def _longest(finding: Finding, waivers: Iterable[Waiver]) -> Waiver | None:
    if finding.state not in WAIVABLE:
        return None
    covering = [waiver for waiver in waivers if waiver.covers(finding.state, finding.path)]
    return max(covering, key=lambda waiver: waiver.expires, default=None)


def _complaints(
    findings: Sequence[Finding], waivers: Iterable[Waiver], today: date
) -> Iterator[Finding]:
    for waiver in waivers:
        if waiver.rule not in WAIVABLE:
            yield Finding(WAIVERS_FILE, UNKNOWN, str(waiver))
        elif waiver.expires < today:
            yield Finding(WAIVERS_FILE, EXPIRED, str(waiver))
        elif not any(waiver.covers(finding.state, finding.path) for finding in findings):
            yield Finding(WAIVERS_FILE, UNUSED, str(waiver))
