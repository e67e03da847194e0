"""`roadbed check`: compare a service with its template, and restore what differs if asked."""

from pathlib import Path
from typing import Annotated

import typer

from roadbed import terminal
from roadbed.commands.document import print_document
from roadbed.commands.options import AsJson, Service
from roadbed.drift import report as reports
from roadbed.drift.check import check_service, parse_day, with_differences, with_restored


def check(  # noqa: PLR0913 (each is an option of the command line)
    path: Service = Path(),
    *,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show how files differ from the template's")
    ] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Restore them; what was there is saved in git's folder")
    ] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Ask the template too: newer, moved, better seeds?")
    ] = False,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Judge waivers as on that day [default: now]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the managed files with the template's, offline.

    .roadbed/MANIFEST says what they should be; an edit of that file itself is not found. What
    waivers.toml names does not fail.
    """
    today = parse_day(as_of)
    report = check_service(path, today, online=online)
    report = with_differences(report) if diff else report
    report = with_restored(report, today, online=online) if fix else report
    if as_json:
        print_document(path, report.exit_code, **reports.as_data(report))
    else:
        terminal.differences((report.differences or {}).values())
        terminal.lines(reports.as_text(report))
    raise typer.Exit(report.exit_code)
