"""Django Ninja with sessions and tokens, denial by default and problem details."""

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
    """An API whose document tells who may call, and every problem."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Return the OpenAPI document."""
        document = super().get_openapi_schema(**options)
        complete(document)
        return document


class Paging(Schema):
    """The query of a list; `after` is `next_cursor` of the page before."""

    limit: int = Field(cursors.DEFAULT_LIMIT, ge=1, le=cursors.LARGEST_LIMIT)
    after: str | None = Field(None, max_length=cursors.LONGEST)


FILE: dict[str, Any] = {"responses": {200: {"content": {"*/*": {}}}}}
"""`openapi_extra` of an operation that answers with a file."""


class SentFile(BaseModel):
    """A file as it is sent."""

    name: str = PydanticField(min_length=1, max_length=255)
    content: str = PydanticField(
        max_length=uploads.MOST_BASE64, json_schema_extra={"contentEncoding": "base64"}
    )


def _decoded(sent: SentFile) -> Any:
    return uploads.decoded(sent.name, sent.content)


def _as_it_is(upload: Any) -> Any:
    return upload


Attachment = Annotated[SentFile, AfterValidator(_decoded), PlainSerializer(_as_it_is)]
"""A field of a body: an object with the name of a file and its content in base64; what the
operation gets is a file."""


def create_api(**options: Any) -> NinjaAPI:
    """Make the API of a service; `options` are NinjaAPI's. Every operation needs a signed-in
    person, by session or token (`chassis.django.api.middleware`)."""
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
    """Admit the caller once the input is valid; `require` left the permission's name."""
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
    # in development Ninja would answer any crash itself, with 500 and a traceback
    if not errors.is_lost_database(error):
        raise error
    return errors.respond(request, errors.UNAVAILABLE)


def _http(error: HttpError) -> ProblemError:
    # Ninja's own 400 around whatever our parser raised
    if isinstance(error.__cause__, ProblemError):
        return error.__cause__
    return ProblemError(error.status_code, None, error.message)


def _validation(error: ValidationError) -> ProblemError:
    # without `input` and `ctx`: a refused value may be a secret
    found = [
        {"loc": _location(item["loc"]), "msg": item["msg"], "type": item["type"]}
        for item in error.errors
    ]
    return ProblemError(422, "validation", errors=found)


def _location(loc: Sequence[str | int]) -> list[str | int]:
    """Leave out the operation's own name for its body or its query."""
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
