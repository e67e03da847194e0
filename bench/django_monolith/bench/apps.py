"""The app of the benchmark."""

from django.apps import AppConfig


class BenchConfig(AppConfig):
    """Two endpoints, and the sessions that call them."""

    name = "web.bench"
