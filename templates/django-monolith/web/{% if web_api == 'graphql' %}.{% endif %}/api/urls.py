"""The schema: the `Query` and `Mutation` of every `web/<app>/api.py`, merged."""

import strawberry
from chassis.django import discover
from chassis.django.graphql import GraphQLView, create_schema
from django.urls import path
from strawberry.types import Info


@strawberry.type
class Viewer:
    """Who is asking."""

    email: str
    name: str


@strawberry.type
class Query:
    """What every service answers."""

    @strawberry.field
    def viewer(self, info: Info) -> Viewer:
        """Give the person who is signed in."""
        user = info.context.request.user
        return Viewer(email=user.email, name=user.name)


schema = create_schema(Query, discover("web", "api").values())

urlpatterns = [path("graphql", GraphQLView.as_view(schema=schema), name="graphql")]
