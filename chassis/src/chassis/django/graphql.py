"""GraphQL with sessions, denial by default, bounded queries and no secrets in errors."""

import json
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.django.views import GraphQLView as StrawberryView
from strawberry.extensions import MaskErrors, MaxTokensLimiter, QueryDepthLimiter
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext

from chassis.django.errors import translate
from chassis.problems import ProblemError

DEEPEST = 8
MOST_TOKENS = 1000
MOST_ITEMS = 100


class GraphQLView(StrawberryView[Any, Any]):
    """One address for POST. There is no explorer page: its scripts come from a foreign host,
    which the content policy refuses."""

    graphql_ide = None
    allow_queries_via_get = False

    def decode_json(self, data: str | bytes) -> object:
        """Read a body; one that is nested too deeply counts as no JSON, not as a crash."""
        try:
            return super().decode_json(data)
        except RecursionError:
            raise json.JSONDecodeError("The body is nested too deeply", "", 0) from None


class Schema(strawberry.Schema):
    """A schema whose errors carry their problem in `extensions`; only crashes are logged."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Look at the errors of one operation before they are sent."""
        for error in errors:
            if problem := _problem(error):
                error.extensions = problem.problem().model_dump(exclude_none=True)
        super().process_errors([error for error in errors if _crashed(error)], execution_context)


def create_schema(query: type, modules: Iterable[ModuleType]) -> Schema:
    """Merge `query` with the `Query` and `Mutation` of the modules that have one."""
    found = list(modules)
    queries = (query, *(module.Query for module in found if hasattr(module, "Query")))
    mutations = tuple(module.Mutation for module in found if hasattr(module, "Mutation"))
    return Schema(
        query=merge_types("Query", queries),
        mutation=merge_types("Mutation", mutations) if mutations else None,
        extensions=[
            lambda: MaskErrors(_crashed, "Something broke on our side."),
            lambda: QueryDepthLimiter(max_depth=DEEPEST),
            lambda: MaxTokensLimiter(max_token_count=MOST_TOKENS),
        ],
    )


def bounded(*, limit: int, offset: int) -> slice:
    """Give the part of a list that was asked for, at most 100 items of it."""
    start = max(offset, 0)
    return slice(start, start + min(max(limit, 1), MOST_ITEMS))


def _problem(error: GraphQLError) -> ProblemError | None:
    cause = error.original_error
    return translate(cause) if isinstance(cause, Exception) else None


def _crashed(error: GraphQLError) -> bool:
    return error.original_error is not None and _problem(error) is None
