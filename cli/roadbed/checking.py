"""The verb `check`: compare, restore if that was wished, and say what was found."""

from dataclasses import dataclass
from pathlib import Path

from roadbed import terminal as output
from roadbed.drift import check
from roadbed.drift import report as reports
from roadbed.errors import Exit


@dataclass(frozen=True)
class Wish:
    """Which service to check, as on which day (empty: now), and what else to do."""

    folder: Path
    as_of: str | None
    diff: bool
    fix: bool
    online: bool


def run(wish: Wish, *, as_json: bool) -> Exit:
    """Check a service and print the report; returns the exit code."""
    today = check.parse_day(wish.as_of)
    report = check.check(wish.folder, today, online=wish.online)
    report = check.with_differences(report) if wish.diff else report
    report = check.mended(report, today, online=wish.online) if wish.fix else report
    if as_json:
        output.say(reports.as_json(report))
    else:
        output.differences((report.differences or {}).values())
        output.lines(reports.as_text(report))
    return report.exit_code
