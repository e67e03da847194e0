"""`roadbed eject`: hand managed files over to the team, and back."""

from pathlib import Path
from typing import Annotated

import typer

from roadbed import terminal
from roadbed.service.answers import ANSWERS_FILE
from roadbed.update.eject import Handover, eject_files


def eject(
    files: Annotated[list[Path], typer.Argument(help="Managed files of a generated service")],
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Give them back to the platform")] = False,
) -> None:
    """Take managed files over: updates leave them alone from then on."""
    terminal.lines(_as_text(eject_files(files, undo=undo)))


def _as_text(done: Handover) -> list[str]:
    """What the handover means, for people."""
    names = " ".join(done.paths)
    if done.undone:
        return [
            f"The platform's again: {names}",
            *terminal.wrapped(
                f"Commit {ANSWERS_FILE}; `roadbed check` compares again, and `roadbed check --fix` "
                "brings the template's bytes.",
                "",
            ),
        ]
    return [
        f"Yours from now on: {names}",
        "No update touches it, fixes included; `roadbed check` lists it as ejected and no",
        "longer compares it.",
        f"Commit {ANSWERS_FILE}. To give it back: roadbed eject --undo {names}",
    ]
