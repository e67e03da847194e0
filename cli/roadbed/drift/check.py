"""Whether a service is still as the template and its own promises say: offline, without Copier.

`.roadbed/MANIFEST` is what managed files are compared with, so an edit of that file itself is not
found: nothing on this machine says what it should be. A review of its changes, or an update, does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from roadbed.drift import compare as drift
from roadbed.drift import findings, restore
from roadbed.drift.findings import Finding, Online
from roadbed.drift.restore import Restored
from roadbed.errors import Exit, UsageError
from roadbed.service import answers, baseline, waivers
from roadbed.service import interruption as unfinished
from roadbed.service.answers import Answers


@dataclass(frozen=True)
class Report:
    """What `check` found in the service `folder`; `checked` counts the files compared.

    `seeds` is how the template's changed since, by path; `differences` (lines by path) and
    `restored` are there when they were asked for.
    """

    folder: Path
    plan: str
    version: str
    checked: int
    findings: tuple[Finding, ...]
    seeds: Mapping[str, Sequence[str]] = field(default_factory=dict)
    differences: Mapping[str, Sequence[str]] | None = None
    restored: tuple[Restored, ...] | None = None

    @property
    def exit_code(self) -> Exit:
        """1 when something was found that fails."""
        return Exit.FINDINGS if any(found.fails for found in self.findings) else Exit.FINE


def check_service(folder: Path, today: date | None = None, *, online: bool = False) -> Report:
    """Compare the managed files of the service in `folder` with its manifest, both ways.

    With `online`, the service also with its template as it is now. Waivers are judged as on the
    day `today`. Raises UsageError when an update was cut short, or the answers file, the manifest
    or the waivers are missing or broken, CouldNotRunError when a file cannot be read or the
    template is out of reach.
    """
    unfinished.require_none(folder)
    given = answers.read(folder)
    granted = waivers.read(folder)
    checked, found = drift.find(folder, given)
    abroad = _ask(folder, given) if online else Online()
    day = today or datetime.now(UTC).date()
    judged = findings.judge(
        [*found, *abroad.findings], granted, baseline.read(folder), day, online=online
    )
    return Report(folder, given.plan, given.version, checked, tuple(judged), abroad.seeds)


def _ask(folder: Path, given: Answers) -> Online:
    from roadbed.drift import online  # noqa: PLC0415 (a check offline renders nothing)

    return online.find(folder, given)


def with_differences(report: Report) -> Report:
    """The report with how each file differs; raises CouldNotRunError when that cannot be said."""
    from roadbed.drift import diff as differences  # noqa: PLC0415 (its imports are a tenth of a check)

    managed = differences.unified(report.folder, report.findings)
    return replace(report, differences={**managed, **report.seeds})


def with_restored(report: Report, today: date | None = None, *, online: bool = False) -> Report:
    """Restore what can be restored, and report what is left; raises as `restore.restore` does."""
    restored = restore.restore(report.folder, report.findings)
    after = check_service(report.folder, today, online=online)
    return replace(after, differences=report.differences, restored=restored)


def parse_day(text: str | None) -> date | None:
    """The day that was typed after --as-of; raises UsageError when it is none."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no day: write --as-of as in 2027-01-31.") from error
