"""`manage.py seed`: the data of an invented company."""

import os
import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from chassis import service
from chassis.django.discovery import discover
from chassis.settings import environment


class Command(BaseCommand):
    """Call `seed(password=…)` of every `web/*/seed.py`; each gives a line to print."""

    help = "Fill the development database; what is there already stays as it is."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Seed in one transaction, and show a password that was made up, once."""
        if not environment(service.load()).is_local:
            raise CommandError(
                "seed makes accounts with one known password: run it with ENVIRONMENT=development."
            )
        people = get_user_model()._default_manager
        before = people.count()
        given = os.environ.get("SEED_PASSWORD")
        password = given or secrets.token_urlsafe(9)
        with transaction.atomic():
            for module in discover("web", "seed").values():
                self.stdout.write(module.seed(password=password))
        created = people.count() - before
        if created and not given:
            self.stdout.write(f"password of the {created} new people: {password}")
