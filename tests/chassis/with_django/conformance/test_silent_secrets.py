"""OBS002."""

from typing import Any

import structlog
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from chassis.django.conformance.silent_secrets import SilentSecrets


def test_accepts_what_the_platform_gives(examine: Any) -> None:
    """A session, a password and a token appear in no line, with and without a database."""
    assert examine(SilentSecrets()) == []


@login_not_required
def telltale(request: HttpRequest) -> HttpResponse:
    """A view that logs what it was sent."""
    structlog.get_logger().info("got", form=request.POST.dict(), cookies=str(request.COOKIES))
    return HttpResponse()


def test_finds_a_line_with_a_secret(examine: Any, routes: Any) -> None:
    """The line that shows a session is named."""
    routes(path("api/telltale", telltale))
    assert examine(SilentSecrets()) == ["got"]
