"""Registering and listing endpoints over GraphQL."""

from typing import Any

import httpx2
from chassis.fastapi.testing import Bearer

REGISTER = "mutation ($url: String!) { registerEndpoint(url: $url) { secret endpoint { id url } } }"
POST = """mutation ($data: JSON!) {
    postEvent(eventType: "order.paid", data: $data, key: "1")
}"""
LOG = "{ deliveries(state: PENDING) { items { eventId eventType state url } } }"
LIST = "{ endpoints(limit: 10) { items { id url } nextCursor } }"
URL = "https://hooks.example.com/in"


async def ask(
    client: httpx2.AsyncClient, headers: dict[str, str], query: str, **variables: Any
) -> Any:
    """Run a query and return the whole answer."""
    body = {"query": query, "variables": variables}
    return (await client.post("/graphql", json=body, headers=headers)).json()


async def test_registered_endpoint_is_listed(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """Both interfaces show what GraphQL registered."""
    caller = bearer("endpoints:read", "endpoints:write")
    answer = (await ask(client, caller, REGISTER, url=URL))["data"]["registerEndpoint"]
    made = answer["endpoint"]
    assert answer["secret"].startswith("whsec_")
    listed = (await ask(client, caller, LIST))["data"]["endpoints"]
    assert listed == {"items": [made], "nextCursor": None}
    assert (await client.get(f"/v1/endpoints/{made['id']}", headers=caller)).json()["url"] == URL


async def test_posted_event_is_in_the_log(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """An event goes the same way as over REST, and its key holds here too."""
    caller = bearer("endpoints:write", "events:write", "deliveries:read")
    await ask(client, caller, REGISTER, url=URL)
    first, again = [await ask(client, caller, POST, data={"order": "1"}) for _ in range(2)]
    assert first == again
    [delivery] = (await ask(client, caller, LOG))["data"]["deliveries"]["items"]
    event = first["data"]["postEvent"]
    expected = {"eventId": event, "eventType": "order.paid", "state": "PENDING", "url": URL}
    assert delivery == expected


async def test_needs_the_permission(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """The same permissions hold as over REST."""
    answer = await ask(client, bearer("endpoints:read"), REGISTER, url=URL)
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["type"] == "/problems/permission-denied"


async def test_bounds_are_those_of_rest(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """An address that REST refuses is refused here too."""
    answer = await ask(client, bearer("endpoints:write"), REGISTER, url="ftp://hooks.example.com")
    assert answer["errors"][0]["extensions"]["type"] == "/problems/validation"


async def test_fields_asked_together_share_the_request(
    client: httpx2.AsyncClient, bearer: Bearer
) -> None:
    """Several fields of one query take turns on the database."""
    query = f"{{ a: {LIST[2:-2]} b: {LIST[2:-2]} }}"
    answer = await ask(client, bearer("endpoints:read"), query)
    assert answer["data"]["a"] == answer["data"]["b"]
