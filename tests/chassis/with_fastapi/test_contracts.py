"""The committed contract and the client that follows from it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import Depends
from pydantic import BaseModel

from chassis.dev.api import client
from chassis.errors import UserError
from chassis.fastapi import contracts
from chassis.fastapi.app import Application
from chassis.fastapi.contracts import OPENAPI
from chassis.fastapi.requests.routes import RouteError
from chassis.fastapi.security.permissions import authenticated
from chassis.service import Service


class Thing(BaseModel):
    """Something to send."""

    name: str


def add_route(app: Application) -> None:
    """Give ``app`` something to promise."""

    @app.post("/things", tags=["things"], dependencies=[Depends(authenticated)])
    async def make_thing(thing: Thing) -> Thing:
        return thing


def test_equal_code_gives_equal_bytes(app: Application) -> None:
    """The contract is sorted and ends with a line's end, so that a review shows changes alone."""
    add_route(app)
    first, again = contracts.rendered(app)[OPENAPI], contracts.rendered(app)[OPENAPI]
    assert first == again
    assert first.endswith("}\n")
    assert list(json.loads(first)) == sorted(json.loads(first))


def test_an_unfinished_route_is_no_contract(app: Application) -> None:
    """What may not start is not promised to anybody."""

    @app.get("/things")
    async def list_things() -> None:
        return None

    with pytest.raises(RouteError, match="GET /things"):
        contracts.rendered(app)


def test_client_is_written_for_the_maintained_library(
    app: Application, service: Service, tmp_path: Path
) -> None:
    """The project needs and imports httpx2, under a name that does not depend on the service."""
    add_route(app)
    committed = service.root / OPENAPI
    committed.parent.mkdir()
    committed.write_text(contracts.rendered(app)[OPENAPI])
    folder = client.generate(service, tmp_path / "client")
    assert '"httpx2>=' in (folder / "pyproject.toml").read_text()
    text = (folder / client.PACKAGE / "api" / "things" / "make_thing.py").read_text()
    assert "import httpx2\n" in text
    assert "import httpx\n" not in text


@pytest.mark.parametrize(
    ("text", "message"), [(None, "run `just generate`"), ("{}", "generated: ")]
)
def test_client_without_a_contract_is_refused(
    service: Service, tmp_path: Path, text: str | None, message: str
) -> None:
    """A missing or unusable contract is one sentence."""
    elsewhere = replace(service, root=tmp_path)
    if text:
        (tmp_path / OPENAPI).parent.mkdir()
        (tmp_path / OPENAPI).write_text(text)
    with pytest.raises(UserError, match=message):
        client.generate(elsewhere)
