"""Keys of programs that call this service."""

from http import HTTPStatus

import httpx2
from chassis.fastapi.testing import Bearer

PATH = "/v1/api-keys"
NEW = {"name": "importer", "permissions": ["things:read"], "expires_in_days": 30}


async def test_a_key_opens_the_api(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """It is a caller of its creator's tenant, until it is revoked."""
    manager = bearer("api-keys:write", "things:read")
    made = (await client.post(PATH, json=NEW, headers=manager)).json()
    holder = {"Authorization": f"Bearer {made['key']}"}
    assert (await client.get("/nowhere", headers=holder)).status_code == HTTPStatus.NOT_FOUND
    gone = await client.delete(f"{PATH}/{made['id']}", headers=manager)
    assert gone.status_code == HTTPStatus.NO_CONTENT


async def test_nobody_gives_away_what_they_lack(client: httpx2.AsyncClient, bearer: Bearer) -> None:
    """A key may do no more than whoever makes it."""
    answer = await client.post(PATH, json=NEW, headers=bearer("api-keys:write"))
    assert answer.status_code == HTTPStatus.FORBIDDEN
