"""The response to a query: a status that tells the outcome, and errors as problems.

Follows GraphQL over HTTP, edition of September 2026: 200 means no error, 294 (Partial Success)
means that some fields failed, 400 that the query is not valid. If a failure leaves no data at all,
the edition would answer 294 too; here its cause decides (403, 404, 422 …, 500), because nothing
succeeded. So the access line, the metric and the span all show an error by the status, for every
media type.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from graphql import GraphQLError
from pydantic import BaseModel, ValidationError
from strawberry.types import ExecutionResult

from chassis import telemetry
from chassis.problems import MEDIA_TYPE as PROBLEM
from chassis.problems import ProblemError, internal

MEDIA_TYPE = "application/graphql-response+json"
PARTIAL_SUCCESS = 294
_JSON = "application/json"
_SCHEMA = {"$ref": "#/components/schemas/GraphQLResponse"}


type Translate = Callable[[Exception], Exception]


def _unchanged(error: Exception) -> Exception:
    return error


class GraphQLResponse(BaseModel):
    """The requested `data`, and the errors with their fields."""

    data: dict[str, Any] | None = None
    errors: list[dict[str, Any]] | None = None


@dataclass(frozen=True)
class Answer:
    """The parts from which a framework builds its response."""

    status: int
    headers: Mapping[str, str]
    media_type: str
    body: bytes


def answer(result: ExecutionResult, accept: str, translate: Translate = _unchanged) -> Answer:
    """Return `result` in the media type that the header `accept` prefers, and log its errors.

    `translate` turns an exception of the framework into a problem.
    """
    media_type = _JSON if _JSON in accept and MEDIA_TYPE not in accept else MEDIA_TYPE
    if not result.errors:
        return Answer(HTTPStatus.OK, {}, media_type, _encoded({"data": result.data}))
    errors = [(error, _problem(error, translate)) for error in result.errors]
    worst = max((problem for _, problem in errors), key=lambda problem: problem.status)
    status = worst.status if result.data is None else PARTIAL_SUCCESS
    _log(errors, status)
    body: dict[str, Any] = {"errors": [_shown(error, problem) for error, problem in errors]}
    if any(error.path for error in result.errors):
        body["data"] = result.data  # a query that was never run has none
    return Answer(status, worst.headers, media_type, _encoded(body))


def _encoded(body: dict[str, Any]) -> bytes:
    plain = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return plain.encode()


def _problem(error: GraphQLError, translate: Translate) -> ProblemError:
    cause = error.original_error
    match translate(cause) if isinstance(cause, Exception) else cause:
        case ProblemError() as problem:
            return problem
        case ValidationError() as invalid:
            details = invalid.errors(include_url=False, include_input=False, include_context=False)
            errors = [{"detail": item["msg"], "field": item["loc"]} for item in details]
            return ProblemError(422, "validation", errors=errors)
        case RecursionError() if not error.path:
            return ProblemError(400, "invalid-query", "The query is nested too deeply.")
        case other if other is None or (error.nodes and not error.path):
            # graphql-core's message about a query or its variables
            return ProblemError(400, "invalid-query", error.message)
        case _:
            return internal()


def _shown(error: GraphQLError, problem: ProblemError) -> dict[str, Any]:
    """Return the public form of an error; internal errors reveal no cause."""
    described = problem.problem()
    is_internal = problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    message = described.title if is_internal else described.detail or described.title
    members = described.model_dump(mode="json", exclude_none=True, exclude={"detail"})
    shown = {**error.formatted, "message": message}
    return {**shown, "extensions": {**(error.extensions or {}), **members}}


def _log(errors: list[tuple[GraphQLError, ProblemError]], status: int) -> None:
    """Write one line about all errors, and one for each crash, which many fields may share."""
    logger = structlog.get_logger()
    codes = Counter(problem.problem().type for _, problem in errors)
    logger.warning("graphql errors", status=status, errors=len(errors), types=dict(codes))
    crashes = {
        id(error.original_error): error.original_error
        for error, problem in errors
        if problem.slug == "internal"
    }
    for crash in crashes.values():
        logger.error("graphql field failed", exc_info=crash)
        if crash is not None:
            telemetry.report(crash)


def declared(*statuses: int | str) -> dict[int | str, dict[str, Any]]:
    """Return `responses=` of the endpoint. A failure before GraphQL is a plain problem."""
    return {status: _declared(status) for status in statuses}


def _declared(status: int | str) -> dict[str, Any]:
    content: dict[str, Any] = {MEDIA_TYPE: {"schema": _SCHEMA}, _JSON: {"schema": _SCHEMA}}
    if status == "default":
        phrase = "Any other failure"
    elif int(status) == PARTIAL_SUCCESS:
        phrase = "Partial Success: what is null is explained among the errors"
    else:
        phrase = HTTPStatus(int(status)).phrase
    if status == "default" or int(status) >= HTTPStatus.BAD_REQUEST:
        content[PROBLEM] = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {"description": phrase, "content": content}
