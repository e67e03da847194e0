"""`manage.py bench_sessions FOLDER`: sessions of one user, as cookies in files."""

from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from web.accounts.models import User

_COUNTS = {"hot": 1_000, "fresh": 12_000}
_BAD = 200


class Command(BaseCommand):
    """Create the sessions and write one cookie a line."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the folder."""
        parser.add_argument("folder", type=Path)

    def handle(self, *_args: Any, folder: Path, **_options: Any) -> None:
        """Create the sessions with one statement for each file."""
        user = User.objects.create_verified("bench@example.com")
        store = import_module(settings.SESSION_ENGINE).SessionStore()
        data = store.encode(
            {
                SESSION_KEY: str(user.pk),
                BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                HASH_SESSION_KEY: user.get_session_auth_hash(),
            }
        )
        expires = timezone.now() + timedelta(hours=2)
        for name, count in _COUNTS.items():
            keys = [f"{name}{number:027d}" for number in range(count)]
            Session.objects.bulk_create(
                Session(session_key=key, session_data=data, expire_date=expires) for key in keys
            )
            self._write(folder / name, keys)
        self._write(folder / "bad", [f"bad{number:029d}" for number in range(_BAD)])

    @staticmethod
    def _write(file: Path, keys: list[str]) -> None:
        lines = (f"__Host-sessionid={key}" for key in keys)  # the cookie's name in production
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
