"""The end of a server: told by SIGTERM, seen by whoever balances load, felt by no request."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2

from conftest import make_service

PROGRAM = """
import asyncio
from typing import ClassVar
from fastapi import Depends
from chassis.fastapi.app import Application
from chassis.fastapi.security.permissions import public
from chassis.fastapi.settings import IssuerSettings
app = Application(IssuerSettings.load())
@app.get("/slow", dependencies=[Depends(public)])
async def slow() -> str:
    await asyncio.sleep(4)
    return "done"
"""


def _start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    make_service(folder, "api")
    (folder / "slow.py").write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port)]
    given = {"ENVIRONMENT": "test", "DATABASE_URL": "postgresql://a@127.0.0.1:9/a"}
    return subprocess.Popen(
        [*command, "slow:app"],
        cwd=folder,
        env={**os.environ, **given, "DRAIN_SECONDS": "2", "LOG_FORMAT": "json"},
        stdout=subprocess.PIPE,
    )


def _wait(client: httpx2.Client) -> None:
    for _ in range(600):
        try:
            client.get("/livez")
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return


def test_draining_is_seen_before_connections_are_refused(tmp_path: Path) -> None:
    """Readiness ends first, requests are served meanwhile, what runs is finished, its line is
    written, and the server ends by itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = _start(tmp_path / "s", port)
    answers: list[httpx2.Response] = []
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        _wait(client)
        slow = threading.Thread(target=lambda: answers.append(client.get("/slow")))
        slow.start()
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        ready = client.get("/readyz").json()["status"]
        while ready != "draining":
            ready = client.get("/readyz").json()["status"]
        assert client.get("/livez").status_code == 200
        slow.join()
    written, _ = process.communicate(timeout=30)
    assert [answer.text for answer in answers] == ['"done"']
    lines = [json.loads(line) for line in written.splitlines() if line.startswith(b"{")]
    assert ("/slow", 200) in [(line.get("route"), line.get("status")) for line in lines]
    assert process.returncode == 0
