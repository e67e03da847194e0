"""The one error of this package."""

from chassis.errors import UserError


class DevDbError(UserError):
    """The development database cannot be used; the text is one sentence and says what to do."""
