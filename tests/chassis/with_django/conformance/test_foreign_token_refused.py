"""AUTH003."""

from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from chassis.django.api.settings import WebApiSettings
from chassis.django.conformance.foreign_token_refused import ForeignTokenRefused, valid_claims
from chassis.django.conformance.system_under_test import SystemUnderTest
from with_django.conformance.conftest import page

_DENIAL = "chassis.django.middleware.LoginRequiredMiddleware"


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


@pytest.fixture
def door() -> Iterator[None]:
    """The platform's door of an API."""
    middleware = list(settings.MIDDLEWARE)
    middleware.insert(middleware.index(_DENIAL), "chassis.django.api.middleware.ApiMiddleware")
    api = WebApiSettings.model_construct(api_requests_per_minute=1000, api_key_peppers=())
    with override_settings(MIDDLEWARE=middleware, API=api):
        yield


@pytest.mark.usefixtures("door")
def test_accepts_the_platforms_door(examine: Any, routes: Any) -> None:
    """It refuses each of them, for the one claim that is wrong."""
    routes(path("api/things", page))
    assert examine(ForeignTokenRefused()) == []


@pytest.mark.usefixtures("door")
def test_the_right_token_would_be_taken(system_under_test: SystemUnderTest, routes: Any) -> None:
    """Otherwise all of this would prove nothing."""
    routes(path("api/things", page))
    pem = settings.IDP_OIDC_PRIVATE_KEYS[0]["pem"]
    token = jwt.encode(valid_claims(system_under_test), pem, algorithm="RS256")
    response = Client(headers={"authorization": f"Bearer {token}"}).get("/api/things")
    assert response.status_code == 200


def test_finds_an_api_that_trusts(examine: Any, routes: Any) -> None:
    """Whoever reads claims without verifying them is named."""
    routes(path("api/things", trusting))
    assert examine(ForeignTokenRefused()) == ["GET /api/things"]
