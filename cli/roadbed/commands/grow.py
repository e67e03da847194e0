"""`roadbed grow`: give a monolith or a service its other half."""

from pathlib import Path
from typing import Annotated

import typer

from roadbed.commands.options import AsJson, Data, DryRun, NoLock, Service, parse_data
from roadbed.commands.update import run
from roadbed.service.answers import read_answers
from roadbed.update.growth import require_growable
from roadbed.update.prepare import UpdateRequest


def grow(  # noqa: PLR0913 (each is an option of the command line)
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="hybrid")],
    path: Service = Path(),
    *,
    data: Data = None,
    dry_run: DryRun = False,
    no_lock: NoLock = False,
    as_json: AsJson = False,
) -> None:
    """Give a monolith or a service its other half; nothing that it has moves or changes.

    The service stays at its version. `roadbed update --abort` undoes it until it is committed.
    """
    chosen = parse_data(data)
    require_growable(read_answers(path).plan, plan, chosen)
    request = UpdateRequest(path, answers={**chosen, "plan": plan}, grow=True, dry_run=dry_run)
    raise typer.Exit(run(request, lock=not no_lock, as_json=as_json))
