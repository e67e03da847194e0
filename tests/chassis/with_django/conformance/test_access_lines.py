"""OBS001."""

from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.urls import path

from chassis.django.conformance.access_lines import AccessLines


def test_accepts_what_the_platform_gives(examine: Any) -> None:
    """Each visit leaves its one line."""
    assert examine(AccessLines()) == []


def talkative(request: HttpRequest) -> HttpResponse:
    """A view with an access log of its own."""
    structlog.get_logger().info("request", path=request.path)
    return HttpResponse()


def test_finds_a_second_line(examine: Any, routes: Any) -> None:
    """A view that writes another line for the request is named."""
    routes(path("talkative", talkative))
    assert examine(AccessLines()) == ["GET /talkative"]
