"""API006."""

from typing import Any

import pytest

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.operation_ids import OperationIds


async def nothing() -> None:
    """Answer null."""


async def test_accepts_the_names_of_functions(app: Application, examine: Any) -> None:
    """The platform names an operation after its function."""
    app.get("/v1/things")(nothing)
    assert await examine(OperationIds()) == []


@pytest.mark.filterwarnings("ignore:Duplicate Operation ID")
async def test_finds_odd_and_shared_names(app: Application, examine: Any) -> None:
    """Camel case and a second operation of the same name are named."""
    app.get("/v1/odd", operation_id="getThings")(nothing)
    app.get("/v1/one")(nothing)
    app.get("/v1/two")(nothing)
    assert await examine(OperationIds()) == ["GET /v1/odd", "GET /v1/one", "GET /v1/two"]
