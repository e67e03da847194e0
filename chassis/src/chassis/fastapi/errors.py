"""Errors that prevent a service from starting."""

from chassis.errors import UserError


class StartError(UserError):
    """The service is not complete; the text is one sentence and says what to add."""
