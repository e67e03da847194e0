"""GraphQL with sessions and tokens: a permission for each field, bounded queries, and statuses that
tell how it went (`chassis.graphql`).

An app takes part with `web/<app>/api.py` that has a class `Query`, `Mutation` or both; each of
their fields says who may ask for it::

    @strawberry.type
    class Query:
        @field("approvals:read")
        def approvals(self, info: Info) -> ApprovalPage: …
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any

import strawberry
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_POST
from graphql import GraphQLError
from graphql.validation import NoSchemaIntrospectionCustomRule
from pydantic import BaseModel, Field, ValidationError
from strawberry.extensions import FieldExtension, SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext, ExecutionResult, get_object_definition

from chassis.django import bodies, errors, idempotency, roles
from chassis.django.idempotency import Replay
from chassis.graphql import MOST_TOKENS, answer, bounds, refusal
from chassis.problems import ProblemError

_LONGEST = 20_000  # characters
_NO_OPERATION = "Send an operation; `operationName` is the name of one that is sent."


@dataclass(frozen=True)
class Context:
    """What a resolver finds in `info.context`."""

    request: HttpRequest


Info = strawberry.Info[Context, None]


class _Access(FieldExtension):
    """Lets a field be asked for by those who may."""

    def __init__(self, permission: str | None) -> None:
        self.permission = permission

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **arguments: Any) -> Any:
        request = info.context.request
        if self.permission is None:
            idempotency.begin(request)  # for the others `check` does it
        else:
            roles.check(request, self.permission)
        return next_(source, info, **arguments)


def field(permission: str | None) -> Callable[[Callable[..., Any]], Any]:
    """Declare a query or mutation for people with a permission; None: for everybody signed in."""

    def declare(resolver: Callable[..., Any]) -> Any:
        return strawberry.field(resolver, extensions=[_Access(permission)])

    return declare


class _Schema(strawberry.Schema):
    """Leaves errors to the view, which knows what to log."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing here."""


class _Checks(SchemaExtension):
    """Adds our rules to those of the GraphQL specification."""

    def on_operation(self) -> Iterator[None]:
        """Bound what may be asked, and keep the schema to itself in production."""
        asked = self.execution_context
        asked.parse_options = {"max_tokens": MOST_TOKENS}
        asked.validation_rules += (bounds(asked.variables),)
        if not settings.ENV.environment.is_local:
            asked.validation_rules += (NoSchemaIntrospectionCustomRule,)
        yield


def create_schema(query: type, modules: Iterable[ModuleType]) -> strawberry.Schema:
    """Merge `query` with the `Query` and `Mutation` of the modules that have one.

    Raises ImproperlyConfigured for a query or mutation that does not say who may ask for it.
    """
    found = list(modules)
    queries = (query, *(module.Query for module in found if hasattr(module, "Query")))
    mutations = tuple(module.Mutation for module in found if hasattr(module, "Mutation"))
    for root in (*queries, *mutations):
        _refuse_undecided(root)
    return _Schema(
        query=merge_types("Query", queries),
        mutation=merge_types("Mutation", mutations) if mutations else None,
        extensions=[_Checks],
    )


class _Request(BaseModel):
    """A request after https://http-spec.graphql.org, section 5."""

    query: Annotated[str, Field(min_length=1, max_length=_LONGEST)]
    variables: dict[str, Any] | None = None
    operation_name: Annotated[str | None, Field(alias="operationName", max_length=200)] = None


def create_view(schema: strawberry.Schema) -> Callable[[HttpRequest], HttpResponseBase]:
    """Make the view of POST requests. There is no explorer page: its scripts come from a foreign
    host, which the content policy refuses."""

    def graphql(request: HttpRequest) -> HttpResponse:
        result = _run(schema, _read(request), Context(request))
        for error in result.errors or ():
            if isinstance(error.original_error, Replay):
                return error.original_error.response()
        made = answer(result, request.headers.get("Accept", ""), _translate)
        return HttpResponse(made.body, made.media_type, status=made.status, headers=made.headers)

    return require_POST(graphql)


def _read(request: HttpRequest) -> _Request:
    try:
        return _Request.model_validate(bodies.read_json(request))
    except ValidationError as error:
        found = [
            {"loc": ["body", *item["loc"]], "msg": item["msg"]}
            for item in error.errors(include_url=False, include_input=False)
        ]
        raise ProblemError(422, "validation", errors=found) from None


def _run(schema: strawberry.Schema, body: _Request, context: Context) -> ExecutionResult:
    try:
        return schema.execute_sync(
            body.query,
            variable_values=body.variables,
            operation_name=body.operation_name,
            context_value=context,
        )
    except CannotGetOperationTypeError:
        return refusal(_NO_OPERATION)
    except InvalidOperationTypeError as error:
        return refusal(error.as_http_error_reason("POST"))


def _translate(error: Exception) -> Exception:
    if errors.is_lost_database(error):
        return errors.UNAVAILABLE
    return errors.translate(error) or error


def _refuse_undecided(root: type) -> None:
    definition = get_object_definition(root, strict=True)
    for item in definition.fields:
        if not any(isinstance(extension, _Access) for extension in item.extensions):
            raise ImproperlyConfigured(
                f"{root.__module__}: {definition.name}.{item.python_name} does not say who may ask "
                'for it: declare it with @field("things:read") of chassis.django.graphql, or '
                "@field(None) where anybody who is signed in may."
            )
