"""What `check` finds: the states of drift, what to do about each, and which of them are waived."""

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
    DIVERGED: "take the edit elsewhere (see .roadbed/README.md), then restore the template's bytes "
    "with `{restore}`, which saves the edit aside",
    MISSING: "restore the template's bytes with `{restore}`",
    UNEXPECTED: f"move it out of what is managed (see {OWNERSHIP_FILE}): updates do not know it",
    ORPHAN: "delete it, or move what you still need out of what is managed: "
    "an earlier version of the template brought it, this one does not know it",
    IGNORED: "take the pattern out and add the file with `git add`: "
    "an update could lose what git does not know",
    EJECTED: "nothing, the file is yours; `roadbed eject --undo` gives it back",
    UNSETTLED: "take the markers out, keeping what both sides mean: an update left them there",
    BEHIND: "see what it brings with `roadbed update --dry-run`, then run `roadbed update`",
    TAMPERED: "find out who changed it: what the service is compared with cannot be relied on",
    STALE_SEED: "nothing, the file is yours; `roadbed check --online --diff` shows what the "
    "template improved, and you take what you like",
    EXPIRED: "mend what it waived, or say until when, and why, it still holds",
    UNUSED: "delete it: what it waived is no longer there",
    UNKNOWN: f"name one of {', '.join(WAIVABLE)}",
    FIXED: "take the entry out, so that it does not come back unseen",
}
STATES = tuple(_ADVICE)


@dataclass(frozen=True)
class Finding:
    """A file and its `state`; `detail` says more.

    `blob` is git's id of the template's bytes, where such a file should be. What lets a finding
    pass: a `waiver`, or that it is `on_record` since the service came under its plan.
    """

    path: str
    state: str
    detail: str = ""
    blob: str = ""
    waiver: Waiver | None = None
    on_record: bool = False

    @property
    def fails(self) -> bool:
        """Whether somebody has to do something about it now."""
        passes = self.state in INFORMATIONAL or self.on_record
        return not passes and self.waiver is None

    @property
    def fix(self) -> str:
        """What to do about it."""
        return advice_for(self.state)


@dataclass(frozen=True)
class Online:
    """What the template says of a service, and how its seeds changed since: lines by path."""

    findings: tuple[Finding, ...] = ()
    seeds: Mapping[str, Sequence[str]] = field(default_factory=dict)


def advice_for(state: str, restore: str = RESTORE_COMMAND) -> str:
    """What to do about a finding of this state; `restore` is the command that restores files."""
    return _ADVICE[state].format(restore=restore)


def judge(
    findings: Iterable[Finding],
    waivers: Sequence[Waiver],
    recorded: Set[tuple[str, str]],
    today: date,
    *,
    online: bool,
) -> list[Finding]:
    """The findings, those that pass marked, and one more for each promise that is of no use.

    `recorded` are state and path of what was there when the service came under its plan. What is
    found `online` alone was not looked for otherwise, so a waiver of it may be of use.
    """
    holding = [waiver for waiver in waivers if today <= waiver.expires]
    marked = [
        replace(
            finding,
            waiver=_longest(finding, holding),
            on_record=(finding.state, finding.path) in recorded,
        )
        for finding in findings
    ]
    mended = recorded - {(finding.state, finding.path) for finding in marked}
    gone = [Finding(BASELINE_FILE, FIXED, f"{path} ({state})") for state, path in sorted(mended)]
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
