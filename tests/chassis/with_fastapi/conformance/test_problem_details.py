"""API001."""

from typing import Any

from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.problem_details import ProblemDetails
from chassis.openapi import declared
from chassis.problems import ProblemError


class Thing(BaseModel):
    """A body."""

    name: str


async def test_accepts_problems(app: Application, examine: Any) -> None:
    """Validation, missing things and declared conflicts are problems by themselves."""

    @app.post("/v1/things", responses=declared(409))
    async def add(thing: Thing) -> None:
        raise ProblemError(409, None)

    assert await examine(ProblemDetails()) == []


async def test_finds_errors_of_another_shape(app: Application, examine: Any) -> None:
    """A hand-made error body and an undeclared status are named."""

    @app.get("/v1/homemade")
    async def homemade() -> Response:
        return JSONResponse({"error": "no"}, 404)

    @app.get("/v1/undeclared")
    async def undeclared() -> None:
        raise ProblemError(409, None)

    assert await examine(ProblemDetails()) == ["GET /v1/homemade", "GET /v1/undeclared"]
