"""Keys of programs: long-lived, bound to a tenant, and allowed no more than whoever made them.

What is stored is a keyed hash (HMAC-SHA256): a copy of the database alone verifies no guess. The
key of that hash, the pepper, has versions, newest first; a key follows to the newest at its use.
"""

from chassis.api_keys.key import ApiKeyError, Peppers
from chassis.api_keys.settings import ApiKeySettings
from chassis.api_keys.store import (
    ISSUER,
    ApiKey,
    create,
    list_keys,
    purge,
    revoke,
    rotate,
    verify,
)
from chassis.api_keys.usage import Usage

__all__ = [
    "ISSUER",
    "ApiKey",
    "ApiKeyError",
    "ApiKeySettings",
    "Peppers",
    "Usage",
    "create",
    "list_keys",
    "purge",
    "revoke",
    "rotate",
    "verify",
]
