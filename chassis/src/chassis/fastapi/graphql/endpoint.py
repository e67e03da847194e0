"""The route of GraphQL."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response
from strawberry.types import ExecutionResult

from chassis.fastapi.data.db import UnitOfWork
from chassis.fastapi.graphql.fields import Context, permissions
from chassis.fastapi.graphql.schema import schema
from chassis.fastapi.requests.scope import PLATFORM
from chassis.fastapi.security.permissions import CurrentPrincipal, authenticated
from chassis.graphql import (
    UNRUNNABLE,
    GraphQLRequest,
    GraphQLResponse,
    answer,
    declared,
    refusal,
)

_STATUSES = (200, 294, 400, 403, 404, 409, 422, 500, 503, "default")


def graphql_router(package: str) -> APIRouter:
    """Return the router of `POST /graphql`, for callers with a token.

    It serves no HTML page and allows introspection in development only. Raises FieldError as
    `schema` does.
    """
    router = APIRouter(tags=["graphql"])
    merged = schema(package)

    @router.post(
        "/graphql",
        response_model=GraphQLResponse,
        responses=declared(*_STATUSES),
        dependencies=[Depends(authenticated)],
    )
    async def graphql(
        body: GraphQLRequest, caller: CurrentPrincipal, unit_of_work: UnitOfWork, request: Request
    ) -> Response:
        """Run one query or mutation; every field is its own transaction. 200 means that nothing
        went wrong, 294 that some fields failed."""
        introspects = request.scope[PLATFORM].documented
        result = await _run(merged, body, Context(caller, unit_of_work, introspects))
        reply = answer(result, request.headers.get("accept", ""))
        return Response(reply.body, reply.status, reply.headers, reply.media_type)

    roots = [root for root in (merged.query, merged.mutation) if root]
    # for security.declared_permissions, which must not import this package: it is an extra
    graphql.permissions = set().union(*map(permissions, roots))  # type: ignore[attr-defined]
    return router


async def _run(merged: Any, body: GraphQLRequest, context: Context) -> ExecutionResult:
    try:
        result: ExecutionResult = await merged.execute(**body.arguments(), context_value=context)
    except UNRUNNABLE as error:
        return refusal(error)
    return result
