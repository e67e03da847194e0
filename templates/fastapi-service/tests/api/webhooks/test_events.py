"""Events: duplicates, and the endpoints that get them."""

from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from chassis.fastapi.testing import Bearer

from .conftest import Call

PAID = {"type": "order.paid", "data": {"order": "L-1041"}}


async def events(call: Call) -> list[str]:
    """List the type of the event of each delivery, newest first."""
    deliveries = (await call("GET", "/v1/deliveries"))["items"]
    return [item["event_type"] for item in deliveries]


async def test_an_event_goes_to_every_endpoint_that_wants_its_type(call: Call) -> None:
    """An endpoint without types gets all events; a disabled one gets none."""
    everything = await call("POST", "/v1/endpoints", url="https://a.example")
    paid = await call("POST", "/v1/endpoints", url="https://b.example", event_types=["order.paid"])
    await call("POST", "/v1/endpoints", url="https://c.example", event_types=["stock.low"])
    await call("POST", "/v1/endpoints", url="https://d.example", enabled=False)
    event = await call("POST", "/v1/events", **PAID)
    log = (await call("GET", f"/v1/deliveries?event_id={event['id']}"))["items"]
    assert {item["endpoint_id"] for item in log} == {everything["id"], paid["id"]}
    assert {item["state"] for item in log} == {"pending"}


async def test_another_tenants_event_is_not_delivered(
    call: Call, client: httpx2.AsyncClient, bearer: Bearer
) -> None:
    """Endpoints get only events of their own tenant."""
    await call("POST", "/v1/endpoints", url="https://a.example")
    stranger = bearer("events:write", "deliveries:read", tenant=uuid4())
    answer = await client.post("/v1/events", json=PAID, headers=stranger)
    assert answer.status_code == HTTPStatus.ACCEPTED
    assert await events(call) == []


async def test_an_event_with_a_known_key_is_the_same_event(call: Call) -> None:
    """A second event with the same key is not delivered."""
    await call("POST", "/v1/endpoints", url="https://a.example")
    first = await call("POST", "/v1/events", key="L-1041", **PAID)
    assert await call("POST", "/v1/events", key="L-1041", **PAID) == first
    assert await events(call) == ["order.paid"]


async def test_a_key_is_a_tenants_own(
    call: Call, client: httpx2.AsyncClient, bearer: Bearer
) -> None:
    """Two tenants may use the same key for different events."""
    mine = await call("POST", "/v1/events", key="1", **PAID)
    stranger = bearer("events:write", tenant=uuid4())
    theirs = await client.post("/v1/events", json=PAID | {"key": "1"}, headers=stranger)
    assert theirs.json()["id"] != mine["id"]


async def test_a_request_with_a_known_idempotency_key_is_not_done_again(
    call: Call, client: httpx2.AsyncClient, bearer: Bearer
) -> None:
    """An `Idempotency-Key` has the same effect for events without a key."""
    await call("POST", "/v1/endpoints", url="https://a.example")
    caller = bearer("events:write") | {"Idempotency-Key": "once"}
    first, second = [await client.post("/v1/events", json=PAID, headers=caller) for _ in range(2)]
    assert second.json() == first.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert await events(call) == ["order.paid"]


async def test_a_batch_is_answered_in_its_order(call: Call) -> None:
    """New, known and repeated events in one request keep their order."""
    await call("POST", "/v1/endpoints", url="https://a.example")
    known = await call("POST", "/v1/events", key="known", **PAID)
    batch = [PAID | {"key": key} for key in ("new", "known", "new")] + [PAID]
    accepted = (await call("POST", "/v1/events/batch", events=batch))["items"]
    assert [item["key"] for item in accepted] == ["new", "known", "new", None]
    assert accepted[1] == known
    assert accepted[0] == accepted[2]
    assert len(await events(call)) == 3


@pytest.mark.parametrize(
    "batch", [[], [PAID] * 101, [PAID, {"type": "order paid", "data": {}}], [PAID, {"data": {}}]]
)
async def test_a_batch_is_taken_as_a_whole_or_refused(
    call: Call, client: httpx2.AsyncClient, bearer: Bearer, batch: list[dict[str, Any]]
) -> None:
    """A batch that is empty, too large or has one invalid event changes nothing."""
    await call("POST", "/v1/endpoints", url="https://a.example")
    answer = await client.post(
        "/v1/events/batch", json={"events": batch}, headers=bearer("events:write")
    )
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert await events(call) == []


@pytest.mark.parametrize(
    "wrong",
    [{"data": {"a": "\0"}}, {"data": []}, {"key": ""}, {"key": "a\0"}, {"type": ""}, {"id": "1"}],
)
async def test_refuses_what_it_cannot_keep(
    client: httpx2.AsyncClient, bearer: Bearer, wrong: dict[str, Any]
) -> None:
    """An invalid body gets a problem and no server error."""
    answer = await client.post("/v1/events", json=PAID | wrong, headers=bearer("events:write"))
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


async def test_posting_needs_its_permission(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """The permission for endpoints does not allow posting events."""
    answer = await client.post("/v1/events", json=PAID, headers=bearer("endpoints:write"))
    assert answer.status_code == HTTPStatus.FORBIDDEN
