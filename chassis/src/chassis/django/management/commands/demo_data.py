"""`manage.py demo_data`: the data of an invented company."""

import os
import secrets
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from chassis import service
from chassis.auth import SINGLE_TENANT
from chassis.django.discovery import discover
from chassis.environment import read_environment


class Command(BaseCommand):
    """Call `add_demo_data(tenant=…, password=…)` of every `web/*/demo_data.py`.

    Each returns a line to print.
    """

    help = "Fill the development database; what is there already stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the tenant whose rows to add."""
        parser.add_argument("--tenant", type=UUID, default=SINGLE_TENANT, help="whose rows to add")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Add everything in one transaction, and show a password that was made up, once."""
        if not read_environment(service.load()).is_local:
            raise CommandError(
                "demo_data makes accounts with one known password: "
                "run it with ENVIRONMENT=development."
            )
        people = get_user_model()._default_manager
        before = people.count()
        configured = os.environ.get("DEMO_PASSWORD")
        password = configured or secrets.token_urlsafe(9)
        with transaction.atomic():
            for module in discover("web", "demo_data").values():
                self.stdout.write(module.add_demo_data(tenant=options["tenant"], password=password))
        created = people.count() - before
        if created and not configured:
            self.stdout.write(f"password of the {created} new people: {password}")
