"""`roadbed eject`: hand managed files over to the team, or give them back."""

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
    """Take managed files over: later updates do not change them."""
    terminal.lines(_as_text(eject_files(files, undo=undo)))


def _as_text(done: Handover) -> list[str]:
    """Return the report for people."""
    names = " ".join(done.paths)
    if done.undone:
        return [
            f"The platform's again: {names}",
            *terminal.wrapped(
                f"Commit {ANSWERS_FILE}; `roadbed check` compares again, and `roadbed check --fix` "
                "restores the template's content.",
                "",
            ),
        ]
    return [
        f"Yours from now on: {names}",
        "Updates no longer change them, not even with fixes; `roadbed check` lists them as",
        "ejected and does not compare them.",
        f"Commit {ANSWERS_FILE}. To give them back: roadbed eject --undo {names}",
    ]
