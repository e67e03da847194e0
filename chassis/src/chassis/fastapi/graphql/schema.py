"""The schema: what all domains offer, merged, and what is checked before a query runs."""

from collections.abc import Iterator
from typing import Any

import strawberry
from graphql import GraphQLError
from graphql.validation import NoSchemaIntrospectionCustomRule
from strawberry.extensions import SchemaExtension
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext

from chassis.fastapi import discovery
from chassis.fastapi.graphql.fields import field, refuse_undecided
from chassis.fastapi.security import authenticated
from chassis.graphql import MOST_TOKENS, bounds
from chassis.service import load


@strawberry.type(name="Query")
class _ServiceQuery:
    @field(authenticated)
    def service(self) -> str:
        """Name the service that answers."""
        return load().name


class _Schema(strawberry.Schema):
    """Leaves errors to the endpoint, which knows what to log."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing here."""


class _Checks(SchemaExtension):
    """Adds our rules to those of the GraphQL specification."""

    def on_operation(self) -> Iterator[None]:
        """Bound what may be asked, and keep the schema to itself where that is wanted."""
        asked = self.execution_context
        asked.parse_options = {"max_tokens": MOST_TOKENS}
        asked.validation_rules += (bounds(asked.variables),)
        if not asked.context.introspects:
            asked.validation_rules += (NoSchemaIntrospectionCustomRule,)
        yield


def schema(package: str) -> strawberry.Schema:
    """Merge what the domains of ``package`` offer. Raises FieldError for a query or mutation that
    does not say who may ask for it."""
    modules = discovery.modules(package, "graphql")
    queries: list[type[Any]] = [item.Query for item in modules if hasattr(item, "Query")]
    mutations: list[type[Any]] = [item.Mutation for item in modules if hasattr(item, "Mutation")]
    for root in (*queries, *mutations):
        refuse_undecided(root)
    return _Schema(
        query=merge_types("Query", (_ServiceQuery, *queries)),
        mutation=merge_types("Mutation", tuple(mutations)) if mutations else None,
        extensions=[_Checks],
    )
