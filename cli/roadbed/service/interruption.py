"""An update that was cut short: a file in the service says so, to people, git and every command."""

from pathlib import Path

from roadbed.errors import UsageError

MARKER = "ROADBED UPDATE INTERRUPTED - type roadbed update --continue or --abort"
WAYS_OUT = "finish it with `roadbed update --continue`, or undo it with `roadbed update --abort`"


def require_no_interruption(folder: Path) -> None:
    """Raise UsageError while the service in `folder` is half the old and half the new version."""
    if (folder / MARKER).exists():
        raise UsageError(f"An update was interrupted in {folder.resolve()}: {WAYS_OUT}.")
