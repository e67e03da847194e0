"""API keys over HTTP."""

from typing import Any

import httpx2
import psycopg
import pytest
from fastapi import Depends

from chassis import schema
from chassis.fastapi.api_keys.routes import router
from chassis.fastapi.app import Application
from chassis.fastapi.security.permissions import CurrentPrincipal, requires
from with_fastapi.conftest import MakeApp, MakeCaller, client_of

PATH = "/v1/api-keys"
NEW = {"name": "importer", "permissions": ["things:read"], "expires_in_days": 30}
MANAGER = ("things:read", "api-keys:read", "api-keys:write")


@pytest.fixture
def app(make_app: MakeApp, database: str) -> Application:
    """Give an application with API keys and one route."""
    with psycopg.connect(database) as connection:
        schema.migrate(connection)
    made = make_app(database_url=database)
    made.include_router(router)

    @made.get("/things", dependencies=[Depends(requires("things:read"))])
    async def things(caller: CurrentPrincipal) -> str:
        return caller.issuer

    return made


@pytest.fixture
def manager(make_caller: MakeCaller) -> dict[str, str]:
    """Give somebody who may make keys."""
    return make_caller(*MANAGER)


def holding(made: dict[str, Any]) -> dict[str, str]:
    """Give the header of whoever holds a key."""
    return {"Authorization": f"Bearer {made['key']}"}


async def make(client: httpx2.AsyncClient, caller: dict[str, str], **changes: Any) -> Any:
    """Make a key."""
    answer = await client.post(PATH, json={**NEW, **changes}, headers=caller)
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    return answer.json()


async def test_a_key_opens_what_it_may(client: httpx2.AsyncClient, manager: dict[str, str]) -> None:
    """It is shown once; the list has everything but the secret."""
    made = await make(client, manager)
    answer = await client.get("/things", headers=holding(made))
    assert (answer.status_code, answer.json()) == (200, "urn:roadbed:api-key")
    listed = (await client.get(PATH, headers=manager)).json()["items"]
    assert [item["id"] for item in listed] == [made["id"]]
    assert made["key"].rpartition("_")[2] not in str(listed)


async def test_a_key_manages_no_keys(client: httpx2.AsyncClient, manager: dict[str, str]) -> None:
    """Not even one that was given the permission."""
    made = await make(client, manager, permissions=list(MANAGER))
    for method, path in (
        ("GET", PATH),
        ("POST", PATH),
        ("POST", f"{PATH}/{made['id']}/rotation"),
        ("DELETE", f"{PATH}/{made['id']}"),
    ):
        body = {"expires_in_days": 1} if "rotation" in path else NEW
        answer = await client.request(method, path, json=body, headers=holding(made))
        assert answer.status_code == 403, answer.text


async def test_a_revoked_key_dies_everywhere(
    app: Application, client: httpx2.AsyncClient, manager: dict[str, str]
) -> None:
    """Here it is remembered for thirty seconds at most; where nothing is remembered, at once."""
    made = await make(client, manager)
    assert (await client.get("/things", headers=holding(made))).status_code == 200
    gone = await client.delete(f"{PATH}/{made['id']}", headers=manager)
    assert gone.status_code == 204
    assert (await client.get("/things", headers=holding(made))).status_code == 200
    now = app.platform.authentication._monotonic()
    app.platform.authentication._monotonic = lambda: now + 31
    answer = await client.get("/things", headers=holding(made))
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/invalid-api-key")
    again = await client.delete(f"{PATH}/{made['id']}", headers=manager)
    assert again.status_code == 404


async def test_a_key_is_rotated(client: httpx2.AsyncClient, manager: dict[str, str]) -> None:
    """Without an overlap the old one is dead at once."""
    old = await make(client, manager)
    path = f"{PATH}/{old['id']}/rotation"
    body = {"expires_in_days": 30, "overlap_hours": 0}
    answer = await client.post(path, json=body, headers=manager)
    assert answer.status_code == 201
    assert (await client.get("/things", headers=holding(answer.json()))).status_code == 200
    assert (await client.get("/things", headers=holding(old))).status_code == 401
    assert (await client.post(path, json=body, headers=manager)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"permissions": ["others:read"]}, 403),
        ({"permissions": []}, 422),
        ({"permissions": ["a b"]}, 422),
        ({"expires_in_days": 366}, 422),
        ({"expires_in_days": None}, 422),
        ({"name": "a\0"}, 422),
        ({"tenant": "another"}, 422),
    ],
)
async def test_a_key_that_will_not_do_is_refused(
    client: httpx2.AsyncClient, manager: dict[str, str], changes: dict[str, Any], status: int
) -> None:
    """It expires, it belongs to its creator's tenant, and it may no more than its creator."""
    answer = await client.post(PATH, json={**NEW, **changes}, headers=manager)
    assert answer.status_code == status


async def test_another_tenant_sees_no_key(
    client: httpx2.AsyncClient, manager: dict[str, str], make_caller: MakeCaller
) -> None:
    """Nor may it rotate or revoke one."""
    made = await make(client, manager)
    other = make_caller(*MANAGER, tenant="8c0e0a34-6f3e-4f1e-9d8f-9a4b3f0f8a11")
    assert (await client.get(PATH, headers=other)).json() == {"items": []}
    answer = await client.delete(f"{PATH}/{made['id']}", headers=other)
    assert answer.status_code == 404


async def test_keys_need_a_permission(client: httpx2.AsyncClient, caller: dict[str, str]) -> None:
    """A caller without it neither sees nor makes one."""
    assert (await client.get(PATH, headers=caller)).status_code == 403
    assert (await client.post(PATH, json=NEW, headers=caller)).status_code == 403


async def test_a_retry_makes_no_second_key_and_keeps_no_secret(
    client: httpx2.AsyncClient, manager: dict[str, str], database: str
) -> None:
    """What is remembered of a write must not hold what is shown once."""
    headers = {**manager, "Idempotency-Key": "one-and-the-same"}
    made = (await client.post(PATH, json=NEW, headers=headers)).json()
    again = await client.post(PATH, json=NEW, headers=headers)
    assert made["key"] not in again.text
    assert len((await client.get(PATH, headers=manager)).json()["items"]) == 1
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT row_to_json(i)::text FROM platform.idempotency AS i")
        [(remembered,)] = rows.fetchall()
    assert made["key"].rpartition("_")[2] not in remembered


async def test_a_key_waits_for_a_database_that_is_away(make_app: MakeApp) -> None:
    """It may be a good one: 503 with Retry-After, not 401 and not a crash."""
    app = make_app()
    async with client_of(app) as client:
        held = {"Authorization": f"Bearer rbk_{'a' * 12}_{'b' * 43}"}
        answer = await client.get("/things", headers=held)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    await app.platform.database.dispose()


async def test_without_a_pepper_keys_are_off(
    make_app: MakeApp, database: str, app: Application, manager: dict[str, str]
) -> None:
    """As in a production that never heard of them: one sentence, and no key works."""
    app.platform.api_keys.peppers = type(app.platform.api_keys.peppers)([])
    async with client_of(app) as client:
        answer = await client.post(PATH, json=NEW, headers=manager)
    assert answer.status_code == 409
    assert "API_KEY_PEPPERS" in answer.json()["detail"]


async def test_uses_are_written_at_the_end(
    app: Application, client: httpx2.AsyncClient, manager: dict[str, str], database: str
) -> None:
    """A service that stops loses no minute."""
    made = await make(client, manager)
    async with app.router.lifespan_context(app):
        await client.get("/things", headers=holding(made))
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT last_used_at IS NULL FROM platform.api_key").fetchall()
    assert rows == [(False,)]
