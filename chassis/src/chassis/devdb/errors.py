"""The one error of this package."""


class DevDbError(Exception):
    """The development database cannot be used; the text is one sentence and says what to do."""
