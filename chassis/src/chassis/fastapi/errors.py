"""Why a service may not start."""

from chassis.errors import UserError


class StartError(UserError):
    """The service is not complete; the text is one sentence and says what to add."""
