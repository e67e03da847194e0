"""Errors as RFC 9457 problem details, the same body from Django and FastAPI."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict

MEDIA_TYPE = "application/problem+json"
BLANK = "about:blank"

TITLES: Mapping[str, str] = {
    "account-exists": "This account already exists",
    "busy": "The service is too busy",
    "database-unavailable": "The database is unavailable",
    "edit-conflict": "This was changed in the meantime",
    "idempotency-answer-not-kept": "The response to this request was not stored",
    "idempotency-in-progress": "A request with this key is still in progress",
    "idempotency-key-reused": "This key was used for another request",
    "foreign-request": "The request does not come from a page of this service",
    "internal": "Something went wrong on our side",
    "invalid-api-key": "The API key is not valid",
    "invalid-credentials": "Wrong email address or password",
    "invalid-link": "Invalid or expired code",
    "invalid-query": "The query cannot be run",
    "invalid-refresh-token": "The session has ended",
    "invalid-token": "The access token is not valid",
    "issuer-unavailable": "The token issuer's keys could not be loaded",
    "missing-token": "An access token is required",
    "no-api-key": "The API key was not created",
    "permission-denied": "Permission denied",
    "query-too-large": "The query asks for too much",
    "sign-up-closed": "Sign-up is closed",
    "too-many-endpoints": "The limit of endpoints is reached",
    "too-many-tries": "Too many attempts",
    "validation": "The request is not valid",
}
"""Titles of the platform's problem types by slug; `/problems/<slug>` is the type's reference."""


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
    """An error in a request; the framework's adapter answers with its problem.

    `slug` names the type (one of `TITLES` or one of the service); None means that the status is
    enough. `extensions` become members of the body, `headers` become headers of the response.
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
        """Store the parts of the response."""
        super().__init__(detail or slug or status)
        self.status = status
        self.slug = slug
        self.detail = detail
        self.headers = dict(headers or {})
        self.extensions = extensions

    def problem(self, *, instance: str | None = None, request_id: str | None = None) -> Problem:
        """Return the problem with the request's path as `instance` and its id."""
        known = {"instance": instance, "request_id": request_id, **self.extensions}
        return Problem(
            type=f"/problems/{self.slug}" if self.slug else BLANK,
            title=TITLES.get(self.slug or "") or _phrase(self.status),
            status=self.status,
            detail=self.detail,
            **known,
        )


def internal() -> ProblemError:
    """Return the problem of a crash. It does not reveal the cause, which is in the log."""
    detail = "The error was logged; quote the request id when you report it."
    return ProblemError(500, "internal", detail)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"
