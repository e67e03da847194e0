"""Errors as RFC 9457 problem details, the same body from Django and FastAPI."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict

MEDIA_TYPE = "application/problem+json"
BLANK = "about:blank"

TITLES: Mapping[str, str] = {
    "account-exists": "This account exists already",
    "busy": "Too busy to answer now",
    "database-unavailable": "The database does not answer",
    "edit-conflict": "Somebody else changed this meanwhile",
    "idempotency-answer-not-kept": "The answer to this request was not kept",
    "idempotency-in-progress": "A request with this key is still at work",
    "idempotency-key-reused": "This key belongs to another request",
    "foreign-request": "The request does not come from a page of this service",
    "internal": "Something broke on our side",
    "invalid-api-key": "The API key is not valid",
    "invalid-credentials": "Wrong email address or password",
    "invalid-link": "The mailed code is not good",
    "invalid-query": "The query cannot be run",
    "invalid-refresh-token": "The session has ended",
    "invalid-token": "The access token is not valid",
    "issuer-unavailable": "The token issuer's keys could not be loaded",
    "missing-token": "An access token is required",
    "no-api-key": "No API key was made",
    "permission-denied": "This caller may not do that",
    "query-too-large": "The query asks for too much",
    "sign-up-closed": "Nobody may sign up here",
    "too-many-endpoints": "No further endpoint fits",
    "too-many-tries": "Too many tries",
    "validation": "The request is not valid",
}
"""Our problem types by slug; ``/problems/<slug>`` is the type's relative reference."""


class Problem(BaseModel):
    """The body of an error response (RFC 9457, section 3.1) with our two extensions."""

    model_config = ConfigDict(extra="allow")

    type: str = BLANK
    title: str
    status: int
    detail: str | None = None
    instance: str | None = None
    request_id: str | None = None
    errors: list[dict[str, Any]] | None = None

    def to_body(self) -> bytes:
        """Encode as JSON without the members that are unset."""
        return self.model_dump_json(exclude_none=True).encode()


class ProblemError(Exception):
    """Raise it anywhere in a request; the adapter answers with its problem.

    ``slug`` names the type (one of ``TITLES`` or a service's own), None means that the status says
    it all. ``extensions`` become members of the body, ``headers`` of the response.
    """

    def __init__(
        self,
        status: int,
        slug: str | None,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        """Keep what the response will need."""
        super().__init__(detail or slug or status)
        self.status = status
        self.slug = slug
        self.detail = detail
        self.headers = dict(headers or {})
        self.extensions = extensions

    def problem(self, *, instance: str | None = None, request_id: str | None = None) -> Problem:
        """Fill in the request: ``instance`` is its path."""
        known = {"instance": instance, "request_id": request_id, **self.extensions}
        return Problem(
            type=f"/problems/{self.slug}" if self.slug else BLANK,
            title=TITLES.get(self.slug or "") or _phrase(self.status),
            status=self.status,
            detail=self.detail,
            **known,
        )


def internal() -> ProblemError:
    """Make the problem of a crash: it says nothing about the cause, which is in the log."""
    detail = "The error was logged; quote the request id when you report it."
    return ProblemError(500, "internal", detail)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"
