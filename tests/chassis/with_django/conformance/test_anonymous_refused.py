"""AUTH002."""

from dataclasses import replace
from typing import Any

from django.urls import path, re_path

from chassis.django.conformance.anonymous_refused import AnonymousRefused
from chassis.django.conformance.system_under_test import SystemUnderTest
from with_django.conformance.conftest import open_page


def test_accepts_denial_by_default(
    examine: Any, system_under_test: SystemUnderTest, routes: Any
) -> None:
    """Pages, the account's and the back office's refuse; what is listed as public may answer."""
    routes(path("welcome", open_page))
    listed = replace(system_under_test, public=frozenset({"/welcome"}))
    assert examine(AnonymousRefused(), listed) == []


def test_finds_open_doors(examine: Any, routes: Any) -> None:
    """A view that answers anybody is named with its methods, and so is one that nobody can ask."""
    routes(path("open/<int:pk>", lambda request, pk: open_page(request)))
    routes(path("open", open_page), re_path(r"^code/(?P<code>[XYZ]{9})$", open_page))
    expected = ["/^code/(?P<code>[XYZ]{9})$", "GET /open", "POST /open"]
    assert examine(AnonymousRefused()) == expected


def test_finds_what_is_listed_and_gone(examine: Any, system_under_test: SystemUnderTest) -> None:
    """A review of a route that is no more would cover the next one of that name."""
    assert examine(AnonymousRefused(), replace(system_under_test, public=frozenset({"/gone"}))) == [
        "/gone"
    ]
