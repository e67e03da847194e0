"""`manage.py reseal`: the step before an earlier SECRET_KEY leaves SECRET_KEY_FALLBACKS."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from chassis.django import field_encryption

_SEALED = ("secret", "seed")


class Command(BaseCommand):
    """Seal the secrets of all second factors, and the mails that wait, under the SECRET_KEY of
    today."""

    help = "Seal stored secrets and waiting mails under the newest SECRET_KEY."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Do all of them or, if one cannot be read, none."""
        with transaction.atomic():
            factors, mails = _factors(), _mails()
        sealed = f"{factors} second factors and {mails} waiting mails"
        self.stdout.write(f"{sealed} sealed under the newest SECRET_KEY.")


def _factors() -> int:
    count = 0
    for factor in Authenticator.objects.select_for_update():
        names = [name for name in _SEALED if name in factor.data]
        for name in names:
            factor.data[name] = _encrypt_again(
                factor.data[name], f"Second factor {factor.pk}", "delete it in the back office"
            )
        if names:
            factor.save(update_fields=["data"])
            count += 1
    return count


def _mails() -> int:
    with connection.cursor() as cursor:
        # a worker that has just sent one waits with its deletion
        cursor.execute("SELECT id, body FROM platform.mail FOR UPDATE")
        sealed = [
            (_encrypt_again(body, f"Mail {key}", "wait two days until it is given up"), key)
            for key, body in cursor.fetchall()
        ]
        cursor.executemany("UPDATE platform.mail SET body = %s WHERE id = %s", sealed)
    return len(sealed)


def _encrypt_again(encrypted: str, what: str, otherwise: str) -> str:
    try:
        return field_encryption.encrypt(field_encryption.decrypt(encrypted))
    except field_encryption.UnreadableError as error:
        raise CommandError(
            f"{what}: {error}. Put the key it was sealed under among SECRET_KEY_FALLBACKS, "
            f"or {otherwise}."
        ) from None
