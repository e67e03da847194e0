"""API005."""

from typing import Any

from fastapi import Depends

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.committed_contract import CommittedContract
from chassis.fastapi.contracts import OPENAPI, rendered
from chassis.fastapi.security.permissions import requires


def commit(app: Application) -> None:
    """Write the contract as it is now."""
    file = app.platform.service.root / OPENAPI
    file.parent.mkdir()
    file.write_text(rendered(app)[OPENAPI], encoding="utf-8")


async def test_accepts_what_was_generated(app: Application, examine: Any) -> None:
    """The file is the application's own text."""
    commit(app)
    assert await examine(CommittedContract()) == []


async def test_finds_a_contract_that_fell_behind(app: Application, examine: Any) -> None:
    """A route that came later is not in the file."""
    commit(app)

    @app.get("/v1/things", dependencies=[Depends(requires("things:read"))])
    async def things() -> None: ...

    app.openapi_schema = None
    assert await examine(CommittedContract()) == [OPENAPI]


async def test_finds_a_missing_contract(app: Application, examine: Any) -> None:
    """Nothing was ever generated."""
    assert await examine(CommittedContract()) == [OPENAPI]
