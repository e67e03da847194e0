"""The error that a person at a terminal can correct."""


class UserError(Exception):
    """A command cannot be carried out; the text is one sentence and says what to type instead."""
