"""The application."""

TITLE = "orders"
ROUTES = [
    "/livez",
    "/readyz",
]
