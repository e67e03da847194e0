"""Deliveries: the received messages, the log, and retries."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from chassis.fastapi.data.db import driver_connection
from chassis.fastapi.testing import Bearer, RunJobs
from chassis.outgoing import retries
from chassis.webhooks import signing
from chassis.webhooks.delivery import judge
from chassis.webhooks.sender import Answer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from api.webhooks.tasks import tables

from .conftest import EVERYTHING, Call, Receiver

DATA = {"order": "L-1041", "total": "38.50"}


@pytest.fixture
async def endpoint(call: Call, receiver: Receiver) -> Any:
    """Register the receiver."""
    return await call("POST", "/v1/endpoints", url=receiver.url)


async def post(call: Call) -> Any:
    """Post an event."""
    return await call("POST", "/v1/events", type="order.paid", data=DATA)


async def log(call: Call, query: str = "") -> list[Any]:
    """Return the items of the delivery log."""
    return list((await call("GET", f"/v1/deliveries{query}"))["items"])


async def let_all_be_due(session: AsyncSession) -> None:
    """Make every delivery due now."""
    await session.execute(text("UPDATE webhooks_delivery SET due_at = now()"))
    await session.execute(text("DELETE FROM platform.circuit"))


async def test_a_receiver_can_verify_what_it_gets(
    call: Call, run_jobs: RunJobs, receiver: Receiver, endpoint: Any
) -> None:
    """The event arrives once, signed with the endpoint's secret, and is in the log."""
    event = await post(call)
    await run_jobs()
    [message] = receiver.messages
    signing.verify([signing.key(endpoint["secret"])], message.headers, message.body)
    assert message.headers["webhook-id"] == event["id"]
    assert (message.content["type"], message.content["data"]) == ("order.paid", DATA)
    [delivery] = await log(call)
    assert (delivery["state"], delivery["url"]) == ("delivered", receiver.url)


async def test_many_events_make_one_job(call: Call, run_jobs: RunJobs, endpoint: Any) -> None:
    """One job delivers all waiting events."""
    for _ in range(5):
        await post(call)
    assert await run_jobs() == ["api.webhooks.tasks.deliver"]
    assert [item["state"] for item in await log(call)] == ["delivered"] * 5


async def test_the_receiver_sees_the_trace_of_the_request(
    client: httpx2.AsyncClient, bearer: Bearer, run_jobs: RunJobs, receiver: Receiver, endpoint: Any
) -> None:
    """One trace covers the producer, the service and the receiver."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = bearer("events:write") | {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    body = {"type": "order.paid", "data": DATA}
    answer = await client.post("/v1/events", json=body, headers=headers)
    assert answer.status_code == HTTPStatus.ACCEPTED
    await run_jobs()
    [message] = receiver.messages
    assert message.headers["traceparent"].split("-")[1] == trace


async def test_both_secrets_sign_while_one_is_changed(
    call: Call, run_jobs: RunJobs, receiver: Receiver, endpoint: Any
) -> None:
    """For one day the old and the new secret are both valid."""
    rotated = await call("POST", f"/v1/endpoints/{endpoint['id']}/secret")
    assert rotated["secret"] != endpoint["secret"]
    await post(call)
    await run_jobs()
    [message] = receiver.messages
    for secret in (endpoint["secret"], rotated["secret"]):
        signing.verify([signing.key(secret)], message.headers, message.body)


async def test_the_former_secret_ends(
    call: Call, run_jobs: RunJobs, receiver: Receiver, endpoint: Any, session: AsyncSession
) -> None:
    """After one day the old secret is no longer used."""
    await call("POST", f"/v1/endpoints/{endpoint['id']}/secret")
    await session.execute(text("UPDATE webhooks_endpoint SET previous_until = now()"))
    await post(call)
    await run_jobs()
    [message] = receiver.messages
    with pytest.raises(signing.SignatureError):
        signing.verify([signing.key(endpoint["secret"])], message.headers, message.body)


async def test_a_test_event_goes_to_its_endpoint_alone(
    call: Call, run_jobs: RunJobs, receiver: Receiver
) -> None:
    """A test event goes only to its endpoint, with any event types."""
    chosen = await call("POST", "/v1/endpoints", url=receiver.url, event_types=["stock.low"])
    await call("POST", "/v1/endpoints", url=receiver.url)
    sent = await call("POST", f"/v1/endpoints/{chosen['id']}/test")
    assert (sent["state"], sent["event_type"]) == ("pending", "webhook.test")
    await run_jobs()
    assert [message.content["type"] for message in receiver.messages] == ["webhook.test"]


async def test_a_failure_is_tried_again_under_the_same_id(
    call: Call, run_jobs: RunJobs, receiver: Receiver, endpoint: Any, session: AsyncSession
) -> None:
    """The log has both attempts, oldest first."""
    receiver.statuses = [503]
    await post(call)
    await run_jobs()
    [waiting] = await log(call)
    assert (waiting["state"], waiting["tries"]) == ("pending", 1)
    await let_all_be_due(session)
    await call("POST", f"/v1/endpoints/{endpoint['id']}/replay")  # nothing to replay, but it wakes
    await run_jobs()
    details = await call("GET", f"/v1/deliveries/{waiting['id']}")
    assert details["state"] == "delivered"
    assert [attempt["status"] for attempt in details["attempts"]] == [503, 204]
    assert len({message.headers["webhook-id"] for message in receiver.messages}) == 1


async def test_a_delivery_dies_and_is_replayed(
    call: Call,
    run_jobs: RunJobs,
    receiver: Receiver,
    endpoint: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After the last attempt a delivery is dead; a replay gives it all attempts again."""
    monkeypatch.setattr(retries, "ATTEMPTS", 1)
    receiver.statuses = [500, 500]
    await post(call)
    await post(call)
    await run_jobs()
    assert [item["state"] for item in await log(call, "?state=dead")] == ["dead", "dead"]
    path = f"/v1/endpoints/{endpoint['id']}/replay"
    assert await call("POST", path) == {"replayed": 2}
    assert await call("POST", path) == {"replayed": 0}
    await run_jobs()
    assert [item["state"] for item in await log(call)] == ["delivered", "delivered"]


async def test_one_delivery_is_replayed_whatever_became_of_it(
    call: Call, run_jobs: RunJobs, receiver: Receiver, endpoint: Any
) -> None:
    """A replayed delivery has the same id."""
    await post(call)
    await run_jobs()
    [delivery] = await log(call)
    assert await call("POST", f"/v1/deliveries/{delivery['id']}/replay") == {"replayed": 1}
    await run_jobs()
    first, second = receiver.messages
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert len((await call("GET", f"/v1/deliveries/{delivery['id']}"))["attempts"]) == 2


async def test_a_replay_during_an_attempt_is_not_lost(
    call: Call, session: AsyncSession, run_jobs: RunJobs, receiver: Receiver, endpoint: Any
) -> None:
    """A replay during an attempt still runs; the result of that attempt is logged too."""
    await post(call)
    connection = await driver_connection(session)
    [claimed] = await tables.claim(
        connection, 1, taken={}, per_endpoint=1, lease=timedelta(minutes=1)
    )
    assert await call("POST", f"/v1/deliveries/{claimed.id}/replay") == {"replayed": 1}
    await tables.record(connection, [judge(claimed, Answer(204, None, 5))])
    await run_jobs()
    details = await call("GET", f"/v1/deliveries/{claimed.id}")
    assert [attempt["status"] for attempt in details["attempts"]] == [204, 204]
    assert (details["state"], len(receiver.messages)) == ("delivered", 1)


async def test_gone_switches_the_endpoint_off(
    call: Call, run_jobs: RunJobs, receiver: Receiver, endpoint: Any
) -> None:
    """After a 410 no attempt follows."""
    receiver.statuses = [410]
    await post(call)
    await run_jobs()
    assert (await call("GET", f"/v1/endpoints/{endpoint['id']}"))["enabled"] is False
    assert [item["state"] for item in await log(call)] == ["dead"]


async def test_switched_off_means_wait_and_on_means_go(
    call: Call, run_jobs: RunJobs, receiver: Receiver, endpoint: Any
) -> None:
    """Events of a disabled endpoint wait, and are delivered after it is enabled again."""
    path = f"/v1/endpoints/{endpoint['id']}"
    await post(call)
    await call("PATCH", path, enabled=False)
    await run_jobs()
    assert receiver.messages == []
    await call("PATCH", path, enabled=True)
    await run_jobs()
    assert len(receiver.messages) == 1


async def test_the_log_is_filtered_and_paged(call: Call, run_jobs: RunJobs, endpoint: Any) -> None:
    """By endpoint, event, state and time, newest first, each delivery once."""
    other = await call("POST", "/v1/endpoints", url="https://b.example")
    event = await post(call)
    await post(call)
    assert len(await log(call, f"?endpoint_id={other['id']}")) == 2
    assert len(await log(call, f"?event_id={event['id']}")) == 2
    assert len(await log(call, "?state=delivered")) == 0
    assert len(await log(call, "?created_from=2999-01-01T00:00:00Z")) == 0
    first = await call("GET", "/v1/deliveries?limit=3")
    rest = await call("GET", f"/v1/deliveries?limit=3&after={first['next_cursor']}")
    seen = [item["id"] for item in first["items"] + rest["items"]]
    assert seen == [item["id"] for item in await log(call)]


async def test_another_tenants_delivery_does_not_exist(
    call: Call, client: httpx2.AsyncClient, bearer: Bearer, endpoint: Any
) -> None:
    """Neither reading nor replaying reaches across tenants."""
    await post(call)
    [delivery] = await log(call)
    stranger = bearer(*EVERYTHING, tenant=uuid4())
    for method, path in (
        ("GET", f"/v1/deliveries/{delivery['id']}"),
        ("POST", f"/v1/deliveries/{delivery['id']}/replay"),
        ("POST", f"/v1/endpoints/{endpoint['id']}/replay"),
        ("POST", f"/v1/endpoints/{endpoint['id']}/secret"),
        ("POST", f"/v1/endpoints/{endpoint['id']}/test"),
    ):
        answer = await client.request(method, path, headers=stranger)
        assert answer.status_code == HTTPStatus.NOT_FOUND
    assert (await client.get("/v1/deliveries", headers=stranger)).json()["items"] == []


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", "/v1/deliveries", "deliveries:write"),
        ("POST", "/v1/deliveries/{id}/replay", "deliveries:read"),
        ("POST", "/v1/endpoints/{id}/secret", "endpoints:read"),
        ("POST", "/v1/endpoints/{id}/test", "events:write"),
        ("POST", "/v1/endpoints/{id}/replay", "endpoints:write"),
    ],
)
async def test_each_permission_opens_its_own(
    client: httpx2.AsyncClient, bearer: Bearer, method: str, path: str, permission: str
) -> None:
    """A similar permission is not enough."""
    answer = await client.request(method, path.format(id=uuid4()), headers=bearer(permission))
    assert answer.status_code == HTTPStatus.FORBIDDEN


async def test_tables_do_not_grow_for_ever(
    call: Call, endpoint: Any, session: AsyncSession
) -> None:
    """Deliveries that waited too long become dead, and old events are deleted with theirs."""
    for days in (0, 4, 40):
        event = await post(call)
        ago = {"id": event["id"], "days": days}
        await session.execute(
            text(
                "UPDATE webhooks_event SET created_at = now() - :days * interval '1 day' "
                "WHERE id = :id"
            ),
            ago,
        )
        await session.execute(
            text(
                "UPDATE webhooks_delivery SET due_at = now() - :days * interval '1 day' "
                "WHERE event_id = :id"
            ),
            ago,
        )
    await tables.clean_up(await driver_connection(session))
    assert [item["state"] for item in await log(call)] == ["dead", "pending"]
