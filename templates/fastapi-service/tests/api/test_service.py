"""Properties of the whole service, for any domains."""

from http import HTTPStatus

import httpx2
import pytest
from chassis.dev.generate import drifted
from chassis.service import Service


async def test_lives(client: httpx2.AsyncClient) -> None:
    """`/livez` says that the process runs."""
    answer = await client.get("/livez")
    assert answer.status_code == HTTPStatus.OK


async def test_is_ready_once_the_schema_is_there(client: httpx2.AsyncClient) -> None:
    """The service is ready when its database is migrated."""
    answer = await client.get("/readyz")
    assert answer.json() == {"status": "ready", "checks": {}}


@pytest.mark.parametrize("path", ["/", "/v1/anything", "/nowhere"])
async def test_strangers_are_refused(client: httpx2.AsyncClient, path: str) -> None:
    """Without a token every path answers 401, also paths that do not exist."""
    answer = await client.get(path)
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert answer.headers["content-type"] == "application/problem+json"


def test_generated_files_are_committed(roadbed_service: Service) -> None:
    """The contract and `.env.example` match the code."""
    assert drifted(roadbed_service) == [], "run `just generate`"
