"""`manage.py admin EMAIL`: make an administrator."""

import os
from getpass import getpass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email


class Command(BaseCommand):
    """Create an administrator; the password comes from ADMIN_PASSWORD or a prompt, never argv."""

    help = "Create an administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address."""
        parser.add_argument("email")

    def handle(self, *_args: Any, email: str, **_options: Any) -> None:
        """Create the account, or say why not."""
        users = get_user_model()._default_manager
        if users.filter(email=email.lower()).exists():
            raise CommandError(f"{email} has an account already: change it at /admin/.")
        try:
            validate_email(email)
            password = os.environ.get("ADMIN_PASSWORD") or getpass(f"Password for {email}: ")
            validate_password(password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        users.create_superuser(email, password)  # type: ignore[attr-defined]
        self.stdout.write(f"{email} may sign in at /admin/ and do everything.")
