"""`manage.py standards`: the behavioral rules, and how to keep each."""

from typing import Any

from django.core.management.base import BaseCommand

from chassis.conformance import catalogue


class Command(BaseCommand):
    """Print the rules that `tests/web/test_standards.py` runs."""

    help = "Show the behavioral rules that the tests check."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own way to say so

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print them as Markdown."""
        # only here: it is for development, and needs pytest
        from chassis.django.conformance.suite import RULES  # noqa: PLC0415

        self.stdout.write(catalogue.page("web", RULES))
