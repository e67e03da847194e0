"""GraphQL beside REST: permissions, transactions, batches, statuses and what is merged."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import psycopg
import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis import telemetry
from chassis.environment import Environment
from chassis.fastapi.app import Application
from chassis.fastapi.graphql.endpoint import graphql_router
from chassis.fastapi.graphql.fields import FieldError, by_id
from chassis.fastapi.graphql.schema import schema
from chassis.fastapi.security.declared_permissions import permissions

PROBLEM = "application/problem+json"
GRAPHQL = "application/graphql-response+json"
DOMAIN = """
import strawberry
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from chassis.auth import Principal
from chassis.fastapi.graphql.fields import Info, field
from chassis.fastapi.security.permissions import authenticated
from chassis.problems import ProblemError

COUNT = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
asked = []


async def doubled(session, keys, *, tenant):
    asked.append((keys, tenant))
    await session.execute(text("SELECT 1"))
    if -1 in keys:
        raise RuntimeError("the password is hunter2")
    return {key: 2 * key for key in keys if key < 100}


@strawberry.type
class Item:
    value: int

    @strawberry.field
    async def double(self, info: Info) -> int | None:
        return await info.context.load("things:read", doubled, self.value)

    @strawberry.field
    async def stolen(self, info: Info) -> int | None:
        return await info.context.load("things:steal", doubled, self.value)

    @strawberry.field
    def inner(self, limit: int = 20) -> list["Item"]:
        return []


@strawberry.type
class Page:
    items: list[Item]


@strawberry.type
class Query:
    @field("things:read")
    async def things(self, session: AsyncSession) -> int:
        return await session.scalar(text("SELECT count(*) FROM thing"))

    @field("things:read")
    async def connections(self, session: AsyncSession) -> int:
        await session.execute(text("SELECT pg_sleep(0.05)"))
        return await session.scalar(text(COUNT))

    @field("things:steal")
    async def secret(self, session: AsyncSession) -> int | None:
        return 1

    @field(authenticated)
    async def crash(self) -> int:
        raise RuntimeError("the password is hunter2")

    @field(authenticated)
    def tenant(self, caller: Principal) -> str:
        return str(caller.tenant)

    @field("things:read")
    def page(self, limit: int = 50, start: int = 1) -> Page:
        return Page(items=[Item(value=start + number) for number in range(limit)])


@strawberry.type
class Mutation:
    @field("things:read")
    async def add(self, session: AsyncSession, value: int) -> bool:
        await session.execute(text("INSERT INTO thing VALUES (:v)"), {"v": value})
        if value < 0:
            raise ProblemError(409, "negative", "A thing is not negative.")
        return True
"""
TABLE = """
CREATE TABLE thing (value int UNIQUE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO thing VALUES (1);
"""
UNDECIDED = """
import strawberry


@strawberry.type
class {root}:
    @strawberry.field
    def things(self) -> int:
        return 1
"""

type Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write a package with one domain that speaks GraphQL."""

    def make(domain: str) -> str:
        for name, content in {
            "__init__": "",
            "things/__init__": "",
            "things/graphql": domain,
        }.items():
            path = tmp_path / "shop" / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return "shop"

    monkeypatch.syspath_prepend(tmp_path)
    yield make
    for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
        del sys.modules[name]


@pytest.fixture
def app(make_app: Any, write: Write, database: str) -> Application:
    """Give an application with that endpoint."""
    with psycopg.connect(database) as connection:
        connection.execute(TABLE)
    made: Application = make_app(database_url=database)
    made.include_router(graphql_router(write(DOMAIN)))
    return made


@pytest.fixture
def batches() -> list[Any]:
    """Give what the loader of the domain was asked for, batch by batch."""
    asked: list[Any] = sys.modules["shop.things.graphql"].asked
    return asked


async def ask(
    client: httpx2.AsyncClient,
    caller: dict[str, str],
    query: str,
    *,
    expected: int = 200,
    **variables: Any,
) -> Any:
    """Run ``query`` and return the answer, which has the status ``expected``."""
    body = {"query": query, "variables": variables}
    answer = await client.post("/graphql", json=body, headers=caller)
    assert (answer.status_code, answer.headers["content-type"]) == (expected, GRAPHQL), answer.text
    return answer.json()


def test_permissions_of_fields_are_known(app: Application) -> None:
    """An administrator may do what fields ask for, too."""
    assert permissions(app) == ["things:read", "things:steal"]


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
    answer = await ask(client, caller, "mutation { a: add(value: 1) }", expected=500)
    assert answer["data"] is None
    assert answer["errors"][0]["message"] == "Something went wrong on our side"
    assert await ask(client, caller, "{ things }") == {"data": {"things": 2}}


async def test_what_is_refused_is_rolled_back(
    client: httpx2.AsyncClient, caller: dict[str, str]
) -> None:
    """A mutation that raises a problem answers with its status and changes nothing."""
    answer = await ask(client, caller, "mutation { add(value: -1) }", expected=409)
    (error,) = answer["errors"]
    assert error["message"] == "A thing is not negative."
    assert error["extensions"]["type"] == "/problems/negative"
    assert await ask(client, caller, "{ things }") == {"data": {"things": 1}}


async def test_resolvers_get_what_they_take(
    client: httpx2.AsyncClient, caller: dict[str, str]
) -> None:
    """Caller and session are given, and stand in no contract."""
    assert "tenant" in (await ask(client, caller, "{ tenant }"))["data"]
    text = schema("shop").as_str()
    assert "things: Int!" in text
    assert "tenant: String!" in text


async def test_partial_answers_have_a_status_of_their_own(
    client: httpx2.AsyncClient, caller: dict[str, str], logged: list[Any]
) -> None:
    """Some data with some errors is 294, in the access line too, beside a line with their types."""
    answer = await ask(client, caller, "{ things secret }", expected=294)
    assert answer["data"] == {"things": 1, "secret": None}
    (error,) = answer["errors"]
    assert error["path"] == ["secret"]
    assert error["message"] == "This needs the permission things:steal."
    assert error["extensions"]["status"] == 403
    lines = {event["event"]: event for event in logged}
    assert lines["request"]["status"] == 294
    assert lines["graphql errors"]["types"] == {"/problems/permission-denied": 1}


async def test_what_leaves_nothing_has_the_status_of_its_cause(
    client: httpx2.AsyncClient, caller: dict[str, str], logged: list[Any]
) -> None:
    """Without any data the worst error decides, and a crash is the worst."""
    answer = await ask(client, caller, "{ secret crash }", expected=500)
    assert answer["data"] is None
    assert "hunter2" not in str(answer)


async def test_unexpected_errors_are_logged_reported_and_hidden(
    client: httpx2.AsyncClient,
    caller: dict[str, str],
    logged: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The cause of a crash goes to the log and to error tracking, once for all of its fields."""
    reported: list[BaseException] = []
    monkeypatch.setattr(telemetry, "report", reported.append)
    query = "{ page(limit: 3, start: -1) { items { double } } }"
    answer = await ask(client, caller, query, expected=294)
    assert "hunter2" not in str(answer)
    assert [error["message"] for error in answer["errors"]] == [
        "Something went wrong on our side"
    ] * 3
    (failure,) = [event for event in logged if event["event"] == "graphql field failed"]
    assert str(failure["exc_info"]) == "the password is hunter2"
    assert [str(error) for error in reported] == ["the password is hunter2"]


async def test_missing_database_is_a_503(
    client: httpx2.AsyncClient, caller: dict[str, str], app: Application, logged: list[Any]
) -> None:
    """A database that is away is told as it is over REST."""
    kept = app.platform.database
    app.platform.database = type(kept).at("postgresql://nobody@127.0.0.1:9/nothing")
    answer = await client.post("/graphql", json={"query": "{ things }"}, headers=caller)
    app.platform.database = kept
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["errors"][0]["extensions"]["type"] == "/problems/database-unavailable"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", GRAPHQL),
        ("application/json", "application/json"),
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL),
    ],
)
async def test_clients_choose_the_media_type(
    client: httpx2.AsyncClient, caller: dict[str, str], accept: str, expected: str
) -> None:
    """Older clients get plain JSON, with the same statuses."""
    for query, status in (("{ things }", 200), ("{ things secret }", 294), ("{ nothing }", 400)):
        answer = await client.post(
            "/graphql", json={"query": query}, headers={**caller, "Accept": accept}
        )
        assert (answer.status_code, answer.headers["content-type"]) == (status, expected)


@pytest.mark.parametrize("count", [1, 50])
async def test_lists_are_loaded_in_one_query(
    client: httpx2.AsyncClient,
    caller: dict[str, str],
    batches: list[Any],
    count: int,
) -> None:
    """What belongs to the items of a list is found at once, for the caller's tenant."""
    query = "query ($n: Int!) { tenant page(limit: $n) { items { value double again: double } } }"
    data = (await ask(client, caller, query, n=count))["data"]
    expected = [{"value": n, "double": 2 * n, "again": 2 * n} for n in range(1, count + 1)]
    assert data["page"]["items"] == expected
    ((keys, tenant),) = batches
    assert (keys, str(tenant)) == ([*range(1, count + 1)], data["tenant"])


async def test_loading_needs_its_permission(
    client: httpx2.AsyncClient, caller: dict[str, str], batches: list[Any]
) -> None:
    """Who may not see what belongs to an item gets the item without it, and nothing is asked."""
    query = "{ page(limit: 2) { items { value stolen } } }"
    answer = await ask(client, caller, query, expected=294)
    assert answer["data"]["page"]["items"] == [{"value": n, "stolen": None} for n in (1, 2)]
    assert batches == []


async def test_what_is_not_found_is_null(
    client: httpx2.AsyncClient, caller: dict[str, str]
) -> None:
    """A row that is gone is no error."""
    query = "{ page(limit: 1, start: 100) { items { double } } }"
    assert (await ask(client, caller, query))["data"] == {"page": {"items": [{"double": None}]}}


class Model(DeclarativeBase):
    """The base of one model."""


class Kept(Model):
    """Something of a tenant."""

    __tablename__ = "kept"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]


async def test_rows_are_found_for_their_tenant_alone(app: Application, database: str) -> None:
    """An id of another tenant's finds nothing."""
    ours, theirs = uuid4(), uuid4()
    async with app.platform.database.unit_of_work() as session:
        await session.run_sync(lambda each: Model.metadata.create_all(each.connection()))
        session.add_all([Kept(id=ours, tenant_id=ours), Kept(id=theirs, tenant_id=theirs)])
        await session.flush()
        found = await by_id(Kept)(session, [ours, theirs], tenant=ours)
    assert [*found] == [ours]


BOMB = "{ ...f0 }" + "".join(
    f" fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(60)
)
DEEP = "{ page(limit: 1) { items" + " { inner(limit: 1)" * 9 + " { value } " + "}" * 11
TWO_PAGES = "a: page(limit: 300) { items { double } } b: page(limit: 300) { items { double } }"


@pytest.mark.parametrize(
    ("query", "bound", "number"),
    [
        ("{ " + " ".join(f"a{n}: things" for n in range(50)) + " }", "aliases", 50),
        ("{ page(limit: 50) { items { inner { inner { value } } } } }", "cost", 21_051),
        ("query ($n: Int = 600) { page(limit: $n) { items { double } } }", "cost", 1201),
        ("{ " + TWO_PAGES + " }", "cost", 1202),
        ("{ ...pages } fragment pages on Query { " + TWO_PAGES + " }", "cost", 1202),
        (BOMB + " fragment f60 on Query { things }", "cost", 2**60),
        (
            "{ page(limit: 1) { items" + " { inner(limit: 1)" * 9 + " { value } " + "}" * 11,
            "depth",
            11,
        ),
    ],
)
async def test_queries_are_bounded(
    client: httpx2.AsyncClient, caller: dict[str, str], query: str, bound: str, number: int
) -> None:
    """Aliases, cost and depth have limits that apply before anything runs, and say so."""
    answer = await ask(client, caller, query, expected=400)
    assert "data" not in answer
    told = [error["extensions"] for error in answer["errors"]]
    told = [item for item in told if item["type"] == "/problems/query-too-large"]
    assert (bound, number) in [(item["bound"], item["found"]) for item in told]


async def test_variables_count_as_they_are_sent(
    client: httpx2.AsyncClient, caller: dict[str, str]
) -> None:
    """A limit in a variable costs as much as one in the query."""
    query = "query ($n: Int! = 1) { page(limit: $n) { items { double } } }"
    assert (await ask(client, caller, query))["data"]
    answer = await ask(client, caller, query, expected=400, n=500)
    expected = {"bound": "cost", "found": 1001, "maximum": 1000}
    assert expected.items() <= answer["errors"][0]["extensions"].items()


@pytest.mark.parametrize(
    "query",
    [
        "{",
        "{ nothing }",
        "{ " + "things " * 2000 + "}",
        "{ ...a } fragment a on Query { ...a }",
        "{ ...a }",
        "fragment a on Query { things }",
        "subscription { things }",
        "query ($n: Int!) { page(limit: $n) { items { value } } }",
        "{ page(limit: " + "9" * 5000 + ") { items { value } } }",
        "{ things(a: " + "[" * 450 + "]" * 450 + ") }",
        "{ things " + "... { " * 300 + "things" + " }" * 300 + "}",
        "{ __schema { types { fields { type { fields { type { fields { type { fields { type "
        "{ fields { type { fields { name } } } } } } } } } } } } } }",
    ],
)
async def test_bad_queries_are_refused(
    client: httpx2.AsyncClient, caller: dict[str, str], query: str
) -> None:
    """What cannot be run is a 400, whatever is wrong with it."""
    answer = await ask(client, caller, query, expected=400)
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["status"] == 400


async def test_malformed_request_is_a_problem(
    client: httpx2.AsyncClient, caller: dict[str, str]
) -> None:
    """What is no GraphQL request gets the errors of any other route."""
    refused: list[Any] = [{"query": 1}, {"query": ""}, {"query": "x" * 20_001}, []]
    for sent in refused:
        answer = await client.post("/graphql", json=sent, headers=caller)
        assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)


async def test_introspection_is_for_development(
    make_app: Any, write: Write, database: str, caller: dict[str, str]
) -> None:
    """A production server keeps its schema to itself."""
    statuses = []
    for environment in (Environment.DEVELOPMENT, Environment.PRODUCTION):
        app = make_app(database_url=database, environment=environment)
        app.include_router(graphql_router(write(DOMAIN)))
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            body = {"query": "{ __schema { types { name } } }"}
            answer = await client.post("/graphql", json=body, headers=caller)
            statuses.append(answer.status_code)
    assert statuses == [200, 400]


@pytest.mark.parametrize("root", ["Query", "Mutation"])
def test_every_field_says_who_may_ask(write: Write, root: str) -> None:
    """A query or mutation without a permission does not get into the schema."""
    with pytest.raises(FieldError, match=rf"{root}.things does not say who may ask for it"):
        schema(write(UNDECIDED.format(root=root)))


def test_contract_declares_what_is_answered(app: Application) -> None:
    """Every status stands in OpenAPI with both media types; a refusal may be a plain problem."""
    responses = app.openapi()["paths"]["/graphql"]["post"]["responses"]
    assert {"200", "294", "400", "401", "403", "413", "415", "422", "default"} <= set(responses)
    assert set(responses["294"]["content"]) == {GRAPHQL, "application/json"}
    assert set(responses["403"]["content"]) == {GRAPHQL, "application/json", PROBLEM}


def test_works_without_any_domain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service whose example is gone still has a valid schema."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert "service: String!" in schema("empty").as_str()
