"""Registering, listing and removing endpoints over HTTP."""

from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from chassis.auth import SINGLE_TENANT
from chassis.fastapi.testing import Bearer
from chassis.webhooks import tables
from sqlalchemy import event, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from api.webhooks import schemas
from api.webhooks.demo_data import MORNING, add_demo_data
from api.webhooks.models import Delivery, Endpoint
from api.webhooks.settings import settings

NEW = {"url": "https://hooks.example.com/in", "description": "Order desk"}


async def register(client: httpx2.AsyncClient, headers: dict[str, str], **fields: Any) -> Any:
    """Register an endpoint and return its view."""
    answer = await client.post("/v1/endpoints", json=NEW | fields, headers=headers)
    assert answer.status_code == HTTPStatus.CREATED, answer.text
    return answer.json()


async def test_registered_endpoint_can_be_read(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """The `Location` of the response leads to the new endpoint."""
    caller = bearer("endpoints:read", "endpoints:write")
    answer = await client.post("/v1/endpoints", json=NEW, headers=caller)
    response = await client.get(answer.headers["location"], headers=caller)
    assert response.json() | {"secret": answer.json()["secret"]} == answer.json()
    assert response.json()["url"] == NEW["url"]


async def test_the_secret_is_shown_once_and_kept_encrypted(
    client: httpx2.AsyncClient, bearer: Bearer, session: AsyncSession
) -> None:
    """Neither a later request nor the database reveals the secret."""
    caller = bearer("endpoints:read", "endpoints:write")
    answer = await client.post("/v1/endpoints", json=NEW, headers=caller)
    secret = answer.json()["secret"]
    assert answer.headers["cache-control"] == "no-store"
    shown = await client.get(answer.headers["location"], headers=caller)
    assert "secret" not in shown.json()
    kept = await session.scalar(text("SELECT secret FROM webhooks_endpoint"))
    assert secret.removeprefix("whsec_") not in str(kept)


async def test_change_keeps_what_it_does_not_name(
    client: httpx2.AsyncClient, bearer: Bearer
) -> None:
    """A change of one field leaves the others, and raises the version."""
    caller = bearer("endpoints:read", "endpoints:write")
    path = f"/v1/endpoints/{(await register(client, caller))['id']}"
    before = await client.get(path, headers=caller)
    change = {"enabled": False, "event_types": ["order.paid"]}
    changed = await client.patch(path, json=change, headers=caller)
    assert changed.json() == before.json() | change
    assert changed.headers["etag"] != before.headers["etag"]
    after = await client.get(path, headers=caller)
    assert (after.json(), after.headers["etag"]) == (changed.json(), changed.headers["etag"])


async def test_change_of_something_already_changed_is_refused(
    client: httpx2.AsyncClient, bearer: Bearer
) -> None:
    """A change with an old version (`If-Match`) does not overwrite a newer one."""
    caller = bearer("endpoints:read", "endpoints:write")
    path = f"/v1/endpoints/{(await register(client, caller))['id']}"
    read = (await client.get(path, headers=caller)).headers["etag"]
    headers = caller | {"If-Match": read}
    first = await client.patch(path, json={"enabled": False}, headers=headers)
    second = await client.patch(path, json={"description": "Mine"}, headers=headers)
    statuses = [first.status_code, second.status_code]
    assert statuses == [HTTPStatus.OK, HTTPStatus.PRECONDITION_FAILED]
    unchanged = await client.get(path, headers=caller | {"If-None-Match": first.headers["etag"]})
    assert unchanged.status_code == HTTPStatus.NOT_MODIFIED


async def test_address_that_may_not_be_called_is_refused(
    client: httpx2.AsyncClient, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside development an endpoint must be public https, so loopback is refused."""
    strict = settings.model_copy(update={"webhook_allow_private": False})
    monkeypatch.setattr(schemas, "settings", strict)
    for url in ("http://hooks.example.com", "https://127.0.0.1/in", "https://hooks.example.com:22"):
        answer = await client.post(
            "/v1/endpoints", json=NEW | {"url": url}, headers=bearer("endpoints:write")
        )
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert answer.json()["errors"][0]["pointer"] == "/body/url"


async def test_a_tenant_has_so_many_and_no_more(
    client: httpx2.AsyncClient, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each tenant has its own limit of endpoints."""
    monkeypatch.setattr(tables, "MOST_ENDPOINTS", 2)
    caller = bearer("endpoints:write")
    await register(client, caller)
    await register(client, caller)
    refused = await client.post("/v1/endpoints", json=NEW, headers=caller)
    assert refused.status_code == HTTPStatus.CONFLICT
    assert refused.json()["type"] == "/problems/too-many-endpoints"
    await register(client, bearer("endpoints:write", tenant=uuid4()))


async def test_failing_commit_is_not_a_success(
    client: httpx2.AsyncClient, bearer: Bearer, session: AsyncSession
) -> None:
    """The response waits for the commit: if it fails, the caller gets an error."""

    def fail(_session: Session) -> None:
        raise RuntimeError("the commit fails")

    event.listen(Session, "before_commit", fail)
    try:
        answer = await client.post("/v1/endpoints", json=NEW, headers=bearer("endpoints:write"))
    finally:
        event.remove(Session, "before_commit", fail)
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert await session.scalar(select(func.count()).select_from(Endpoint)) == 0


async def test_another_tenants_endpoint_does_not_exist(
    client: httpx2.AsyncClient, bearer: Bearer
) -> None:
    """Another tenant can neither read nor delete an endpoint."""
    mine = await register(client, bearer("endpoints:write"))
    stranger = bearer("endpoints:read", "endpoints:write", tenant=uuid4())
    for method in ("GET", "DELETE"):
        answer = await client.request(method, f"/v1/endpoints/{mine['id']}", headers=stranger)
        assert answer.status_code == HTTPStatus.NOT_FOUND
    listed = await client.get("/v1/endpoints", headers=stranger)
    assert listed.json()["items"] == []


async def test_removed_endpoint_is_gone(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """A deletion answers 204, and a later read 404."""
    caller = bearer("endpoints:read", "endpoints:write")
    path = f"/v1/endpoints/{(await register(client, caller))['id']}"
    assert (await client.delete(path, headers=caller)).status_code == HTTPStatus.NO_CONTENT
    assert (await client.get(path, headers=caller)).status_code == HTTPStatus.NOT_FOUND


async def test_pages_show_everything_once(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """The pages contain every endpoint once, newest first."""
    caller = bearer("endpoints:read", "endpoints:write")
    made = [(await register(client, caller))["id"] for _ in range(5)]
    seen: list[Any] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        page = (await client.get("/v1/endpoints", params=query, headers=caller)).json()
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["after"] = page["next_cursor"]
    assert seen == list(reversed(made))


@pytest.mark.parametrize("permission", ["endpoints:write", "orders:read", ""])
async def test_reading_needs_its_permission(
    client: httpx2.AsyncClient, bearer: Bearer, permission: str
) -> None:
    """A caller without `endpoints:read` is refused."""
    answer = await client.get("/v1/endpoints", headers=bearer(permission))
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert answer.json()["type"] == "/problems/permission-denied"


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "ftp://hooks.example.com"},
        {"url": "https://user:secret@hooks.example.com"},
        {"url": "https://hooks.example.com/" + "x" * 2048},
        {"url": "hooks"},
        {"description": "x" * 201},
        {"description": "a\x00b"},
        {"event_types": ["order paid"]},
        {"event_types": ["a"] * 51},
        {"surprise": 1},
    ],
)
async def test_refuses_what_it_cannot_keep(
    client: httpx2.AsyncClient, bearer: Bearer, fields: dict[str, Any]
) -> None:
    """An invalid body gets a problem that names the field, and no server error."""
    answer = await client.post(
        "/v1/endpoints", json=NEW | fields, headers=bearer("endpoints:write")
    )
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.json()["errors"][0]["pointer"].startswith(f"/body/{next(iter(fields))}")


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "201"}, {"after": "nonsense"}, {"after": "\x00"}]
)
async def test_refuses_a_page_out_of_bounds(
    client: httpx2.AsyncClient, bearer: Bearer, query: dict[str, str]
) -> None:
    """A limit out of range and an invalid cursor are refused."""
    answer = await client.get("/v1/endpoints", params=query, headers=bearer("endpoints:read"))
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


async def test_adding_demo_data_twice_adds_nothing(session: AsyncSession) -> None:
    """`just demo-data` may be run again."""
    await add_demo_data(session, SINGLE_TENANT)
    await add_demo_data(session, SINGLE_TENANT)
    for table in (Endpoint, Delivery):
        assert await session.scalar(select(func.count()).select_from(table)) == len(MORNING)


async def test_demo_data_of_two_tenants_are_rows_of_their_own(session: AsyncSession) -> None:
    """The second tenant gets as many rows, and none of the first one's."""
    other = uuid4()
    await add_demo_data(session, SINGLE_TENANT)
    await add_demo_data(session, other)
    count = select(func.count()).select_from(Endpoint)
    assert await session.scalar(count) == 2 * len(MORNING)
    assert await session.scalar(count.filter_by(tenant_id=other)) == len(MORNING)
