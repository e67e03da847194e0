"""An examination: what a rule finds in a site with the routes that a test gives it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import URLPattern, URLResolver, include, path

from chassis.conformance import SyncRule
from chassis.django.conformance.system_under_test import SystemUnderTest
from chassis.django.people import impersonation_pages
from chassis.environment import Environment
from chassis.service import Service

type Examine = Callable[..., list[str]]
type Routes = Callable[..., None]
_POLICY = {"default-src": ["'none'"], "script-src": ["'self'"], "frame-ancestors": ["'none'"]}
_OUTSIDE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]


class Urls:
    """A module of addresses that grows."""

    def __init__(self, *patterns: URLPattern | URLResolver) -> None:
        """Begin with what every site has."""
        self.urlpatterns = list(patterns)


def page(request: HttpRequest) -> HttpResponse:
    """A page for people who are signed in."""
    return HttpResponse("<form><input name='title'></form>")


@login_not_required
def open_page(request: HttpRequest) -> HttpResponse:
    """A page that somebody took out of the denial."""
    return page(request)


@pytest.fixture
def routes() -> Iterator[Routes]:
    """Give a function that adds routes to the site."""
    urls = Urls(
        path("accounts/", include("allauth.account.urls")),
        path("accounts/2fa/", include("allauth.mfa.urls")),
        path("accounts/sessions/", include("allauth.usersessions.urls")),
        path("support/impersonate/", impersonation_pages.start, name="impersonation_start"),
        path("admin/", admin.site.urls),
        path("page", page),
    )
    kept: list[str] = settings.MIDDLEWARE
    changed = override_settings(
        ROOT_URLCONF=urls,
        MIDDLEWARE=[kept[0], *_OUTSIDE, *kept[1:]],
        SECURE_CSP=_POLICY,
        ENV=settings.ENV.model_copy(update={"environment": Environment.TEST}),
    )

    def add(*more: URLPattern | URLResolver) -> None:
        urls.urlpatterns.extend(more)

    with changed:
        yield add


@pytest.fixture
def system_under_test(db: None, roadbed_service: Service, routes: Routes) -> SystemUnderTest:
    """Give the site as the rules see it."""
    return SystemUnderTest(roadbed_service, frozenset(), {})


@pytest.fixture
def examine(system_under_test: SystemUnderTest) -> Examine:
    """Give the places where a rule finds something, each once."""

    def run(rule: SyncRule[Any], system: SystemUnderTest = system_under_test) -> list[str]:
        return sorted({finding.place for finding in rule.check(system)})

    return run
