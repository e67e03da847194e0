"""Accounts of a service that owns them (``auth=local``): passwords and the tokens they give.

A hash takes a tenth of a second, so nobody holds a database connection meanwhile: functions that
hash take ``connect``, which lends one, and borrow it for their statements only.
"""

from chassis.accounts.account import Account, AccountError, authenticate, change_password, create
from chassis.accounts.letters import Door
from chassis.accounts.links import ask_to_reset, ask_to_sign_up, redeem
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
from chassis.lending import Connect

__all__ = [
    "LONGEST_PASSWORD",
    "SHORTEST_PASSWORD",
    "TOKEN_SECONDS",
    "Account",
    "AccountError",
    "Connect",
    "Door",
    "Session",
    "SignedIn",
    "access_token",
    "ask_to_reset",
    "ask_to_sign_up",
    "authenticate",
    "change_password",
    "create",
    "end_session",
    "list_sessions",
    "redeem",
    "refresh",
    "sign_in",
    "sign_out",
]
