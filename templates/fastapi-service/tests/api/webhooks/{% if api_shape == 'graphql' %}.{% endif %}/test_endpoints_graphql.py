"""Endpoints over GraphQL."""

from http import HTTPStatus
from typing import Any

import httpx2
import pytest
from chassis.fastapi.testing import Bearer
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

REGISTER = "mutation ($url: String!) { registerEndpoint(url: $url) { secret endpoint { id url } } }"
POST = """mutation ($data: JSON!) {
    postEvent(eventType: "order.paid", data: $data, key: "1")
}"""
LOG = "{ deliveries(state: PENDING) { items { eventId eventType state url } } }"
NESTED = "{ deliveries { items { endpoint { url } } } }"
LIST = "{ endpoints(limit: 10) { items { id url } nextCursor } }"
URL = "https://hooks.example.com/in"


async def ask(
    client: httpx2.AsyncClient,
    headers: dict[str, str],
    query: str,
    expected: int = HTTPStatus.OK,
    **variables: Any,
) -> Any:
    """Run a query, check that the status is `expected`, and return the whole response."""
    body = {"query": query, "variables": variables}
    answer = await client.post("/graphql", json=body, headers=headers)
    assert answer.status_code == expected, answer.text
    return answer.json()


async def test_registered_endpoint_is_listed(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """REST and GraphQL both return the new endpoint."""
    caller = bearer("endpoints:read", "endpoints:write")
    answer = (await ask(client, caller, REGISTER, url=URL))["data"]["registerEndpoint"]
    made = answer["endpoint"]
    assert answer["secret"].startswith("whsec_")
    listed = (await ask(client, caller, LIST))["data"]["endpoints"]
    assert listed == {"items": [made], "nextCursor": None}
    assert (await client.get(f"/v1/endpoints/{made['id']}", headers=caller)).json()["url"] == URL


async def test_posted_event_is_in_the_log(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """An event is delivered as over REST, and its key works here too."""
    caller = bearer("endpoints:write", "events:write", "deliveries:read")
    await ask(client, caller, REGISTER, url=URL)
    first, again = [await ask(client, caller, POST, data={"order": "1"}) for _ in range(2)]
    assert first == again
    [delivery] = (await ask(client, caller, LOG))["data"]["deliveries"]["items"]
    event = first["data"]["postEvent"]
    expected = {"eventId": event, "eventType": "order.paid", "state": "PENDING", "url": URL}
    assert delivery == expected


@pytest.mark.parametrize("count", [1, 50])
async def test_endpoints_of_a_log_are_found_at_once(
    client: httpx2.AsyncClient, bearer: Bearer, connection: AsyncConnection, count: int
) -> None:
    """A page takes one query for all deliveries and one for all endpoints."""
    caller = bearer("endpoints:read", "endpoints:write", "events:write", "deliveries:read")
    await ask(client, caller, REGISTER, url=URL)
    events = [{"type": "order.paid", "data": {}}] * count
    await client.post("/v1/events/batch", json={"events": events}, headers=caller)
    queries: list[str] = []
    event.listen(
        connection.sync_connection,
        "before_cursor_execute",
        lambda *call: queries.append(call[2]) if call[2].startswith("SELECT") else None,
    )
    items = (await ask(client, caller, NESTED))["data"]["deliveries"]["items"]
    assert items == [{"endpoint": {"url": URL}}] * count
    assert [query.partition("FROM ")[2].split()[0] for query in queries] == [
        "webhooks_delivery",
        "webhooks_endpoint",
    ]


async def test_endpoints_of_a_log_need_their_permission(
    client: httpx2.AsyncClient, bearer: Bearer
) -> None:
    """Without `endpoints:read` the log has no endpoints, and an error gives the reason."""
    caller = bearer("endpoints:write", "events:write", "deliveries:read")
    await ask(client, caller, REGISTER, url=URL)
    await ask(client, caller, POST, data={})
    answer = await ask(client, caller, NESTED, expected=294)
    assert answer["data"]["deliveries"]["items"] == [{"endpoint": None}]
    assert answer["errors"][0]["extensions"]["type"] == "/problems/permission-denied"


async def test_needs_the_permission(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """The permissions are the same as over REST."""
    caller = bearer("endpoints:read")
    answer = await ask(client, caller, REGISTER, expected=HTTPStatus.FORBIDDEN, url=URL)
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["type"] == "/problems/permission-denied"


async def test_bounds_are_those_of_rest(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """A URL that REST refuses is refused here too."""
    caller, refused = bearer("endpoints:write"), HTTPStatus.UNPROCESSABLE_ENTITY
    answer = await ask(client, caller, REGISTER, expected=refused, url="ftp://hooks.example.com")
    assert answer["errors"][0]["extensions"]["type"] == "/problems/validation"


async def test_fields_asked_together_share_the_request(
    client: httpx2.AsyncClient, bearer: Bearer
) -> None:
    """Several fields of one query share the database session one after the other."""
    query = f"{{ a: {LIST[2:-2]} b: {LIST[2:-2]} }}"
    answer = await ask(client, bearer("endpoints:read"), query)
    assert answer["data"]["a"] == answer["data"]["b"]
