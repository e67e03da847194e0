"""Django Ninja with sessions, tokens, deny by default and problem details."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Annotated, Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Field, NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser
from pydantic import AfterValidator, BaseModel, PlainSerializer
from pydantic import Field as PydanticField

from chassis import cursors
from chassis.django import errors
from chassis.django.api import json_body
from chassis.django.api.admission import admit
from chassis.django.api.openapi import complete
from chassis.django.files import uploads
from chassis.problems import ProblemError, internal


class Api(NinjaAPI):
    """An API whose OpenAPI document includes security schemes and problems."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Return the OpenAPI document."""
        document = super().get_openapi_schema(**options)
        complete(document)
        return document


class Paging(Schema):
    """The query of a list; `after` is the `next_cursor` of the previous page."""

    limit: int = Field(cursors.DEFAULT_LIMIT, ge=1, le=cursors.LARGEST_LIMIT)
    after: str | None = Field(None, max_length=cursors.LONGEST)


FILE: dict[str, Any] = {"responses": {200: {"content": {"*/*": {}}}}}
"""The `openapi_extra` of an operation that returns a file."""


class SentFile(BaseModel):
    """A file in a request body."""

    name: str = PydanticField(min_length=1, max_length=255)
    content: str = PydanticField(
        max_length=uploads.MAX_BASE64, json_schema_extra={"contentEncoding": "base64"}
    )


def _decoded(file: SentFile) -> Any:
    return uploads.decoded(file.name, file.content)


def _unchanged(upload: Any) -> Any:
    return upload


Attachment = Annotated[SentFile, AfterValidator(_decoded), PlainSerializer(_unchanged)]
"""A field of a body: an object with a file name and the content in base64. The operation receives
a file."""


def create_api(**options: Any) -> NinjaAPI:
    """Return the API of a service; `options` are NinjaAPI's.

    Every operation needs a signed-in person, by session or token (`chassis.django.api.middleware`).
    """
    api = Api(auth=_signed_in, parser=_Parser(), docs_url=None, **options)
    api.add_decorator(_admitting, mode="operation")
    for kind, translate in _TRANSLATIONS.items():
        api.add_exception_handler(kind, _handler(translate))
    for lost in (OperationalError, InterfaceError):
        api.add_exception_handler(lost, _database)
    return api


class _Parser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        return json_body.read_json(request)


def _signed_in(request: HttpRequest) -> Any:
    return request.user if request.user.is_authenticated else None


def _admitting(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Admit the caller after the input is valid; `require` has set `permission`."""
    permission = getattr(operation, "permission", None)

    @wraps(operation)
    def admitted(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        admit(request, permission)
        return operation(request, *args, **kwargs)

    return admitted


def _handler(
    translate: Callable[[Any], ProblemError | None],
) -> Callable[[HttpRequest, Any], HttpResponse]:
    return lambda request, error: errors.respond(request, translate(error) or internal())


def _database(request: HttpRequest, error: Any) -> HttpResponse:
    # without raising, Ninja would answer crashes in development itself, with a traceback
    if not errors.is_lost_database(error):
        raise error
    return errors.respond(request, errors.UNAVAILABLE)


def _http(error: HttpError) -> ProblemError:
    # Ninja wraps an error of our parser in its own 400
    if isinstance(error.__cause__, ProblemError):
        return error.__cause__
    return ProblemError(error.status_code, None, error.message)


def _validation(error: ValidationError) -> ProblemError:
    # without `input` and `ctx`: a refused value may be a secret
    fields = [
        {"loc": _location(item["loc"]), "msg": item["msg"], "type": item["type"]}
        for item in error.errors
    ]
    return ProblemError(422, "validation", errors=fields)


def _location(loc: Sequence[str | int]) -> list[str | int]:
    """Return the location without the operation's parameter name for its body or query."""
    source, *inside = loc
    return [source, *(inside[1:] or inside)]


_TRANSLATIONS: dict[type[Exception], Callable[[Any], ProblemError | None]] = {
    AuthenticationError: lambda _: errors.UNAUTHENTICATED,
    HttpError: _http,
    ValidationError: _validation,
    ProblemError: errors.translate,
    Http404: errors.translate,
    DjangoValidationError: errors.translate,
}
