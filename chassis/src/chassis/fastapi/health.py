"""`/livez` and `/readyz`: whether to restart this process, and whether to send it requests."""

import asyncio

import psycopg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from chassis import schema
from chassis.fastapi.data import migrations
from chassis.fastapi.platform import Platform
from chassis.health import LIVE, Answer

_CHECK_SECONDS = 2


def install(app: Starlette, platform: Platform) -> None:
    """Add `/livez` and `/readyz` to `app`."""

    async def livez(_request: Request) -> Response:
        return _response(LIVE)

    async def readyz(_request: Request) -> Response:
        if platform.readiness.pending:
            await asyncio.to_thread(_check, platform)
        return _response(platform.readiness.answer())

    app.add_route("/livez", livez, include_in_schema=False)
    app.add_route("/readyz", readyz, include_in_schema=False)


def _response(answer: Answer) -> Response:
    return JSONResponse(answer.body, answer.status)


def _check(platform: Platform) -> None:
    """Compare the schema in the database with the code, until they have matched once."""
    readiness = platform.readiness
    try:
        with psycopg.connect(
            platform.settings.database_url, connect_timeout=_CHECK_SECONDS
        ) as connection:
            agreements = {
                "platform schema": schema.current(connection) >= schema.HEAD,
                "migrations": not migrations.missing(connection, platform.service),
            }
    except psycopg.OperationalError:
        for check in readiness.pending:
            readiness.failed(check, "the database does not answer")
        return
    for check, agrees in agreements.items():
        if agrees:
            readiness.passed(check)
        else:
            readiness.failed(check, "behind the code: run `just migrate`")
