"""The client that other services generate from the contract."""

import sys
from importlib import import_module
from typing import Any

import httpx2
import pytest
from chassis.dev.api.client import PACKAGE, generate
from chassis.fastapi.testing import Bearer
from chassis.service import Service


@pytest.fixture(scope="session")
def modules(roadbed_service: Service, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Generate the client and return the modules that the test calls."""
    folder = generate(roadbed_service, tmp_path_factory.mktemp("client"))
    sys.path.insert(0, str(folder))
    names = ["client", "models", "api.webhooks.create_endpoint", "api.webhooks.get_endpoint"]
    return {name: import_module(f"{PACKAGE}.{name}") for name in names}


async def test_client_registers_and_reads(
    modules: dict[str, Any], client: httpx2.AsyncClient, bearer: Bearer
) -> None:
    """Calls are functions, bodies and responses are typed models, and an error is a problem."""
    create, get = modules["api.webhooks.create_endpoint"], modules["api.webhooks.get_endpoint"]
    api = modules["client"].AuthenticatedClient("http://test", token="")
    api.set_async_httpx_client(client)
    new = modules["models"].NewEndpoint(url="https://hooks.example.com/in")
    client.headers = httpx2.Headers(bearer("endpoints:read", "endpoints:write"))
    made = await create.asyncio(client=api, body=new)
    read = await get.asyncio(made.id, client=api)
    assert (read.id, read.url) == (made.id, new.url)
    client.headers = httpx2.Headers(bearer())
    assert (await get.asyncio(made.id, client=api)).status == 403
