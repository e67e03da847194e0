"""`manage.py sync_roles`: the groups follow the matrix; every `migrate` does it too."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chassis.django.people import groups


class Command(BaseCommand):
    """Give each role of web/accounts/roles.py a group with exactly its permissions."""

    help = "Bring the groups in step with the roles in the code."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take `--check`."""
        parser.add_argument("--check", action="store_true", help="change nothing, exit with 1")

    def handle(self, *_args: Any, check: bool, **_options: Any) -> None:
        """Say what changed, or what would."""
        try:
            changes = groups.differences() if check else groups.sync()
        except ValueError as error:
            raise CommandError(str(error)) from None
        if check and changes:
            raise CommandError(f"{'; '.join(changes)}: run manage.py sync_roles.")
        for line in changes:
            self.stdout.write(line)
