"""The schema: the `Query` and `Mutation` of every `web/<app>/api.py`, merged."""

from typing import cast

import strawberry
from chassis.django.api.graphql import Info, create_schema, create_view, field
from chassis.django.discovery import discover
from django.urls import path

from web.accounts.models import User


@strawberry.type
class Viewer:
    """Who is asking."""

    email: str
    name: str


@strawberry.type
class Query:
    """What every service answers."""

    @field(None)
    def viewer(self, info: Info) -> Viewer:
        """Give the person who is signed in."""
        user = cast(User, info.context.request.user)
        return Viewer(email=user.email, name=user.name)


schema = create_schema(Query, discover("web", "api").values())

urlpatterns = [path("graphql", create_view(schema), name="graphql")]
