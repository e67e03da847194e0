"""`python -m chassis VERB`: the commands behind the recipes of the justfile."""

import os
import signal
import sys
from collections.abc import Sequence

from chassis import service, verbs
from chassis.environment import SettingsError
from chassis.errors import UserError
from chassis.processes import CommandFailedError

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return the process's exit code. A user's mistake is one sentence."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    # a command that is told to stop stops the database that it started
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return _run(words)
    except CommandFailedError as error:
        return error.code
    except (UserError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _run(words: Sequence[str]) -> int:
    verb = verbs.chosen(words)
    if verb is None:
        verbs.parse(words)  # prints the help, or what is wrong, and ends the process
        return 0
    current = service.load()
    os.chdir(current.root)
    module = verb.load(current)
    code: int | None = module.run(current, verbs.parse(words, module))
    return code or 0


if __name__ == "__main__":
    sys.exit(main())
