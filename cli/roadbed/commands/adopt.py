"""`roadbed adopt`: bring a repository that was never generated under a plan."""

from pathlib import Path
from typing import Annotated

import typer

from roadbed import terminal
from roadbed.commands.options import Data, DryRun, Ref, Source, parse_answers
from roadbed.update import adopt as adoptions
from roadbed.update import adopt_report, apply, references
from roadbed.update.adopt import Order


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
    order = Order(path, source, ref, parse_answers(data), defaults)
    with adoptions.prepared(order) as (adoption, store):
        saved = [] if dry_run else apply.write(adoption.found, adoption.draft, store)
    compare = [] if dry_run else references.keep(adoption.beside, adoption.found)
    terminal.lines(adopt_report.as_text(adoption, compare, written=not dry_run))
    for place in saved:
        terminal.note(f"{place} was edited meanwhile, and saved as it was.")
