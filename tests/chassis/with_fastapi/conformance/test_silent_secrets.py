"""OBS002."""

import sys
from typing import Any

import structlog
from fastapi import Request
from pydantic import BaseModel

from chassis.fastapi.app import Application
from chassis.fastapi.conformance.silent_secrets import SilentSecrets
from chassis.fastapi.data.db import Session


class Account(BaseModel):
    """A body with something to hide."""

    passphrase: str


async def test_accepts_redaction(app: Application, examine: Any) -> None:
    """Headers under their own names and a lost database give nothing away."""

    @app.post("/v1/accounts")
    async def open_account(body: Account, request: Request) -> None:
        structlog.get_logger().info("opened", headers=dict(request.headers), body=vars(body))

    @app.get("/v1/accounts")
    async def accounts(session: Session) -> None:
        await session.connection()

    assert await examine(SilentSecrets()) == []


async def test_finds_a_token_and_a_password_in_the_log(app: Application, examine: Any) -> None:
    """A body as text, and a token that went past the log, are seen."""

    @app.post("/v1/accounts")
    async def open_account(body: Account, request: Request) -> None:
        structlog.get_logger().info("body", text=body.passphrase)
        sys.stdout.write(f"{request.headers['authorization']}\n")

    assert await examine(SilentSecrets()) == ["a line that is not JSON", "body"]
