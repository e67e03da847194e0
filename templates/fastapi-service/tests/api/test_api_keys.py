"""API keys of programs."""

from http import HTTPStatus

import httpx2
from chassis.fastapi.testing import Bearer

PATH = "/v1/api-keys"
NEW = {"name": "importer", "permissions": ["things:read"], "expires_in_days": 30}


async def test_a_key_opens_the_api(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """A program with a key belongs to the tenant of the key's creator, until the key is revoked."""
    manager = bearer("api-keys:write", "things:read")
    made = (await client.post(PATH, json=NEW, headers=manager)).json()
    holder = {"Authorization": f"Bearer {made['key']}"}
    assert (await client.get("/nowhere", headers=holder)).status_code == HTTPStatus.NOT_FOUND
    gone = await client.delete(f"{PATH}/{made['id']}", headers=manager)
    assert gone.status_code == HTTPStatus.NO_CONTENT


async def test_nobody_gives_away_what_they_lack(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """A key cannot have more permissions than its creator."""
    answer = await client.post(PATH, json=NEW, headers=bearer("api-keys:write"))
    assert answer.status_code == HTTPStatus.FORBIDDEN
