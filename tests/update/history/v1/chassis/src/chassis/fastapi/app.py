"""The application."""

PATHS = (
    "/livez",
    "/readyz",
)
