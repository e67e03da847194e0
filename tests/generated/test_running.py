"""`just up`: a real database, real servers, real requests, and nothing left behind."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.generated.conftest import Project
from tests.generated.serving import ask, background, free_port, launch, wait_until_ready

UP = ("just", "up", "--no-reload")


@pytest.fixture
def ports() -> dict[str, str]:
    """Free ports for each process, as `just up` reads them."""
    return {name: str(free_port()) for name in ("WEB_PORT", "API_PORT", "ISSUER_PORT")}


def listening(ports: dict[str, str]) -> list[str]:
    """The ports of a service that still answer."""
    found = []
    for name, port in ports.items():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(port))) == 0:
                found.append(name)
    return found


def assert_nothing_is_left(project: Project, ports: dict[str, str]) -> None:
    """No port answers, and the database server is gone."""
    assert [] == listening(ports)
    where = "from pathlib import Path; from chassis.devdb.place import place; "
    script = f"{where}print(place(Path.cwd()).data)"
    data = Path(project.run(f'uv run python -c "{script}"').splitlines()[-1])
    assert data.is_dir()
    assert not (data / "postmaster.pid").exists()


@pytest.fixture
def running(project: Project, ports: dict[str, str]) -> Iterator[Project]:
    """The project with `just up` running; stopped as Ctrl-C stops it."""
    with background(project, *UP, **ports) as process:
        for half in project.halves:
            port = ports[f"{half.upper()}_PORT"]
            wait_until_ready(f"http://127.0.0.1:{port}/readyz", process)
        yield project
    assert "Traceback" not in process.printed()
    assert_nothing_is_left(project, ports)


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


def test_a_terminated_parent_takes_everything_along(
    project: Project, ports: dict[str, str]
) -> None:
    """SIGTERM to the outermost process alone, as a supervisor sends it, stops the whole tree."""
    running = launch(project, *UP, **ports)
    half = project.halves[0]
    wait_until_ready(f"http://127.0.0.1:{ports[f'{half.upper()}_PORT']}/readyz", running)

    running.process.terminate()
    running.process.wait(timeout=60)

    assert_nothing_is_left(project, ports)


def test_a_role_cannot_open_the_other_half(project: Project) -> None:
    """Each half has its own database, and the other's role may not even connect."""
    if project.plan != "hybrid":
        pytest.skip("one half alone has nobody to keep out; the hybrid's run of this test does")
    for half, other in (("web", "api"), ("api", "web")):
        attempt = (
            "import psycopg; from chassis import devdb, service; s = service.load();"
            f"url = devdb.url(s, '{half}').replace('/{half}?', '/{other}?');"
            "psycopg.connect(url)"
        )

        command = f'uv run just with-db {half} python -c "{attempt}"'
        output = project.run(command, fails=True)

        assert f'permission denied for database "{other}"' in output
