"""The schema: the merged fields of all domains or apps, and the checks before a query runs."""

from collections.abc import Callable, Iterable, Iterator
from types import ModuleType

import strawberry
from graphql import GraphQLError
from graphql.validation import NoSchemaIntrospectionCustomRule
from strawberry.extensions import FieldExtension, SchemaExtension
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext, get_object_definition

from chassis.graphql.bounds import MOST_TOKENS, bounds


class Access(FieldExtension):
    """Base class of the field extensions that check permissions."""


class _Schema(strawberry.Schema):
    """A schema that leaves the logging of errors to the endpoint."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing here."""


class _Checks(SchemaExtension):
    """Our rules, added to those of the GraphQL specification."""

    def on_operation(self) -> Iterator[None]:
        """Limit the query; refuse introspection unless `introspects` of the context allows it."""
        asked = self.execution_context
        asked.parse_options = {"max_tokens": MOST_TOKENS}
        asked.validation_rules += (bounds(asked.variables),)
        if not asked.context.introspects:
            asked.validation_rules += (NoSchemaIntrospectionCustomRule,)
        yield


def merge(
    query: type, modules: Iterable[ModuleType], refuse: Callable[[str], Exception]
) -> strawberry.Schema:
    """Merge `query` with the `Query` and `Mutation` of the modules that have one.

    Raises the exception that `refuse` returns for a field without an `Access`.
    """
    domains = list(modules)
    queries = (query, *(module.Query for module in domains if hasattr(module, "Query")))
    mutations = tuple(module.Mutation for module in domains if hasattr(module, "Mutation"))
    if name := next(_undecided(*queries, *mutations), None):
        raise refuse(f"{name} does not say who may ask for it")
    return _Schema(
        query=merge_types("Query", queries),
        mutation=merge_types("Mutation", mutations) if mutations else None,
        extensions=[_Checks],
    )


def _undecided(*roots: type) -> Iterator[str]:
    for root in roots:
        definition = get_object_definition(root, strict=True)
        for item in definition.fields:
            if not any(isinstance(extension, Access) for extension in item.extensions):
                yield f"{root.__module__}: {definition.name}.{item.python_name}"
