"""GraphQL for any framework: limits of a query, and its response.

Installed with the extras `fastapi-graphql` and `django-graphql`.
"""

from chassis.graphql.answers import MEDIA_TYPE, Answer, GraphQLResponse, answer, declared
from chassis.graphql.bounds import LARGEST_DEPTH, MOST_TOKENS, bounds
from chassis.graphql.requests import UNRUNNABLE, GraphQLRequest, refusal
from chassis.graphql.schema import Access, merge

__all__ = [
    "LARGEST_DEPTH",
    "MEDIA_TYPE",
    "MOST_TOKENS",
    "UNRUNNABLE",
    "Access",
    "Answer",
    "GraphQLRequest",
    "GraphQLResponse",
    "answer",
    "bounds",
    "declared",
    "merge",
    "refusal",
]
