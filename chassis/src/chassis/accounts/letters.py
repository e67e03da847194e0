"""What accounts write to people. Each asks its reader to do nothing if they did not ask for it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

from chassis.mail import Mail

Post = Callable[[AsyncConnection[Any], Mail], Awaitable[None]]
"""Leave a mail to be sent when the transaction of the connection commits."""


@dataclass(frozen=True)
class Door:
    """How people are reached and led back: ``name`` of the service, the ``post``, and ``page``,
    the address of the page that takes a token. Without one the mail carries the bare code."""

    name: str
    post: Post
    page: str = ""

    def way(self, token: str) -> str:
        """Write the link; the fragment is the one part of it that browsers send to nobody."""
        return f"{self.page}#token={token}" if self.page else f"Code: {token}"


def welcome(to: str, door: Door, token: str) -> Mail:
    """Answer a sign-up."""
    return Mail(
        to,
        f"Your account at {door.name}",
        f"Choose a password to make your account at {door.name}:\n\n{door.way(token)}\n\n"
        "This works once, within a day. If you did not ask for an account, do nothing:\n"
        "none is made.\n",
    )


def known_already(to: str, door: Door, token: str) -> Mail:
    """Answer a sign-up of an address that has an account."""
    return Mail(
        to,
        f"Your account at {door.name}",
        f"You have an account at {door.name} already. Sign in, or choose another password:\n\n"
        f"{door.way(token)}\n\n"
        "This works once, within an hour. If you did not ask for an account, do nothing.\n",
    )


def reset(to: str, door: Door, token: str) -> Mail:
    """Answer a forgotten password."""
    return Mail(
        to,
        f"Another password for {door.name}",
        f"Choose another password for {door.name}:\n\n{door.way(token)}\n\n"
        "This works once, within an hour, and signs you out everywhere. If you did not ask for\n"
        "it, do nothing: your password stays.\n",
    )


def unknown(to: str, door: Door, _token: str) -> Mail:
    """Answer a forgotten password of an address without an account."""
    return Mail(
        to,
        f"Another password for {door.name}",
        f"Somebody asked for another password at {door.name}, but this address has no account\n"
        "there. If it was you, you signed up with another address; if not, do nothing.\n",
    )
