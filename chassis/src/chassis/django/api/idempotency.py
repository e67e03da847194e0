"""`Idempotency-Key` on the writes of an API, for every API framework.

A retry is authenticated and needs the same permission (`chassis.django.api.admission`) as the first
request. It then gets the response of the first request, with `Idempotency-Replayed: true`. The
operation's changes and its response are committed together; an error rolls both back.
`chassis.idempotency` defines the rules.
"""

import hashlib
import re
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from chassis import idempotency
from chassis.auth import Principal
from chassis.django.sync_bridge import django_connection, run_sync
from chassis.idempotency import Attempt, Outcome
from chassis.problems import ProblemError

SESSION_ISSUER = "urn:roadbed:people"
"""The issuer of the principal of a person's session."""
METHODS = ("POST", "PATCH")
_KEY = re.compile(rf"[!-~]{{1,{idempotency.LONGEST_KEY}}}")
_OPEN, _STARTED = "chassis.idempotency.open", "chassis.idempotency.attempt"
_STORED_HEADERS = ("Content-Type", "Location", "ETag")
_ERROR = 400


class Replay(ProblemError):  # noqa: N818 - not an error
    """The response of the first request, raised to end the repeated one."""

    def __init__(self, outcome: Outcome) -> None:
        """Take the stored outcome of the first request."""
        super().__init__(outcome.status, None)
        self.outcome = outcome

    def response(self) -> HttpResponse:
        """Return the stored response, marked as replayed."""
        headers = {**self.outcome.headers, idempotency.REPLAYED: "true"}
        return HttpResponse(self.outcome.body or "", status=self.outcome.status, headers=headers)


def with_idempotency(
    request: HttpRequest, respond: Callable[[HttpRequest], HttpResponseBase]
) -> HttpResponseBase:
    """Return the response of `respond`, and store it if `begin` was called for the request.

    A success is stored and committed; an error rolls everything back. Raises ProblemError 422 for
    an invalid key.
    """
    key = _key(request)
    if key is not None and not _KEY.fullmatch(key):
        message = f"Send 1 to {idempotency.LONGEST_KEY} visible ASCII characters."
        fields = [{"loc": ["header", idempotency.HEADER], "msg": message}]
        raise ProblemError(422, "validation", errors=fields)
    try:
        response = respond(request)
        attempt: Attempt | None = request.META.pop(_STARTED, None)
        if attempt and response.status_code < _ERROR:
            run_sync(idempotency.keep(django_connection(), attempt, _outcome(response)))
            _close(request, transaction.commit)
    finally:
        _close(request, transaction.rollback)
    return response


def begin(request: HttpRequest) -> None:
    """Open the transaction of a write that has a key, after the caller's permission was checked.

    Without a key this does nothing. Raises Replay for a repeated write, and the ProblemErrors of
    `chassis.idempotency.begin`.
    """
    key = _key(request)
    if key is None or _STARTED in request.META:
        return
    route = request.resolver_match.route if request.resolver_match else request.path_info
    target = f"{request.path}?{request.META.get('QUERY_STRING', '')}\n"
    fingerprint = hashlib.sha256(target.encode() + request.body).digest()
    attempt = Attempt(_caller(request), f"{request.method} /{route}", key, fingerprint)
    _open(request)
    outcome = run_sync(idempotency.begin(django_connection(), attempt))
    if outcome:
        raise Replay(outcome)
    request.META[_STARTED] = attempt


def _key(request: HttpRequest) -> str | None:
    # only the API middleware sets this; HTML pages take no keys
    if request.method not in METHODS or "chassis.api" not in request.META:
        return None
    return request.headers.get(idempotency.HEADER)


def _caller(request: HttpRequest) -> Principal:
    token: Principal | None = request.META.get("chassis.token")
    if token is not None:
        return token
    tenant: UUID = import_string(settings.CURRENT_TENANT)(request)
    return Principal(SESSION_ISSUER, str(request.user.pk), tenant, None, frozenset())


def _open(request: HttpRequest) -> None:
    """Begin a transaction without an atomic block, so that a service's durable one is allowed."""
    if connection.in_atomic_block:  # a test's own, which is rolled back
        return
    connection.ensure_connection()
    transaction.set_autocommit(False)
    request.META[_OPEN] = True


def _close(request: HttpRequest, end: Callable[[], None]) -> None:
    if request.META.pop(_OPEN, False):
        try:
            end()
        finally:
            # after a commit, on_commit hooks run here
            transaction.set_autocommit(True)


def _outcome(response: HttpResponseBase) -> Outcome:
    headers = {name: response.headers[name] for name in _STORED_HEADERS if name in response.headers}
    return Outcome(response.status_code, headers, _body(response))


def _body(response: HttpResponseBase) -> str | None:
    """Return the text to store; None for streams and for responses that caches may not store."""
    is_private = "no-store" in response.headers.get("Cache-Control", "") or response.cookies
    if is_private or not isinstance(response, HttpResponse):
        return None
    try:
        return response.content.decode()
    except UnicodeDecodeError:
        return None
