"""API keys for programs: long-lived, bound to a tenant, with at most the creator's permissions.

The database stores a keyed hash (HMAC-SHA256), so a copy of the database is not enough to verify a
guess. The key of that hash is the pepper. There can be several peppers, newest first; when an API
key is used, its hash is replaced by one with the newest pepper.
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
