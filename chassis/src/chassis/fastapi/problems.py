"""Every error of FastAPI and Starlette as a problem, and the same promise in the contract."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.params import Form
from fastapi.utils import is_body_allowed_for_status_code
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from chassis import openapi
from chassis.fastapi.requests.scope import PLATFORM, REQUEST_ID
from chassis.problems import MEDIA_TYPE, ProblemError

_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")


def respond(error: ProblemError, scope: Scope) -> Response:
    """Make the response of `error` to the request in `scope`."""
    problem = error.problem(instance=scope["path"], request_id=scope.get(REQUEST_ID))
    return Response(problem.to_body(), error.status, error.headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let `app` answer with problems; crashes pass through to the request layer."""
    app.add_exception_handler(ProblemError, _declared)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _pass_on)


async def _declared(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - what it is registered for
    return respond(error, request.scope)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    if not is_body_allowed_for_status_code(error.status_code):
        return Response(status_code=error.status_code, headers=error.headers)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # Starlette names the methods of the first route alone (RFC 9110, section 15.5.6: all)
        headers["Allow"] = ", ".join(request.scope[PLATFORM].templates.methods(request.scope))
    detail = None if error.detail == HTTPStatus(error.status_code).phrase else str(error.detail)
    problem = ProblemError(error.status_code, None, detail, headers=headers)
    return respond(problem, request.scope)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    if _wrong_media_type(request):
        refusal = ProblemError(415, None, "Send the body as application/json.")
        return respond(refusal, request.scope)
    # the offending input stays out: it may be a password
    errors = [
        {"pointer": _pointer(item["loc"]), "detail": item["msg"], "type": item["type"]}
        for item in error.errors()
    ]
    problem = ProblemError(422, "validation", errors=errors)
    return respond(problem, request.scope)


async def _pass_on(_request: Request, error: Exception) -> Response:
    raise error


def _pointer(location: tuple[str | int, ...]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _wrong_media_type(request: Request) -> bool:
    field = getattr(request.scope.get("route"), "body_field", None)
    if field is None or isinstance(field.field_info, Form):
        return False
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = request.headers.get("content-length", "0") != "0" or (
        "transfer-encoding" in request.headers
    )
    return has_body and sent != "application/json" and not sent.endswith("+json")


def declare(schema: dict[str, Any]) -> None:
    """Write the problems that any operation may answer with into an OpenAPI `schema`."""
    for name in _FASTAPIS_OWN:
        schema.get("components", {}).get("schemas", {}).pop(name, None)
    for _, operation in openapi.operations(schema):
        if "HTTPValidationError" in str(operation["responses"].get("422", {}).get("content", {})):
            del operation["responses"]["422"]
    openapi.declare(schema)
