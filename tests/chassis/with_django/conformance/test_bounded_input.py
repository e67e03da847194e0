"""API004."""

from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from chassis.django.conformance.bounded_input import BoundedInput


def test_accepts_what_the_platform_gives(examine: Any) -> None:
    """The pages of accounts and of the back office check what they are sent."""
    assert examine(BoundedInput()) == []


def unchecked(request: HttpRequest) -> HttpResponse:
    """A page that hands the database what it was sent."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", [request.GET.get("q", "")])
    return HttpResponse()


def test_finds_a_page_that_breaks(examine: Any, routes: Any) -> None:
    """NUL that reaches the database is a crash, and named by its route."""
    routes(path("unchecked", unchecked))
    assert examine(BoundedInput()) == ["/unchecked"]


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=None)
def test_finds_bodies_without_bounds(examine: Any) -> None:
    """The setting that lets any body in is named."""
    assert examine(BoundedInput()) == ["DATA_UPLOAD_MAX_MEMORY_SIZE"]
