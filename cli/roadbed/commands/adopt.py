"""`roadbed adopt`: bring a repository that was never generated under a plan."""

from pathlib import Path
from typing import Annotated

import typer

from roadbed import terminal
from roadbed.commands.document import print_document
from roadbed.commands.options import AsJson, Data, DryRun, Ref, Source, parse_data
from roadbed.errors import Exit, UsageError
from roadbed.update.adopt import AdoptRequest, prepared_adoption
from roadbed.update.adopt_report import as_data, as_text
from roadbed.update.apply import write_update
from roadbed.update.copies import keep_copies


def adopt(  # noqa: PLR0913 (each is an option of the command line)
    path: Annotated[Path, typer.Argument(help="The folder of a repository, or within one")],
    *,
    data: Data = None,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Ask nothing: take what can be guessed")
    ] = False,
    dry_run: DryRun = False,
    source: Source = None,
    ref: Ref = None,
    as_json: AsJson = False,
) -> None:
    """Bring a repository that was never generated, or lost its answers, under a plan.

    Adds the platform's files and changes none of yours; differences are recorded.
    """
    if as_json and not defaults:
        raise UsageError("--json asks no questions: add --defaults, and -d key=value for answers.")
    request = AdoptRequest(path, source, ref, parse_data(data), defaults)
    with prepared_adoption(request) as (adoption, store):
        saved = [] if dry_run else write_update(adoption.repository, adoption.pending, store)
    compare = [] if dry_run else keep_copies(adoption.plan_files, adoption.repository)
    if as_json:
        print_document(path, Exit.FINE, **as_data(adoption, saved, written=not dry_run))
        return
    terminal.lines(as_text(adoption, compare, written=not dry_run))
    for place in saved:
        terminal.note(f"A file was edited during the adoption; the edit is saved in {place}.")
