"""`roadbed lost-edits`: name the edits of the team that an update has lost, with any tool."""

from pathlib import Path
from typing import Annotated

import typer

from roadbed import terminal
from roadbed.commands.document import print_document
from roadbed.commands.options import AsJson, Service
from roadbed.update.lost_edits import find_lost_edits
from roadbed.update.lost_edits_report import as_data, as_text


def lost_edits(
    path: Service = Path(),
    *,
    base: Annotated[
        str, typer.Option(metavar="COMMIT", help="A commit from before the update")
    ] = "HEAD",
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE", help="Accept the losses in this file and record that (repeatable)"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Name every line of yours that an update has lost, with any tool.

    Exit code 4: an edit is lost and the loss is not accepted.
    """
    edits = find_lost_edits(path, base, accept or [])
    if as_json:
        print_document(path, edits.exit_code, **as_data(edits))
    else:
        terminal.report(as_text(edits))
    raise typer.Exit(edits.exit_code)
