"""`manage.py api_key`: keys by which programs use the API in a person's name."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.module_loading import import_string

from chassis.api_keys import ApiKeyError
from chassis.django.api import tokens
from chassis.django.people import roles
from chassis.problems import ProblemError


class Command(BaseCommand):
    """Make a key, or revoke one by its prefix: the 12 characters after `rbk_`."""

    help = "Print a new API key: manage.py api_key mia@example.com --permissions 'orders:read'."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whose key it is, and what it may do for how long."""
        parser.add_argument("email")
        parser.add_argument("--permissions", help="separated by spaces; default: all they hold")
        parser.add_argument("--tenant", type=UUID, help="whose data; default: their own")
        parser.add_argument("--days", type=int, default=90, help="1 to 365")
        parser.add_argument("--name", default="manage.py api_key", help="what it is for")
        parser.add_argument("--revoke", metavar="PREFIX", help="end this key's life instead")

    def handle(self, *_args: Any, email: str, revoke: str | None, **options: Any) -> None:
        """Print only the key. It cannot be shown again."""
        users = get_user_model()
        user = users._default_manager.filter(
            **{f"{users.USERNAME_FIELD}__iexact": email}, is_active=True
        ).first()
        if user is None:
            raise CommandError(f"No active account has the address {email}.")
        if not hasattr(settings, "API"):
            raise CommandError("This service has no API that takes keys: people sign in to it.")
        if revoke:
            self._revoke(user, revoke)
        else:
            self.stdout.write(_make(user, **options))

    def _revoke(self, user: Any, prefix: str) -> None:
        if not tokens.revoke_key(user, prefix=prefix.removeprefix("rbk_")[:12]):
            raise CommandError(f"{user} has no active key that begins with rbk_{prefix}.")
        self.stdout.write("Revoked.")


@transaction.atomic
def _make(
    user: Any, *, permissions: str | None, tenant: UUID | None, days: int, name: str, **_: Any
) -> str:
    tenant = tenant or import_string(settings.TENANT_OF)(user)
    wanted = permissions.split() if permissions else roles.held(user, tenant=tenant)
    try:
        return tokens.create_key(
            user,
            tenant=tenant,
            name=name,
            permissions=wanted,
            lifetime=timedelta(days=days),
        )[1]
    except (ApiKeyError, ProblemError) as error:
        raise CommandError(str(error)) from None
