"""Tokens of browsers: in cookies that no script reads, and proof that our own page sent them.

`__Host-` cookies (RFC 6265bis) come from this very host over TLS; `HttpOnly` keeps them from
scripts, `SameSite=Strict` from requests that other sites cause. That alone trusts every
neighbor on the same domain, so whatever changes something, when a cookie is what identifies its
sender, must also

- come from our own origin, as `Sec-Fetch-Site` says, or `Origin` in browsers without it, or
  from one that `CORS_ORIGINS` names, and
- carry the header `X-CSRF: 1`, which another origin may send only after a preflight, granted to
  those same origins alone.

A websocket's handshake cannot carry a header of its own: for it the origin decides. Requests with
`Authorization` are not concerned: no browser sends that by itself.
"""

from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from chassis.fastapi.requests.scope import PLATFORM
from chassis.problems import ProblemError

ACCESS = "__Host-access"
REFRESH = "__Host-refresh"
HEADER = "X-CSRF"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def access_token(scope: Scope) -> str | None:
    """Find the access token of a browser; a finder of the request layer.

    Raises ProblemError 403 `foreign-request` where the request may be forged.
    """
    token = read(scope, ACCESS)
    if token is not None and scope.get("method") not in _SAFE:
        check(scope)
    return token


def read(scope: Scope, name: str) -> str | None:
    """Return the cookie `name`; None if it is missing or repeated."""
    values = [value for key, value in _cookies(scope) if key == name]
    return values[0] if len(values) == 1 and values[0] else None


def put(response: Response, name: str, value: str, *, seconds: int) -> None:
    """Set a cookie."""
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="strict"
    )


def check(scope: Scope) -> None:
    """Raise ProblemError 403 `foreign-request` unless a page of this origin sent it."""
    headers = Headers(scope=scope)
    marked = scope["type"] == "websocket" or headers.get(HEADER) == "1"
    allowed = scope[PLATFORM].settings.cors_origins
    if not (marked and _is_own(headers, allowed)):
        detail = f"With a cookie this needs the header {HEADER}: 1, from a page of this origin."
        raise ProblemError(403, "foreign-request", detail)


def _is_own(headers: Headers, allowed: Collection[str]) -> bool:
    site, origin = headers.getlist("sec-fetch-site"), headers.getlist("origin")
    if len(origin) == 1 and origin[0] in allowed:
        return True
    if site:
        return site == ["same-origin"]
    return len(origin) == 1 and urlsplit(origin[0]).netloc == headers.get("host")


def _cookies(scope: Scope) -> Iterator[tuple[str, str]]:
    for header in Headers(scope=scope).getlist("cookie"):
        for item in header.split(";"):
            name, _, value = item.strip().partition("=")
            yield name, value
