"""GraphQL with sessions and tokens: a permission for each field, bounded queries, and HTTP statuses
for errors (`chassis.graphql`).

An app adds fields with a class `Query`, `Mutation` or both in `web/<app>/api.py`. Each field
declares its permission:

    @strawberry.type
    class Query:
        @field("approvals:read")
        def approvals(self, info: Info) -> ApprovalPage: …
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import strawberry
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_POST
from pydantic import ValidationError
from strawberry.types import ExecutionResult

from chassis.django import errors
from chassis.django.api import json_body
from chassis.django.api.admission import admit
from chassis.django.api.idempotency import Replay
from chassis.graphql import UNRUNNABLE, Access, GraphQLRequest, answer, merge, refusal
from chassis.problems import ProblemError


@dataclass(frozen=True)
class Context:
    """The value of `info.context` in a resolver."""

    request: HttpRequest

    @property
    def introspects(self) -> bool:
        """Return whether introspection is allowed: only in local environments."""
        return bool(settings.ENV.environment.is_local)


Info = strawberry.Info[Context, None]


class _Access(Access):
    """A field extension that checks the caller's permission."""

    def __init__(self, permission: str | None) -> None:
        self.permission = permission

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **arguments: Any) -> Any:
        admit(info.context.request, self.permission)
        return next_(source, info, **arguments)


def field(permission: str | None) -> Callable[[Callable[..., Any]], Any]:
    """Declare a query or mutation that needs `permission`; None admits every signed-in person."""

    def declare(resolver: Callable[..., Any]) -> Any:
        return strawberry.field(resolver, extensions=[_Access(permission)])

    return declare


def create_schema(query: type, modules: Iterable[ModuleType]) -> strawberry.Schema:
    """Merge `query` with the `Query` and `Mutation` of the modules that have one.

    Raises ImproperlyConfigured for a query or mutation that declares no permission.
    """
    return merge(query, modules, _undecided)


def create_view(schema: strawberry.Schema) -> Callable[[HttpRequest], HttpResponseBase]:
    """Return the view for POST requests.

    There is no explorer page: its scripts come from another host, which the content security policy
    refuses.
    """

    def graphql(request: HttpRequest) -> HttpResponse:
        result = _run(schema, _read(request), Context(request))
        for error in result.errors or ():
            if isinstance(error.original_error, Replay):
                return error.original_error.response()
        reply = answer(result, request.headers.get("Accept", ""), _translate)
        return HttpResponse(
            reply.body, reply.media_type, status=reply.status, headers=reply.headers
        )

    return require_POST(graphql)


def _read(request: HttpRequest) -> GraphQLRequest:
    try:
        return GraphQLRequest.model_validate(json_body.read_json(request))
    except ValidationError as error:
        fields = [
            {"loc": ["body", *item["loc"]], "msg": item["msg"]}
            for item in error.errors(include_url=False, include_input=False)
        ]
        raise ProblemError(422, "validation", errors=fields) from None


def _run(schema: strawberry.Schema, body: GraphQLRequest, context: Context) -> ExecutionResult:
    try:
        return schema.execute_sync(**body.arguments(), context_value=context)
    except UNRUNNABLE as error:
        return refusal(error)


def _translate(error: Exception) -> Exception:
    if errors.is_lost_database(error):
        return errors.UNAVAILABLE
    return errors.translate(error) or error


def _undecided(what: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f'{what} declares no permission: use @field("things:read") of chassis.django.api.graphql, '
        "or @field(None) for every signed-in person."
    )
