"""`just up`: a real database, real servers, real requests, and nothing left behind."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.generated.conftest import Project

READY_WITHIN = 90  # seconds; a cold start on a busy machine


def free_port() -> int:
    """A TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(url: str, **headers: str) -> tuple[int, str]:
    """GET `url`; give the status and the body, whatever the status is."""
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_until_ready(url: str, process: subprocess.Popen[str]) -> None:
    """Ask until the service answers 200, or fail with what it printed."""
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            if ask(url)[0] == 200:
                return
        time.sleep(0.2)
    process.kill()
    pytest.fail(f"{url} was never ready: {process.communicate()[0]}")


@pytest.fixture
def ports() -> dict[str, str]:
    """Free ports for each process, as `just up` reads them."""
    return {name: str(free_port()) for name in ("WEB_PORT", "API_PORT", "ISSUER_PORT")}


@pytest.fixture
def running(project: Project, ports: dict[str, str]) -> Iterator[Project]:
    """The project with `just up` running; stopped as Ctrl-C stops it."""
    process = subprocess.Popen(
        ["uv", "run", "just", "up", "--no-reload"],
        cwd=project.path,
        env={**project.environment, **ports},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        for half in project.halves:
            port = ports[f"{half.upper()}_PORT"]
            wait_until_ready(f"http://127.0.0.1:{port}/readyz", process)
        yield project
    finally:
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        assert "Traceback" not in output, output


def test_it_serves(running: Project, ports: dict[str, str]) -> None:
    """Each half is live and ready, shows its face, and refuses the anonymous."""
    if "web" in running.halves:
        web = f"http://127.0.0.1:{ports['WEB_PORT']}"
        assert ask(f"{web}/livez") == (200, '{"status": "ok"}')
        assert ask(f"{web}/accounts/login/")[0] == 200
        assert ask(f"{web}/admin/")[0] == 200
    if "api" in running.halves:
        api = f"http://127.0.0.1:{ports['API_PORT']}"
        assert ask(f"{api}/livez")[0] == 200
        contract = json.loads(ask(f"{api}/openapi.json")[1])
        assert "/v1/endpoints" in contract["paths"]
        status, body = ask(f"{api}/v1/endpoints")
        assert (status, json.loads(body)["type"]) == (401, "/problems/missing-token")


def test_it_leaves_nothing_behind(project: Project, ports: dict[str, str]) -> None:
    """After Ctrl-C no port is open, and the database server is gone."""
    for port in ports.values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(port))) != 0
    mine = subprocess.run(
        ["pgrep", "-f", f"postgres.*{project.path}"], capture_output=True, text=True, check=False
    )
    assert mine.stdout == ""


@pytest.mark.parametrize("half", ["web", "api"])
def test_a_role_cannot_open_the_other_half(project: Project, half: str) -> None:
    """Each half has its own database, and the other's role may not even connect."""
    if set(project.halves) != {"web", "api"}:
        return
    other = {"web": "api", "api": "web"}[half]
    attempt = (
        "import psycopg; from chassis import devdb, service; s = service.load();"
        f"url = devdb.url(s, '{half}').replace('/{half}?', '/{other}?');"
        "psycopg.connect(url)"
    )

    output = project.run(f'uv run just with-db {half} python -c "{attempt}"', fails=True)

    assert "permission denied" in output
