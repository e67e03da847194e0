"""The error of an operator's chore."""


class OperationError(Exception):
    """Something cannot be done; the text is one sentence and says what to type instead."""
