"""Tokens in cookies, seen by the request layer."""

from types import SimpleNamespace
from typing import Any

import pytest

from chassis.fastapi.requests.scope import PLATFORM
from chassis.fastapi.security import cookies
from chassis.problems import ProblemError


def scope(kind: str, method: str | None, **headers: str) -> dict[str, Any]:
    """Make the scope of a request with a cookie."""
    sent = {"host": "api.example", "cookie": "a=b; __Host-access=token", **headers}
    settings = SimpleNamespace(cors_origins=("https://app.example",))
    return {
        "type": kind,
        **({"method": method} if method else {}),
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()
        ],
        PLATFORM: SimpleNamespace(settings=settings),
    }


@pytest.mark.parametrize(
    ("kind", "method", "headers", "accepted"),
    [
        ("http", "GET", {}, True),
        ("http", "HEAD", {}, True),
        ("http", "POST", {}, False),
        ("http", "POST", {"origin": "https://api.example", "x_csrf": "1"}, True),
        ("http", "POST", {"origin": "https://api.example:444", "x_csrf": "1"}, False),
        ("http", "DELETE", {"origin": "https://app.example", "x_csrf": "1"}, True),
        ("http", "BREW", {"sec_fetch_site": "cross-site", "x_csrf": "1"}, False),
        ("http", "POST", {"sec_fetch_site": "none", "x_csrf": "1"}, False),
        ("websocket", None, {"origin": "https://api.example"}, True),
        ("websocket", None, {"origin": "https://evil.example"}, False),
        ("websocket", None, {}, False),
    ],
)
def test_a_cookie_counts_where_our_own_page_sent_it(
    kind: str, method: str | None, headers: dict[str, str], *, accepted: bool
) -> None:
    """A websocket cannot carry the header, so its origin decides; reading changes nothing."""
    asked = scope(kind, method, **headers)
    if accepted:
        assert cookies.access_token(asked) == "token"
        return
    with pytest.raises(ProblemError) as caught:
        cookies.access_token(asked)
    assert (caught.value.status, caught.value.slug) == (403, "foreign-request")


@pytest.mark.parametrize("cookie", ["", "__Host-access=", "x__Host-access=1", "access=1"])
def test_without_the_cookie_there_is_no_token(cookie: str) -> None:
    """Nothing else is taken for it."""
    assert cookies.access_token(scope("http", "POST", cookie=cookie)) is None
