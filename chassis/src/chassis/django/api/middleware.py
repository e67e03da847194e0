"""What every API of a Django half has in common, whatever framework it is written with.

Bearer tokens beside sessions, the CSRF token for a session's writes, a limit on requests, a bound
on bodies, `Idempotency-Key`, and problems for what goes wrong before a view runs.
"""

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

from chassis import throttle
from chassis.django import errors
from chassis.django.api import idempotency, json_body, tokens
from chassis.django.api.admission import admit
from chassis.django.sync_bridge import connect, finish
from chassis.problems import ProblemError
from chassis.throttle import Limit

API_FOLDER = "web/api"
_SECONDS = 60


class ApiMiddleware:
    """The door of `/api/`; stands between those who find out who asks and denial by default."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Keep the rest of the chain."""
        self.get_response = get_response
        self._csrf = _Csrf(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Let a request in whose token, key and size are acceptable."""
        if not request.path_info.startswith(errors.API_PREFIX):
            return self.get_response(request)
        request.META["chassis.api"] = True
        try:
            json_body.refuse_large(request)
            _authenticate(request)
            return idempotency.keeping(request, self.get_response)
        except (ProblemError, DatabaseError) as error:
            return _refuse(request, error)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], *_: Any
    ) -> HttpResponseBase | None:
        """Count the request, let a session write only with the CSRF token, and admit the caller of
        a plain view; frameworks do that for each of their operations."""
        if "chassis.api" not in request.META:
            return None
        try:
            finish(throttle.take(connect, _limit(), *_caller(request)))
            # the frameworks take their views out of Django's own check
            self._csrf.require(request)
            if request.user.is_authenticated and hasattr(view, "permission"):
                admit(request, view.permission)
        except (ProblemError, DatabaseError) as error:
            return _refuse(request, error)
        return None


class _Csrf(CsrfViewMiddleware):
    def require(self, request: HttpRequest) -> None:
        """Raise ProblemError 403 unless the request may be trusted to come from our own page."""
        if request.user.is_authenticated and tokens.principal_of(request) is None:
            self.process_view(request, HttpResponse, (), {})

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        raise ProblemError(403, "foreign-request", f"{reason} Send it in X-CSRFToken.")


def _authenticate(request: HttpRequest) -> None:
    try:
        tokens.authenticate(request)
    except ProblemError:
        # a guess counts as well: no view is found for it, where requests are counted otherwise
        finish(throttle.take(connect, _limit(), _network(request)))
        raise


def _limit() -> Limit:
    return Limit("api", burst=settings.API.api_requests_per_minute, seconds=_SECONDS)


def _caller(request: HttpRequest) -> tuple[str, ...]:
    token = tokens.principal_of(request)
    if token is not None:
        return (token.issuer, token.subject)
    if request.user.is_authenticated:
        return (idempotency.PEOPLE, str(request.user.pk))
    return (_network(request),)


def _network(request: HttpRequest) -> str:
    return throttle.network(get_adapter().get_client_ip(request) or "")


def _refuse(request: HttpRequest, error: Exception) -> HttpResponseBase:
    if errors.is_lost_database(error):
        return errors.respond(request, errors.UNAVAILABLE)
    if isinstance(error, ProblemError):
        return errors.respond(request, error)
    raise error
