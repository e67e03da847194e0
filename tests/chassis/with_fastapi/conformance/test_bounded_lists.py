"""API002."""

from typing import Annotated, Any

from pydantic import Field

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.bounded_lists import BoundedLists
from chassis.fastapi.data.pagination import Cursor, Limit, Page


async def test_accepts_a_page(app: Application, examine: Any) -> None:
    """The platform's pages are bounded, and so is a list that says how long it may get."""

    @app.get("/v1/things")
    async def things(limit: Limit = 50, after: Cursor = None) -> Page[str]:
        return Page(items=[], next_cursor=None)

    @app.get("/v1/few")
    async def few() -> Annotated[list[str], Field(max_length=50)]:
        return []

    assert await examine(BoundedLists()) == []


async def test_finds_lists_without_bounds(app: Application, examine: Any) -> None:
    """A bare list, and a page of any size, are named."""

    @app.get("/v1/bare")
    async def bare() -> list[str]:
        return []

    @app.get("/v1/endless")
    async def endless(limit: int = 50) -> Page[str]:
        return Page(items=[], next_cursor=None)

    assert await examine(BoundedLists()) == ["GET /v1/bare", "GET /v1/endless"]
