"""Asking before something cannot be undone."""

import sys

from chassis.errors import UserError


def confirmed(question: str) -> bool:
    """Ask on the terminal; only "yes" is one. Raises UserError when nobody can answer."""
    if not sys.stdin.isatty():
        raise UserError(f"{question} Add --yes, for there is no terminal to ask on.")
    sys.stderr.write(f"{question} Type yes to go on: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == "yes"
