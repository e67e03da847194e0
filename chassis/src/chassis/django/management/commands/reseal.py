"""`manage.py reseal`: the step before an earlier SECRET_KEY leaves SECRET_KEY_FALLBACKS."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from chassis.django import sealing

_SEALED = ("secret", "seed")


class Command(BaseCommand):
    """Seal the secrets of all second factors under the SECRET_KEY of today."""

    help = "Seal stored secrets under the newest SECRET_KEY."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Do all of them or, if one cannot be read, none."""
        count = 0
        with transaction.atomic():
            for factor in Authenticator.objects.select_for_update():
                names = [name for name in _SEALED if name in factor.data]
                for name in names:
                    factor.data[name] = sealing.seal(self._read(factor, name))
                if names:
                    factor.save(update_fields=["data"])
                    count += 1
        self.stdout.write(f"{count} second factors sealed under the newest SECRET_KEY.")

    def _read(self, factor: Any, name: str) -> str:
        try:
            return sealing.unseal(factor.data[name])
        except sealing.UnreadableError as error:
            raise CommandError(
                f"Second factor {factor.pk}: {error}. Put the key it was sealed under among "
                "SECRET_KEY_FALLBACKS, or delete it in the back office."
            ) from None
