"""What only SQL can promise about a domain's tables, in a real database."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from chassis import testing
from chassis.problems import ProblemError
from chassis.service import Service
from chassis.webhooks.tables import MOST_ENDPOINTS, Tables

TENANT = uuid4()


@pytest.fixture
def database(database_server: None, roadbed_service: Service) -> Iterator[str]:
    """Give the address of a database where a tenant may add one endpoint more, and no other."""
    with testing.database(testing.address(roadbed_service, "api")) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE hooks_endpoint (tenant_id uuid)")
            connection.cursor().executemany(
                "INSERT INTO hooks_endpoint VALUES (%s)", [[TENANT]] * (MOST_ENDPOINTS - 1)
            )
        yield url


@asynccontextmanager
async def room(database: str, tenant: UUID) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """Make room in a transaction, which is committed at the end."""
    async with await psycopg.AsyncConnection.connect(database) as connection:
        await Tables("hooks").check_endpoint_limit(connection, tenant)
        yield connection


async def refused(database: str) -> int:
    """Make room where there is none; return the status of the refusal."""
    with pytest.raises(ProblemError) as caught:
        async with room(database, TENANT):
            pass
    return caught.value.status


async def test_of_two_endpoints_at_once_one_takes_the_last_place(database: str) -> None:
    """The second waits until the first is there to be counted; another tenant does not wait."""
    async with room(database, TENANT) as connection:
        second = asyncio.create_task(refused(database))
        async with room(database, uuid4()):
            await asyncio.sleep(0)
        await connection.execute("INSERT INTO hooks_endpoint VALUES (%s)", [TENANT])

    assert await second == HTTPStatus.CONFLICT
