"""The emails about accounts. Each one says what to do if the reader did not ask for it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

from chassis.mail import Mail

Enqueue = Callable[[AsyncConnection[Any], Mail], Awaitable[None]]
"""Queues an email, which is sent after the transaction of the connection commits."""


@dataclass(frozen=True)
class Mailer:
    """The settings of the emails about accounts.

    `name` is the name of the service, `enqueue` queues an email, `page` is the URL of the page that
    takes a token. Without a page the email contains only the code.
    """

    name: str
    enqueue: Enqueue
    page: str = ""

    def link(self, token: str) -> str:
        """Return the link to the page, or the code alone.

        The token is in the fragment, the one part of a URL that browsers never send.
        """
        return f"{self.page}#token={token}" if self.page else f"Code: {token}"


def welcome(to: str, mailer: Mailer, token: str) -> Mail:
    """Return the answer to a sign-up."""
    return Mail(
        to,
        f"Your account at {mailer.name}",
        f"Choose a password to create your account at {mailer.name}:\n\n"
        f"{mailer.link(token)}\n\n"
        "This works once, within a day. If you did not ask for an account, ignore this email:\n"
        "no account is created.\n",
    )


def already_registered(to: str, mailer: Mailer, token: str) -> Mail:
    """Return the answer to a sign-up with an address that already has an account."""
    return Mail(
        to,
        f"Your account at {mailer.name}",
        f"You already have an account at {mailer.name}. Sign in, or choose a new password:\n\n"
        f"{mailer.link(token)}\n\n"
        "This works once, within an hour. If you did not ask for an account, ignore this email.\n",
    )


def reset_password(to: str, mailer: Mailer, token: str) -> Mail:
    """Return the answer to a request for a new password."""
    return Mail(
        to,
        f"New password for {mailer.name}",
        f"Choose a new password for {mailer.name}:\n\n{mailer.link(token)}\n\n"
        "This works once, within an hour, and signs you out everywhere. If you did not ask for\n"
        "it, ignore this email: your password does not change.\n",
    )


def no_account(to: str, mailer: Mailer, _token: str) -> Mail:
    """Return the answer to a request for a new password from an address without an account."""
    return Mail(
        to,
        f"New password for {mailer.name}",
        f"We received a request for a new password at {mailer.name}, but this\n"
        "address has no account there. If you sent the request, you signed up with another\n"
        "address. If not, ignore this email.\n",
    )
