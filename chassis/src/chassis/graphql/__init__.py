"""GraphQL whatever framework serves it: how much a query may ask for, and what it is answered.

Installed with the extras ``fastapi-graphql`` and ``django-graphql``.
"""

from chassis.graphql.answers import MEDIA_TYPE, Answer, GraphQLResponse, answer, declared, refusal
from chassis.graphql.bounds import LARGEST_DEPTH, MOST_TOKENS, bounds

__all__ = [
    "LARGEST_DEPTH",
    "MEDIA_TYPE",
    "MOST_TOKENS",
    "Answer",
    "GraphQLResponse",
    "answer",
    "bounds",
    "declared",
    "refusal",
]
