"""What holds for the whole service, whatever its domains are."""

from http import HTTPStatus

import httpx2
import pytest
from chassis.dev.generate import drifted
from chassis.service import Service


async def test_lives(client: httpx2.AsyncClient) -> None:
    """An orchestrator may ask whether the process runs."""
    answer = await client.get("/livez")
    assert answer.status_code == HTTPStatus.OK


async def test_is_ready_once_the_schema_is_there(client: httpx2.AsyncClient) -> None:
    """A migrated database makes the service ready."""
    answer = await client.get("/readyz")
    assert answer.json() == {"status": "ready", "checks": {}}


@pytest.mark.parametrize("path", ["/", "/v1/anything", "/nowhere"])
async def test_strangers_are_refused(client: httpx2.AsyncClient, path: str) -> None:
    """Without a token nothing is reached, not even the news that a path does not exist."""
    answer = await client.get(path)
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert answer.headers["content-type"] == "application/problem+json"


def test_generated_files_are_committed(roadbed_service: Service) -> None:
    """The contract and .env.example say what the code does."""
    assert drifted(roadbed_service) == [], "run `just generate`"
