"""`POST /graphql`: the queries and mutations of every `api/*/graphql.py`."""

from chassis.fastapi.graphql.endpoint import graphql_router

router = graphql_router("api")
