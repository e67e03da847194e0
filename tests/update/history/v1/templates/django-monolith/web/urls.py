"""The addresses."""

URLS: list[str] = []
