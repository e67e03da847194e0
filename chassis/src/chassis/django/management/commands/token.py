"""`manage.py token`: an access token of the hybrid's own provider, for development."""

from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from chassis import service
from chassis.environment import read_environment


class Command(BaseCommand):
    """Bring the development client up to date and print a token for it by client credentials."""

    help = "Print a development token: manage.py token --permissions 'endpoints:write'."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what the development issuer's `token` takes."""
        parser.add_argument("--audience", default="api")
        parser.add_argument("--permissions", default="", help="separated by spaces")
        parser.add_argument("--tenant", type=UUID)

    def handle(
        self, *_args: Any, audience: str, permissions: str, tenant: UUID | None, **_options: Any
    ) -> None:
        """Print the token and nothing else."""
        if not read_environment(service.load()).is_local:
            raise CommandError("Development tokens do not exist in production.")
        if not apps.is_installed("allauth.idp.oidc"):
            raise CommandError("Only a hybrid issues tokens: see `plan` in .roadbed/service.toml.")
        if tenant is None and import_string(settings.ONLY_TENANT) is None:
            raise CommandError(
                "Name the tenant of the token: --tenant with the UUID of an organization, which is "
                "part of the URL of its page in the back office."
            )
        from chassis.django.identity import client  # noqa: PLC0415 - has models of that app

        scopes = permissions.split()
        secret = client.development_client(
            audience=audience, scopes=scopes, tenant=str(tenant) if tenant else None
        )
        try:
            token = client.fetch_token(secret=secret, audience=audience, scopes=scopes)
        except ValueError as refusal:
            raise CommandError(f"The token endpoint refused: {refusal}") from None
        self.stdout.write(token)
