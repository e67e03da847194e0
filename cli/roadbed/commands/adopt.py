"""`roadbed adopt`: bring a repository that was never generated under a plan."""

from pathlib import Path
from typing import Annotated

import typer

from roadbed import terminal
from roadbed.commands.options import Data, DryRun, Ref, Source, parse_data
from roadbed.update import adopt_report
from roadbed.update.adopt import AdoptRequest, prepared_adoption
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
) -> None:
    """Bring a repository that was never generated, or lost its answers, under a plan.

    The platform's files arrive, and nothing of yours changes; what differs goes on record.
    """
    request = AdoptRequest(path, source, ref, parse_data(data), defaults)
    with prepared_adoption(request) as (adoption, store):
        saved = [] if dry_run else write_update(adoption.repository, adoption.pending, store)
    compare = [] if dry_run else keep_copies(adoption.plan_files, adoption.repository)
    terminal.lines(adopt_report.as_text(adoption, compare, written=not dry_run))
    for place in saved:
        terminal.note(f"{place} was edited meanwhile, and saved as it was.")
