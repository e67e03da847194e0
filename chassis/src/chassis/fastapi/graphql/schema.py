"""The schema of a service: what all its domains offer, merged."""

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
    """Merge what the domains of `package` offer. Raises FieldError for a query or mutation that
    does not say who may ask for it."""
    return merge(_ServiceQuery, discovery.modules(package, "graphql"), undecided)
