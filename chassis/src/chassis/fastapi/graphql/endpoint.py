"""The route of GraphQL."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult

from chassis.fastapi.db import UnitOfWork
from chassis.fastapi.graphql.fields import Context, permissions
from chassis.fastapi.graphql.schema import schema
from chassis.fastapi.scope import PLATFORM
from chassis.fastapi.security import CurrentPrincipal, authenticated
from chassis.graphql import GraphQLResponse, answer, declared, refusal

_LONGEST = 20_000  # characters
_NO_OPERATION = "Send an operation; `operationName` is the name of one that is sent."
_STATUSES = (200, 294, 400, 403, 404, 409, 422, 500, 503, "default")


class GraphQLRequest(BaseModel):
    """A request after https://http-spec.graphql.org, section 5."""

    query: Annotated[str, Field(min_length=1, max_length=_LONGEST)]
    variables: dict[str, Any] | None = None
    operation_name: Annotated[str | None, Field(alias="operationName", max_length=200)] = None


def graphql_router(package: str) -> APIRouter:
    """Make the router of ``POST /graphql``: for callers with a token, without a page of its own;
    introspection is for development. Raises FieldError as ``schema`` does."""
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
        made = answer(result, request.headers.get("accept", ""))
        return Response(made.body, made.status, made.headers, made.media_type)

    roots = [root for root in (merged.query, merged.mutation) if root]
    # for chassis.fastapi.access, which must not import this package: it is an extra
    graphql.permissions = set().union(*map(permissions, roots))  # type: ignore[attr-defined]
    return router


async def _run(merged: Any, body: GraphQLRequest, context: Context) -> ExecutionResult:
    try:
        result: ExecutionResult = await merged.execute(
            body.query,
            variable_values=body.variables,
            operation_name=body.operation_name,
            context_value=context,
        )
    except CannotGetOperationTypeError:
        return refusal(_NO_OPERATION)
    except InvalidOperationTypeError as error:
        return refusal(error.as_http_error_reason("POST"))
    return result
