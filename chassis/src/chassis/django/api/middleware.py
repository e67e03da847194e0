"""The middleware of every API of a Django half, for every API framework.

It handles bearer tokens and sessions, the CSRF token for a session's writes, the rate limit, the
limit on body size, `Idempotency-Key`, and problem details for errors before a view runs.
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
from chassis.django.sync_bridge import connect, run_sync
from chassis.problems import ProblemError
from chassis.throttle import Limit

_SECONDS = 60


class ApiMiddleware:
    """Middleware of `/api/`; place it after authentication and before `LoginRequiredMiddleware`."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Take the next middleware or view."""
        self.get_response = get_response
        self._csrf = _Csrf(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request, or refuse it if its token, idempotency key or size is not valid."""
        if not request.path_info.startswith(errors.API_PREFIX):
            return self.get_response(request)
        request.META["chassis.api"] = True
        try:
            json_body.refuse_large(request)
            _authenticate(request)
            return idempotency.with_idempotency(request, self.get_response)
        except (ProblemError, DatabaseError) as error:
            return _refuse(request, error)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], *_: Any
    ) -> HttpResponseBase | None:
        """Apply the rate limit, check the CSRF token of a session's write, and admit the caller of
        a plain Django view. API frameworks admit the caller for each operation themselves."""
        if "chassis.api" not in request.META:
            return None
        try:
            run_sync(throttle.take(connect, _limit(), *_caller(request)))
            # API frameworks exempt their views from Django's own check
            self._csrf.require(request)
            if request.user.is_authenticated and hasattr(view, "permission"):
                admit(request, view.permission)
        except (ProblemError, DatabaseError) as error:
            return _refuse(request, error)
        return None


class _Csrf(CsrfViewMiddleware):
    def require(self, request: HttpRequest) -> None:
        """Raise ProblemError 403 for a session's write without a valid CSRF token."""
        if request.user.is_authenticated and tokens.principal_of(request) is None:
            self.process_view(request, HttpResponse, (), {})

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        raise ProblemError(403, "foreign-request", f"{reason} Send it in X-CSRFToken.")


def _authenticate(request: HttpRequest) -> None:
    try:
        tokens.authenticate(request)
    except ProblemError:
        # count guesses too: other requests are counted in process_view, which does not run here
        run_sync(throttle.take(connect, _limit(), _network(request)))
        raise


def _limit() -> Limit:
    return Limit("api", burst=settings.API.api_requests_per_minute, seconds=_SECONDS)


def _caller(request: HttpRequest) -> tuple[str, ...]:
    token = tokens.principal_of(request)
    if token is not None:
        return (token.issuer, token.subject)
    if request.user.is_authenticated:
        return (idempotency.SESSION_ISSUER, str(request.user.pk))
    return (_network(request),)


def _network(request: HttpRequest) -> str:
    return throttle.network(get_adapter().get_client_ip(request) or "")


def _refuse(request: HttpRequest, error: Exception) -> HttpResponseBase:
    if errors.is_lost_database(error):
        return errors.respond(request, errors.UNAVAILABLE)
    if isinstance(error, ProblemError):
        return errors.respond(request, error)
    raise error
