"""An interrupted update: a file in the service marks it for people, git and every command."""

from pathlib import Path

from roadbed.errors import UsageError

MARKER = "ROADBED UPDATE INTERRUPTED - type roadbed update --continue or --abort"
WAYS_OUT = "finish it with `roadbed update --continue`, or undo it with `roadbed update --abort`"


def require_no_interruption(folder: Path) -> None:
    """Raise UsageError while an interrupted update of the service in `folder` is unfinished."""
    if (folder / MARKER).exists():
        raise UsageError(f"An update was interrupted in {folder.resolve()}: {WAYS_OUT}.")
