"""API004."""

from typing import Any

from pydantic import BaseModel

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.bounded_input import BoundedInput
from chassis.fastapi.data.fields import PlainText


class Kept(BaseModel):
    """A text that a database can keep."""

    name: PlainText


class Free(BaseModel):
    """A text that it may refuse."""

    name: str


async def test_accepts_plain_text(app: Application, examine: Any) -> None:
    """NUL, 20 MB and 200,000 levels are refused."""

    @app.post("/v1/things")
    async def add(thing: Kept) -> None:
        return None

    assert await examine(BoundedInput()) == []


async def test_finds_a_crash_by_nul(app: Application, examine: Any) -> None:
    """What breaks on a NUL is named."""

    @app.post("/v1/things")
    async def add(thing: Free) -> None:
        if "\x00" in thing.name:
            raise RuntimeError("as a database would")

    assert await examine(BoundedInput()) == ["POST /v1/things"]
