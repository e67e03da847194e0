"""`Idempotency-Key` on the writes of an API, whatever framework serves it.

A retry passes the same sign-in and the same permission (`chassis.django.api.admission`) as the
first request and then gets its answer, with `Idempotency-Replayed: true`. What the operation does
and its answer commit together; an error leaves nothing behind. The rules are
`chassis.idempotency`'s.
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
from chassis.django.sync_bridge import borrowed, finish
from chassis.idempotency import Attempt, Outcome
from chassis.problems import ProblemError

PEOPLE = "urn:roadbed:people"
"""The issuer of the principal of a person's session."""
METHODS = ("POST", "PATCH")
_KEY = re.compile(rf"[!-~]{{1,{idempotency.LONGEST_KEY}}}")
_OPEN, _STARTED = "chassis.idempotency.open", "chassis.idempotency.attempt"
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")
_ERROR = 400


class Replay(ProblemError):  # noqa: N818 - a way out of the operation, not an error
    """The answer of the first request, on its way out of the second one."""

    def __init__(self, outcome: Outcome) -> None:
        """Keep the answer."""
        super().__init__(outcome.status, None)
        self.outcome = outcome

    def response(self) -> HttpResponse:
        """Make the response."""
        headers = {**self.outcome.headers, idempotency.REPLAYED: "true"}
        return HttpResponse(self.outcome.body or "", status=self.outcome.status, headers=headers)


def keeping(
    request: HttpRequest, respond: Callable[[HttpRequest], HttpResponseBase]
) -> HttpResponseBase:
    """Answer by `respond`; where `begin` was called meanwhile, keep a success and commit, and take
    everything back after an error. Raises ProblemError 422 for a key that is none."""
    key = _key(request)
    if key is not None and not _KEY.fullmatch(key):
        said = f"Send 1 to {idempotency.LONGEST_KEY} visible ASCII characters."
        found = [{"loc": ["header", idempotency.HEADER], "msg": said}]
        raise ProblemError(422, "validation", errors=found)
    try:
        response = respond(request)
        attempt: Attempt | None = request.META.pop(_STARTED, None)
        if attempt and response.status_code < _ERROR:
            finish(idempotency.keep(borrowed(), attempt, _outcome(response)))
            _close(request, transaction.commit)
    finally:
        _close(request, transaction.rollback)
    return response


def begin(request: HttpRequest) -> None:
    """Open the transaction of a write that has a key, now that its caller may do it.

    Nothing happens without one. Raises Replay, and ProblemError as `chassis.idempotency.begin`.
    """
    key = _key(request)
    if key is None or _STARTED in request.META:
        return
    route = request.resolver_match.route if request.resolver_match else request.path_info
    asked = f"{request.path}?{request.META.get('QUERY_STRING', '')}\n"
    fingerprint = hashlib.sha256(asked.encode() + request.body).digest()
    attempt = Attempt(_caller(request), f"{request.method} /{route}", key, fingerprint)
    _open(request)
    known = finish(idempotency.begin(borrowed(), attempt))
    if known:
        raise Replay(known)
    request.META[_STARTED] = attempt


def _key(request: HttpRequest) -> str | None:
    # set by the middleware of the API alone: a page of a browser has no keys
    if request.method not in METHODS or "chassis.api" not in request.META:
        return None
    return request.headers.get(idempotency.HEADER)


def _caller(request: HttpRequest) -> Principal:
    token: Principal | None = request.META.get("chassis.token")
    if token is not None:
        return token
    tenant: UUID = import_string(settings.CURRENT_TENANT)(request)
    return Principal(PEOPLE, str(request.user.pk), tenant, None, frozenset())


def _open(request: HttpRequest) -> None:
    """Begin a transaction that is no atomic block: services insist on being the outermost one."""
    if connection.in_atomic_block:  # that of a test, which rolls everything back
        return
    connection.ensure_connection()
    transaction.set_autocommit(False)
    request.META[_OPEN] = True


def _close(request: HttpRequest, end: Callable[[], None]) -> None:
    if request.META.pop(_OPEN, False):
        try:
            end()
        finally:
            # hooks of on_commit run here, after a commit
            transaction.set_autocommit(True)


def _outcome(response: HttpResponseBase) -> Outcome:
    kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Outcome(response.status_code, kept, _body(response))


def _body(response: HttpResponseBase) -> str | None:
    """Return what may be kept: neither a stream nor what a cache may not store either."""
    secret = "no-store" in response.headers.get("Cache-Control", "") or response.cookies
    if secret or not isinstance(response, HttpResponse):
        return None
    try:
        return response.content.decode()
    except UnicodeDecodeError:
        return None
