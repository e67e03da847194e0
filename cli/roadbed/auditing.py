"""The verb `check --after-update`: audit the update, and say what it lost."""

from collections.abc import Sequence
from pathlib import Path

from roadbed import terminal as output
from roadbed.errors import Exit, UsageError
from roadbed.update import lost_edits as after_update


def require_alone(*, others: bool) -> None:
    """Raise UsageError when options of the plain check were given as well."""
    if others:
        raise UsageError("--after-update, --base and --accept go with none of the others.")


def run(folder: Path, base: str, accept: Sequence[str], *, as_json: bool) -> Exit:
    """Audit the service in `folder` against the commit `base`; returns the exit code."""
    audited = after_update.run(folder, base, accept)
    if as_json:
        output.say(after_update.as_json(audited))
    else:
        output.report(after_update.as_text(audited))
    return audited.exit_code
