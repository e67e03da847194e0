"""Redaction of secrets in log lines: by their key, and by their pattern in any text."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

REDACTED = "[redacted]"
_SECRET_KEY = re.compile(
    r"passw|passphrase|secret|token|authorization|cookie|api[_-]?key|private[_-]?key|credential|"
    r"session[_-]?(id|key)|csrf|dsn|database_url",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(\w://[^/\s:@]*):[^/\s@]+@")
# JSON Web Tokens, our API keys and refresh tokens, the secrets of Standard Webhooks
_CREDENTIAL = re.compile(r"\b(?:eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|(rbk_|rbr_|whsec_)[\w+/=-]{8,})")
_DEEPEST = 4


def clean(key: str, value: Any, depth: int = 0) -> Any:
    """Return `value` redacted as needed under `key`."""
    if _is_secret(key) and value not in (None, ""):
        return REDACTED
    if isinstance(value, str):
        return clean_text(value)
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {inner: clean(str(inner), item, depth + 1) for inner, item in value.items()}
    if depth < _DEEPEST and isinstance(value, list | tuple):
        return [clean("", item, depth + 1) for item in value]
    return value


def clean_text(text: str) -> str:
    """Return `text` without the passwords of addresses and without credentials."""
    text = _URL_PASSWORD.sub(rf"\1:{REDACTED}@", text)
    text = _BEARER.sub(rf"\1 {REDACTED}", text)
    return _CREDENTIAL.sub(rf"\1{REDACTED}", text)


@lru_cache(maxsize=1024)  # keys come from our own code, and from mappings that it logs
def _is_secret(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None
