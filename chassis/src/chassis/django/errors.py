"""Error responses: problem details (RFC 9457) for programs, a page for people."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any, cast

import psycopg
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from chassis.django.api.idempotency import Replay
from chassis.problems import MEDIA_TYPE, ProblemError, internal

API_PREFIX = "/api/"
UNAVAILABLE = ProblemError(
    503,
    "database-unavailable",
    "Try again in a moment.",
    headers={"Retry-After": "5"},
)
UNAUTHENTICATED = ProblemError(401, None, "Sign in first.", headers={"WWW-Authenticate": "Bearer"})
_HTML = "text/html"
_SERVER_ERROR = 500
_CLIENT_ERROR = 400
_LOST = "chassis.database_lost"
# connection failures, shut-down and start-up, too many connections (PostgreSQL, appendix A)
_LOST_CONNECTION = ("08", "57P", "53300")


def wants_problem(request: HttpRequest) -> bool:
    """Return whether the caller is a program: it calls an API, or prefers JSON to HTML."""
    if request.path_info.startswith(API_PREFIX):
        return True
    preferred = request.get_preferred_type([_HTML, MEDIA_TYPE, "application/json"])
    return preferred not in (_HTML, None)


def translate(error: Exception) -> ProblemError | None:
    """Return the problem for one of Django's own exceptions; None for a crash."""
    match error:
        case ProblemError():
            return error
        case Http404():
            return ProblemError(404, None)
        case PermissionDenied():
            return ProblemError(403, "permission-denied")
        case ValidationError():
            return ProblemError(422, "validation", errors=list(_by_field(error)))
        case OperationalError() | InterfaceError() if is_lost_database(error):
            return UNAVAILABLE
    return None


def respond(request: HttpRequest, error: ProblemError) -> HttpResponse:
    """Return the error as problem details or as a page, depending on the caller."""
    if isinstance(error, Replay):
        return error.response()
    if wants_problem(request):
        return _problem(request, error)
    # a page for 5xx is rendered without the request: its context may need what just broke
    context_of = request if error.status < _SERVER_ERROR else None
    problem = error.problem(request_id=request_id(request))
    page = render_to_string("problem.html", {"problem": problem}, context_of)
    return HttpResponse(page, status=error.status, headers=error.headers)


def present(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return an error response of Django as problem details, if the caller is a program.

    JSON responses of an API framework and the development traceback are returned unchanged.
    """
    if request.META.get(_LOST):
        return respond(request, UNAVAILABLE)
    if response.status_code < _CLIENT_ERROR or not wants_problem(request):
        return response
    if response.streaming or "json" in response.headers.get("Content-Type", ""):
        return response
    if response.status_code == _SERVER_ERROR and settings.DEBUG:
        return response
    return _replace_body(request, cast(HttpResponse, response))


def request_id(request: HttpRequest) -> str | None:
    """Return the request ID that `RequestMiddleware` has set."""
    return request.META.get("chassis.request_id")


def is_lost_database(error: BaseException | None) -> bool:
    """Return whether the database is unreachable or full; False for a canceled statement."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    cause = error.__cause__
    state = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    return state is None or state.startswith(_LOST_CONNECTION)


def note_lost_database(*, request: HttpRequest | None = None, **_: Any) -> None:
    """Note on the request that the database is unreachable; `present` then answers 503."""
    if request is not None and is_lost_database(sys.exception()):
        request.META[_LOST] = True


def _by_field(error: ValidationError) -> Iterator[Mapping[str, object]]:
    fields = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    for name, messages in fields.items():
        loc = ["body", name] if name else ["body"]
        yield from ({"loc": loc, "msg": message} for message in messages)


def _problem(request: HttpRequest, error: ProblemError) -> HttpResponse:
    problem = error.problem(instance=request.path, request_id=request_id(request))
    return HttpResponse(problem.to_body(), MEDIA_TYPE, status=error.status, headers=error.headers)


def _replace_body(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    crashed = response.status_code == _SERVER_ERROR
    error = internal() if crashed else ProblemError(response.status_code, None)
    response.content = _problem(request, error).content
    response.headers["Content-Type"] = MEDIA_TYPE
    # CommonMiddleware has set the length of the old body
    response.headers["Content-Length"] = str(len(response.content))
    return response


got_request_exception.connect(note_lost_database)
