"""The errors that a user sees, and their exit codes (docs: exit codes of the CLI)."""

import errno
from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every verb; scripts and CI rely on them."""

    FINE = 0
    FINDINGS = 1
    USAGE = 2
    CONFLICTS = 3
    LOST_EDITS = 4
    COULD_NOT_RUN = 5
    DEFECT = 70
    INTERRUPTED = 130


class RoadbedError(Exception):
    """A user's mistake or a hostile machine: one sentence, printed without a traceback.

    The sentence says what happened, to which thing, and what to type next.
    """

    exit_code = Exit.USAGE


class UsageError(RoadbedError):
    """Wrong arguments, a broken answers file, a source that cannot be used."""


class CouldNotRunError(RoadbedError):
    """No git, network, space or permission: nothing was judged, so never read it as drift."""

    exit_code = Exit.COULD_NOT_RUN


def write_error(error: OSError, target: str) -> CouldNotRunError:
    """Return the error for a file, named by `target`, that cannot be written."""
    why = (error.strerror or str(error)).lower()
    hint = "free some space" if error.errno == errno.ENOSPC else "choose another folder"
    where = f" ({error.filename})" if error.filename else ""
    return CouldNotRunError(
        f"{target} could not be written{where}: {why}; {hint} and run the same command again."
    )
