"""The GraphQL schema of a service, merged from all its domains."""

import strawberry

from chassis.fastapi import discovery
from chassis.fastapi.graphql.fields import field, undecided
from chassis.fastapi.security.permissions import authenticated
from chassis.graphql import merge
from chassis.service import load


@strawberry.type(name="Query")
class _ServiceQuery:
    @field(authenticated)
    def service(self) -> str:
        """Name the service that answers."""
        return load().name


def schema(package: str) -> strawberry.Schema:
    """Merge the queries and mutations of all domains of `package`. Raises FieldError for one that
    declares no permission."""
    return merge(_ServiceQuery, discovery.modules(package, "graphql"), undecided)
