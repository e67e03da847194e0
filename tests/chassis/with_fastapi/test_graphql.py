"""GraphQL beside REST: transactions, errors and what is merged."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from chassis.fastapi import Application
from chassis.fastapi.graphql import graphql_router, schema

DOMAIN = """
import strawberry
from sqlalchemy import text
from chassis.fastapi.graphql import Info
from chassis.problems import ProblemError

COUNT = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"


@strawberry.type
class Query:
    @strawberry.field
    async def things(self, info: Info) -> int:
        async with info.context.transaction("things:read") as session:
            return await session.scalar(text("SELECT count(*) FROM thing"))

    @strawberry.field
    async def connections(self, info: Info) -> int:
        async with info.context.transaction("things:read") as session:
            await session.execute(text("SELECT pg_sleep(0.05)"))
            return await session.scalar(text(COUNT))

    @strawberry.field
    async def secret(self, info: Info) -> int:
        async with info.context.transaction("things:steal"):
            return 1

    @strawberry.field
    async def crash(self) -> int:
        raise RuntimeError("the password is hunter2")


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def add(self, info: Info, value: int) -> bool:
        async with info.context.transaction("things:read") as session:
            await session.execute(text("INSERT INTO thing VALUES (:v)"), {"v": value})
        if value < 0:
            raise ProblemError(409, "negative", "A thing is not negative.")
        return True
"""
TABLE = """
CREATE TABLE thing (value int UNIQUE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO thing VALUES (1);
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Write a package with one domain that speaks GraphQL."""
    for name, content in {"__init__": "", "things/__init__": "", "things/graphql": DOMAIN}.items():
        path = tmp_path / "shop" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield "shop"
    for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
        del sys.modules[name]


@pytest.fixture
def app(make_app: Any, package: str, database: str) -> Application:
    """Give an application with that endpoint."""
    with psycopg.connect(database) as connection:
        connection.execute(TABLE)
    made: Application = make_app(database_url=database)
    made.include_router(graphql_router(package))
    return made


async def ask(client: httpx2.AsyncClient, caller: dict[str, str], query: str) -> Any:
    """Run ``query`` and return the answer."""
    answer = await client.post("/graphql", json={"query": query}, headers=caller)
    assert answer.status_code == 200
    return answer.json()


async def test_many_fields_share_one_connection(
    client: httpx2.AsyncClient, caller: dict[str, str]
) -> None:
    """Fields that run side by side take turns on the database."""
    answer = await ask(client, caller, "{ a: connections b: connections c: connections }")
    assert answer == {"data": {"a": 1, "b": 1, "c": 1}}


async def test_each_mutation_commits_before_it_answers(
    client: httpx2.AsyncClient, caller: dict[str, str], logged: list[Any]
) -> None:
    """A failing commit fails its own field and no other."""
    answer = await ask(client, caller, "mutation { a: add(value: 2) }")
    assert answer == {"data": {"a": True}}
    answer = await ask(client, caller, "mutation { a: add(value: 1) }")
    assert answer["data"] is None
    assert answer["errors"][0]["message"] == "Something broke on our side"
    assert await ask(client, caller, "{ things }") == {"data": {"things": 2}}


async def test_expected_errors_explain_themselves(
    client: httpx2.AsyncClient, caller: dict[str, str]
) -> None:
    """A refusal carries the problem's type and words."""
    (error,) = (await ask(client, caller, "{ secret }"))["errors"]
    assert error["message"] == "This needs the permission things:steal."
    assert error["extensions"]["status"] == 403
    (error,) = (await ask(client, caller, "mutation { add(value: -1) }"))["errors"]
    assert error["extensions"]["type"] == "/problems/negative"


async def test_unexpected_errors_are_logged_and_hidden(
    client: httpx2.AsyncClient, caller: dict[str, str], logged: list[Any]
) -> None:
    """The cause of a crash goes to the log alone."""
    answer = await ask(client, caller, "{ crash }")
    assert "hunter2" not in str(answer)
    (failure,) = [event for event in logged if event["event"] == "graphql field failed"]
    assert str(failure["exc_info"]) == "the password is hunter2"


@pytest.mark.parametrize(
    "query",
    [
        "{ " + " ".join(f"a{n}: things" for n in range(50)) + " }",
        "{ " + "things " * 2000 + "}",
        "{ __schema { types { fields { type { fields { type { fields { type { fields { type "
        "{ fields { type { fields { name } } } } } } } } } } } } } }",
    ],
)
async def test_queries_are_bounded(
    client: httpx2.AsyncClient, caller: dict[str, str], query: str
) -> None:
    """Aliases, tokens and depth have limits that apply before anything runs."""
    answer = await ask(client, caller, query)
    assert answer["data"] is None
    assert answer["errors"]


async def test_malformed_request_is_a_problem(
    client: httpx2.AsyncClient, caller: dict[str, str]
) -> None:
    """What is no GraphQL request gets the errors of any other route."""
    refused: list[Any] = [
        {"query": 1},
        {"query": ""},
        {"query": "x" * 20_001},
        {"query": "{ service }", "operationName": "other"},
        {"query": "fragment a on Query { service }"},
        [],
    ]
    for sent in refused:
        answer = await client.post("/graphql", json=sent, headers=caller)
        assert (answer.status_code, answer.headers["content-type"]) == (
            422,
            "application/problem+json",
        )


def test_works_without_any_domain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service whose example is gone still has a valid schema."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert "service: String!" in schema("empty").as_str()
