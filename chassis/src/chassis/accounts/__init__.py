"""Accounts of a service that owns them (`auth=local`): passwords and the tokens they give.

A hash takes a tenth of a second. So functions that hash passwords take `connect`, and hold a
database connection only for their statements, never while they hash.
"""

from chassis.accounts.account import Account, AccountError, authenticate, change_password, create
from chassis.accounts.emails import Mailer
from chassis.accounts.links import redeem, request_password_reset, request_sign_up
from chassis.accounts.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD
from chassis.accounts.sessions import (
    Session,
    SignedIn,
    end_session,
    list_sessions,
    refresh,
    sign_in,
    sign_out,
)
from chassis.accounts.tokens import TOKEN_SECONDS, access_token
from chassis.connections import Connector

__all__ = [
    "LONGEST_PASSWORD",
    "SHORTEST_PASSWORD",
    "TOKEN_SECONDS",
    "Account",
    "AccountError",
    "Connector",
    "Mailer",
    "Session",
    "SignedIn",
    "access_token",
    "authenticate",
    "change_password",
    "create",
    "end_session",
    "list_sessions",
    "redeem",
    "refresh",
    "request_password_reset",
    "request_sign_up",
    "sign_in",
    "sign_out",
]
