"""Which browser applications may read what this API answers."""

import httpx2
import pytest
from fastapi import Request
from pydantic import ValidationError

from chassis.environment import Environment
from with_fastapi.conftest import MakeApp, client_of


async def test_cors_is_closed_by_default(client: httpx2.AsyncClient) -> None:
    """Another origin's preflight is a request without a token."""
    headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "GET"}
    answer = await client.options("/things", headers=headers)
    assert answer.status_code == 401
    assert "access-control-allow-origin" not in answer.headers


async def test_cors_reaches_refusals_and_crashes(make_app: MakeApp, caller: dict[str, str]) -> None:
    """A listed origin passes its preflight without a token and can read 401, 413 and 500."""
    app = make_app(extra_settings={"cors_origins": ["https://app.example.com"]})

    @app.get("/crash")
    async def crash() -> None:
        raise RuntimeError("broken")

    @app.post("/things")
    async def read(request: Request) -> int:
        return len(await request.body())

    origin = {"Origin": "https://app.example.com"}
    async with client_of(app) as client:
        asked = {**origin, "Access-Control-Request-Method": "POST"}
        answers = [
            await client.options("/things", headers=asked),
            await client.get("/crash", headers=origin),
            await client.get("/crash", headers=origin | caller),
            await client.post("/things", content=b"x" * 1_000_001, headers=origin | caller),
        ]
        stranger = await client.options(
            "/things", headers={**asked, "Origin": "https://evil.example.com"}
        )
    assert [answer.status_code for answer in answers] == [200, 401, 500, 413]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert len(answer.headers["x-request-id"]) == 32
    assert "access-control-allow-origin" not in stranger.headers


@pytest.mark.parametrize(
    "origin",
    ["*", "http://app.example.com", "https://app.example.com/", "https://*.example.com", "null"],
)
def test_only_whole_https_origins_are_taken(make_app: MakeApp, origin: str) -> None:
    """A wildcard would hand every site the credentials of whoever visits it."""
    with pytest.raises(ValidationError, match="is not an origin"):
        make_app(environment=Environment.PRODUCTION, extra_settings={"cors_origins": [origin]})


def test_a_developers_origin_is_taken_in_development(make_app: MakeApp) -> None:
    """A front end on this machine speaks http."""
    app = make_app(extra_settings={"cors_origins": "http://localhost:3000"})
    assert app.platform.settings.cors_origins == ("http://localhost:3000",)
