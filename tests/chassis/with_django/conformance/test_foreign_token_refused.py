"""AUTH003."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from chassis.django.conformance.foreign_token_refused import ForeignTokenRefused
from with_django.conformance.conftest import page


@login_not_required
def trusting(request: HttpRequest) -> HttpResponse:
    """An operation that looks at a token and asks nobody about it."""
    return page(request) if "Bearer ey" in request.headers.get("Authorization", "") else _refuse()


def _refuse() -> HttpResponse:
    return HttpResponse(status=401)


def test_accepts_an_api_that_refuses(examine: Any, routes: Any) -> None:
    """Without a session nothing opens, whatever the token says."""
    routes(path("api/things", page))
    assert examine(ForeignTokenRefused()) == []


def test_finds_an_api_that_trusts(examine: Any, routes: Any) -> None:
    """Whoever reads claims without verifying them is named."""
    routes(path("api/things", trusting))
    assert examine(ForeignTokenRefused()) == ["GET /api/things"]
