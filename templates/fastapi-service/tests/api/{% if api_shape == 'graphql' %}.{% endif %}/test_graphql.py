"""The GraphQL endpoint."""

from http import HTTPStatus

import httpx2
from chassis.fastapi.testing import Bearer


async def test_names_the_service(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """A caller with a token can query the name of the service."""
    answer = await client.post("/graphql", json={"query": "{ service }"}, headers=bearer())
    assert list(answer.json()["data"]) == ["service"]


async def test_strangers_are_refused(client: httpx2.AsyncClient) -> None:
    """GraphQL refuses a request without a token."""
    answer = await client.post("/graphql", json={"query": "{ service }"})
    assert answer.status_code == HTTPStatus.UNAUTHORIZED


async def test_refuses_a_query_without_bounds(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """A query with too many aliases is refused before it runs."""
    query = "{ " + " ".join(f"a{number}: service" for number in range(50)) + " }"
    answer = await client.post("/graphql", json={"query": query}, headers=bearer())
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert "aliases" in answer.json()["errors"][0]["message"]
