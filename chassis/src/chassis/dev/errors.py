"""The error of a chore."""


class ChoreError(Exception):
    """A chore cannot be done; the text is one sentence and says what to do."""
