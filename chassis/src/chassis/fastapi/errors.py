"""Why a service may not start."""


class StartError(Exception):
    """The service is not complete; the text is one sentence and says what to add."""
