"""API001."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from chassis.django.conformance.problem_details import ProblemDetails
from with_django.conformance.conftest import page


def test_accepts_what_the_platform_translates(examine: Any, routes: Any) -> None:
    """Refusals, missing pages and wrong methods are problems, whoever made them."""
    routes(path("api/things", page))
    assert examine(ProblemDetails()) == []


def own(request: HttpRequest) -> HttpResponse:
    """An operation with errors of its own invention."""
    return JsonResponse({"error": "no"}, status=400)


def test_finds_an_error_of_another_form(examine: Any, routes: Any) -> None:
    """JSON that is no problem is named by its route."""
    routes(path("api/own", own))
    assert examine(ProblemDetails()) == ["/api/own"]
