"""API007."""

from typing import Any

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.versioned_paths import VersionedPaths


async def test_accepts_a_version(app: Application, examine: Any) -> None:
    """Any number of a version will do; GraphQL has one endpoint for ever."""

    @app.get("/v1/things")
    async def first() -> None: ...

    @app.get("/v12/things")
    async def twelfth() -> None: ...

    @app.post("/graphql")
    async def graphql() -> None: ...

    assert await examine(VersionedPaths()) == []


async def test_finds_a_path_without_a_version(app: Application, examine: Any) -> None:
    """It could never be changed."""

    @app.get("/things")
    async def things() -> None: ...

    assert await examine(VersionedPaths()) == ["GET /things"]
