"""The error that a user of the command line can correct."""


class UserError(Exception):
    """A command failed; the text is one sentence and says what to type instead."""
