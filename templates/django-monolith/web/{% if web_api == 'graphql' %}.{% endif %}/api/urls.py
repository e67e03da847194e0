"""The schema: the merged `Query` and `Mutation` of every `web/<app>/api.py`."""

from typing import cast

import strawberry
from chassis.django.api.graphql import Info, create_schema, create_view, field
from chassis.django.discovery import discover
from django.urls import path

from web.accounts.models import User


@strawberry.type
class Viewer:
    """The person who sends the query."""

    email: str
    name: str


@strawberry.type
class Query:
    """The queries of every service."""

    @field(None)
    def viewer(self, info: Info) -> Viewer:
        """Return the signed-in person."""
        user = cast(User, info.context.request.user)
        return Viewer(email=user.email, name=user.name)


schema = create_schema(Query, discover("web", "api").values())

urlpatterns = [path("graphql", create_view(schema), name="graphql")]
