"""Comparison of a service with its manifest and waivers: offline, without Copier.

Managed files are compared with `.roadbed/MANIFEST`, so an edit of that file itself is not detected:
no other file on this machine says how it should be. A review of its changes, or an update, does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from roadbed.drift.compare import find_drift
from roadbed.drift.findings import Finding, Online, judge
from roadbed.drift.restore import Restored, restore_files
from roadbed.errors import Exit, UsageError
from roadbed.service.answers import Answers, read_answers
from roadbed.service.baseline import read_baseline
from roadbed.service.interruption import require_no_interruption
from roadbed.service.waivers import read_waivers


@dataclass(frozen=True)
class Report:
    """The findings of `check` in the service `folder`; `checked` counts the files compared.

    `seeds` are the template's changes to seeded files, by path; `differences` (lines by path) and
    `restored` are set when they were requested.
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
        """1 when a finding fails."""
        return Exit.FINDINGS if any(finding.fails for finding in self.findings) else Exit.FINE


def check_service(folder: Path, today: date | None = None, *, online: bool = False) -> Report:
    """Compare the managed files of the service in `folder` with its manifest, both ways.

    With `online`, compare the service also with the template's newest release. Waivers are judged
    as of the day `today`. Raises UsageError when an update was interrupted, or when the answers
    file, the manifest or the waivers are missing or broken; CouldNotRunError when a file cannot be
    read or the template is out of reach.
    """
    require_no_interruption(folder)
    answers = read_answers(folder)
    waivers = read_waivers(folder)
    checked, drifted = find_drift(folder, answers)
    from_template = _ask(folder, answers) if online else Online()
    day = today or datetime.now(UTC).date()
    judged = judge(
        [*drifted, *from_template.findings], waivers, read_baseline(folder), day, online=online
    )
    return Report(
        folder, answers.plan, answers.version, checked, tuple(judged), from_template.seeds
    )


def _ask(folder: Path, answers: Answers) -> Online:
    from roadbed.drift.online import find_online  # noqa: PLC0415 (a check offline renders nothing)

    return find_online(folder, answers)


def with_differences(report: Report) -> Report:
    """Return the report with each file's differences; raises as `unified_diffs` does."""
    from roadbed.drift.diff import unified_diffs  # noqa: PLC0415 (its imports are a tenth of a check)

    managed = unified_diffs(report.folder, report.findings)
    return replace(report, differences={**managed, **report.seeds})


def with_restored(report: Report, today: date | None = None, *, online: bool = False) -> Report:
    """Restore the files that can be restored, and report the rest; raises as `restore_files`
    does.
    """
    restored = restore_files(report.folder, report.findings)
    after = check_service(report.folder, today, online=online)
    return replace(after, differences=report.differences, restored=restored)


def parse_day(text: str | None) -> date | None:
    """Return the date typed after --as-of; raises UsageError when it is not a date."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is not a date: write --as-of as in 2027-01-31.") from error
