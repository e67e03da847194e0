"""The interactive page, without a CDN."""

import re

import httpx2
import pytest

from chassis.fastapi import docs
from chassis.fastapi.app import Application


async def test_page_and_its_files_are_ours(client: httpx2.AsyncClient) -> None:
    """Everything the page loads is served here, and no script or style is inline."""
    page = await client.get("/docs")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    for name in [path for path in loaded if path != "data:,"]:
        assert (await client.get(f"/{name}")).status_code == 200
    assert not re.search(r"<script>|<style|style=|onload=|https?:", page.text)


async def test_policy_forbids_the_rest(client: httpx2.AsyncClient) -> None:
    """The browser is told to load nothing from elsewhere and nothing inline."""
    policy = (await client.get("/docs")).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy


async def test_without_swagger_ui_there_is_no_page(
    app: Application, caller: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image does not carry the files, and does without the page."""
    monkeypatch.setattr(docs, "find_spec", lambda _name: None)
    bare = Application(app.platform.settings, service=app.platform.service)
    bare.platform.verifier = app.platform.verifier
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(bare), base_url="http://test"
    ) as client:
        assert (await client.get("/docs", headers=caller)).status_code == 404
        assert (await client.get("/openapi.json")).status_code == 200
