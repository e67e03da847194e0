"""Verbs of `python -m chassis` that only a service with an API has."""
