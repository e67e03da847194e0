"""The question before a step that cannot be undone."""

import sys

from chassis.errors import UserError


def confirmed(question: str) -> bool:
    """Ask on the terminal and return whether the answer is "yes".

    Raises UserError where there is no terminal.
    """
    if not sys.stdin.isatty():
        raise UserError(f"{question} There is no terminal to ask on: add --yes.")
    sys.stderr.write(f"{question} Type yes to go on: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == "yes"
