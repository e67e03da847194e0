"""`manage.py user show EMAIL`: what support does for one person."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import DisallowedHost
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chassis.django.people import user_support

_WRITES: dict[str, tuple[Callable[..., str], str]] = {
    "deactivate": (user_support.deactivate, "switch off and sign out"),
    "reactivate": (user_support.reactivate, "let sign in again"),
    "end-sessions": (user_support.end_sessions, "sign out everywhere"),
    "remove-factors": (user_support.remove_factors, "take all second factors"),
    "send-reset": (user_support.send_reset, "mail a link that sets a password"),
}


class Command(BaseCommand):
    """Show a person, or do something for them that the audit trail keeps with its reason."""

    help = "Show a person, switch them off and on, sign them out, let them in again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a verb, an address and, to change something, a reason."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        verbs.add_parser("show", help="who it is, roles, factors, sessions").add_argument("email")
        for name, (_, what) in _WRITES.items():
            verb = verbs.add_parser(name, help=what)
            verb.add_argument("email")
            verb.add_argument("--reason", required=True, help="the ticket; no personal data")
            if name == "send-reset":
                verb.add_argument("--host", help="where the link leads; the first of ALLOWED_HOSTS")

    def handle(self, *_args: Any, verb: str, email: str, **options: Any) -> None:
        """Do it, and say what was done."""
        person = user_support.find(email)
        if person is None:
            raise CommandError(
                f"No account has the address {email}: search for the person at /admin/."
            )
        if verb == "show":
            for name, value in user_support.describe(person):
                self.stdout.write(f"{name:>14}  {value}")
            return
        act, _ = _WRITES[verb]
        arguments = {"reason": options["reason"].strip()}
        if not arguments["reason"]:
            raise CommandError("--reason is empty: name the ticket.")
        if verb == "send-reset":
            arguments |= {"email": email, "host": options["host"]}
        try:
            self.stdout.write(f"{email}: {act(person, **arguments)}")
        except DisallowedHost:
            raise CommandError(
                f"{arguments.get('host') or 'The first of ALLOWED_HOSTS'} is not a host of this "
                "service: pass one of ALLOWED_HOSTS as --host."
            ) from None
