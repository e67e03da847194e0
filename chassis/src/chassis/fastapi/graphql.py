"""GraphQL beside REST, on the same services: one endpoint, a transaction for each field.

A domain takes part with ``api/<domain>/graphql.py`` that has a class ``Query``, ``Mutation`` or
both. Installed with the extra ``fastapi-graphql``.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import strawberry
import structlog
from fastapi import APIRouter, Depends
from graphql import GraphQLError
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from strawberry.extensions import (
    MaskErrors,
    MaxAliasesLimiter,
    MaxTokensLimiter,
    QueryDepthLimiter,
    SchemaExtension,
)
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext

from chassis.auth import Principal
from chassis.fastapi import discovery
from chassis.fastapi.db import UnitOfWork
from chassis.fastapi.security import CurrentPrincipal, authenticated, demand
from chassis.problems import ProblemError, internal
from chassis.service import load

_LONGEST = 20_000  # characters
_NO_OPERATION = "Send an operation; `operationName` is the name of one that is sent."
_EXPECTED = (ProblemError, ValidationError)


@dataclass
class Context:
    """What a resolver finds in ``info.context``."""

    caller: Principal
    _unit_of_work: Callable[[], AbstractAsyncContextManager[AsyncSession]]
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def transaction(self, permission: str) -> AsyncIterator[AsyncSession]:
        """Give a session to a caller with ``permission``; committed when the block ends.

        Fields resolve side by side, but take turns here: one request holds one connection.
        """
        demand(self.caller, permission)
        async with self._turn, self._unit_of_work() as session:
            yield session


Info = strawberry.Info[Context, None]


@strawberry.type
class _ServiceQuery:
    @strawberry.field
    def service(self) -> str:
        """Name the service that answers."""
        return load().name


class _Schema(strawberry.Schema):
    """Logs what nobody expected, with its cause; callers get a sentence."""

    def process_errors(
        self, errors: list[GraphQLError], _context: ExecutionContext | None = None
    ) -> None:
        """Log the unexpected ones of ``errors``."""
        for error in errors:
            if _is_unexpected(error):
                structlog.get_logger().error("graphql field failed", exc_info=error.original_error)


class _Details(SchemaExtension):
    """Puts the problem of an expected error into its extensions."""

    def on_operation(self) -> Iterator[None]:
        """Wait for the result and add to its errors."""
        yield
        for error in getattr(self.execution_context.result, "errors", None) or ():
            error.extensions = {**(error.extensions or {}), **_details(error.original_error)}


def schema(package: str) -> strawberry.Schema:
    """Merge what the domains of ``package`` offer."""
    modules = discovery.modules(package, "graphql")
    queries = [module.Query for module in modules if hasattr(module, "Query")]
    mutations = [module.Mutation for module in modules if hasattr(module, "Mutation")]
    return _Schema(
        query=merge_types("Query", (_ServiceQuery, *queries)),
        mutation=merge_types("Mutation", tuple(mutations)) if mutations else None,
        extensions=[
            lambda: QueryDepthLimiter(max_depth=10),
            lambda: MaxAliasesLimiter(max_alias_count=15),
            lambda: MaxTokensLimiter(max_token_count=1000),
            lambda: MaskErrors(_is_unexpected, internal().problem().title),
            _Details,
        ],
    )


class GraphQLRequest(BaseModel):
    """A request after https://graphql.github.io/graphql-over-http, section 5."""

    query: Annotated[str, Field(min_length=1, max_length=_LONGEST)]
    variables: dict[str, Any] | None = None
    operation_name: Annotated[str | None, Field(alias="operationName", max_length=200)] = None


class GraphQLResponse(BaseModel):
    """``data`` as asked for, and what went wrong with which field."""

    data: dict[str, Any] | None = None
    errors: list[dict[str, Any]] | None = None


def graphql_router(package: str) -> APIRouter:
    """Make the router of ``POST /graphql``: for callers with a token, without a page of its own."""
    router = APIRouter(tags=["graphql"])
    merged = schema(package)

    @router.post(
        "/graphql", response_model_exclude_unset=True, dependencies=[Depends(authenticated)]
    )
    async def graphql(
        body: GraphQLRequest, caller: CurrentPrincipal, unit_of_work: UnitOfWork
    ) -> GraphQLResponse:
        """Run one query or mutation; every field is its own transaction."""
        try:
            result = await merged.execute(
                body.query,
                variable_values=body.variables,
                operation_name=body.operation_name,
                context_value=Context(caller, unit_of_work),
            )
        except CannotGetOperationTypeError:
            raise ProblemError(422, None, _NO_OPERATION) from None
        if result.errors:
            errors: list[Any] = [error.formatted for error in result.errors]
            return GraphQLResponse(data=result.data, errors=errors)
        return GraphQLResponse(data=result.data)

    return router


def _is_unexpected(error: GraphQLError) -> bool:
    return error.original_error is not None and not isinstance(error.original_error, _EXPECTED)


def _details(cause: Exception | None) -> dict[str, Any]:
    if isinstance(cause, ProblemError):
        problem = cause.problem()
        return {"type": problem.type, "title": problem.title, "status": problem.status}
    if isinstance(cause, ValidationError):
        errors = cause.errors(include_url=False, include_input=False, include_context=False)
        return {
            "type": "/problems/validation",
            "errors": [{"detail": item["msg"], "field": item["loc"]} for item in errors],
        }
    return {}
