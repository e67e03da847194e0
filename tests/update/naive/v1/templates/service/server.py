"""Start here."""

PORT = 8000
