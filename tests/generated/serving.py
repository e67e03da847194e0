"""A generated API at work: its server on loopback, and somebody with every permission."""

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import IO

import pytest

from tests.generated.conftest import Project

READY_WITHIN = 90  # seconds; a cold start on a busy machine
PERSON = "ines@harbourfinch.example"
PASSWORD = "a long enough password"  # noqa: S105 - of an account that dies with the test
WITH_DB = ("just", "with-db", "api")
# a worker that loses one of several signals at once is ended all the same, as in production
_ENDS = ("--workers-kill-timeout", "3")
SERVE = ("granian", "--interface", "asgi", *_ENDS, "api.main:app", "--port")
SERVE_WEB = ("granian", "--interface", "wsgi", "--no-ws", *_ENDS, "web.wsgi:application", "--port")
# no member of staff, who would need a second factor
_MEMBER = "priya@harbourfinch.example"
_PROMOTE = (
    "from web.accounts.models import User; from web.tenancy import assign, tenant_of; "
    f"user = User.objects.get(email={_MEMBER!r}); "
    "assign('manager', to=user, tenant=tenant_of(user))"
)
_PERMISSIONS = (
    "from api.main import app; "
    "from chassis.fastapi.security.declared_permissions import permissions; "
    "print(*permissions(app))"
)


@dataclass(frozen=True)
class Background:
    """A process of the project and what it prints."""

    process: subprocess.Popen[bytes]
    output: IO[str]

    def printed(self) -> str:
        """Everything so far."""
        self.output.seek(0)
        return self.output.read()


@dataclass(frozen=True)
class Server:
    """A running API, a token for it, and its process."""

    url: str
    token: str
    running: Background

    def errors(self) -> list[str]:
        """The lines of its log that somebody on call would have to look into."""
        lines = self.running.printed().splitlines()
        return [line for line in lines if '"level":"error"' in line or "Traceback" in line]


def free_port() -> int:
    """A TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(url: str, body: object = None, **headers: str) -> tuple[int, str]:
    """GET `url`, or POST `body` as JSON; give the status and the body, whatever the status is."""
    data = None if body is None else json.dumps(body).encode()
    kind = {} if body is None else {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, {**kind, **headers})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_until_ready(url: str, running: Background) -> None:
    """Ask until the service answers 200, or fail with what it printed."""
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and running.process.poll() is None:
        with contextlib.suppress(OSError):
            if ask(url)[0] == 200:
                return
        time.sleep(0.2)
    pytest.fail(f"{url} was never ready: {running.printed()}")


def launch(project: Project, *command: str, **environment: str) -> Background:
    """Start a command of the project in a session of its own."""
    # a file, not a pipe: nobody reads along, and a full pipe would stop the server
    output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - it is read as long as the process runs
    process = subprocess.Popen(
        ["uv", "run", *command],
        cwd=project.path,
        env={**project.environment, "ENVIRONMENT": "development", **environment},
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    return Background(process, output)


@contextlib.contextmanager
def background(project: Project, *command: str, **environment: str) -> Iterator[Background]:
    """Run a command of the project meanwhile; interrupted, as by Ctrl-C, at the end."""
    running = launch(project, *command, **environment)
    try:
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.process.pid, signal.SIGINT)
        running.process.wait(timeout=60)


@contextlib.contextmanager
def serving(project: Project, *, local: bool) -> Iterator[Server]:
    """Serve the project's API alone: no worker, so nothing that a caller registers is called.

    `local` says that the service owns its accounts; else who issues tokens runs beside it: in a
    hybrid the web half, otherwise the development issuer.
    """
    ports = {name: str(free_port()) for name in ("API_PORT", "WEB_PORT", "ISSUER_PORT")}
    url = f"http://127.0.0.1:{ports['API_PORT']}"
    with contextlib.ExitStack() as stack:
        if local:
            secret = {**ports, "ADMIN_PASSWORD": PASSWORD}
            project.run(f"uv run just admin {PERSON}", environment=secret)
        elif "web" in project.halves:
            web = ("just", "with-db", "web", *SERVE_WEB, ports["WEB_PORT"])
            issuer = stack.enter_context(background(project, *web, **ports))
            wait_until_ready(f"http://127.0.0.1:{ports['WEB_PORT']}/readyz", issuer)
        else:
            stack.enter_context(background(project, "python", "-m", "devissuer", "serve", **ports))
        command = (*WITH_DB, *SERVE, ports["API_PORT"])
        served = stack.enter_context(background(project, *command, LOG_FORMAT="json", **ports))
        wait_until_ready(f"{url}/readyz", served)
        yield Server(url, _signed_in(url) if local else issue_token(project, ports), served)


@contextlib.contextmanager
def serving_web(project: Project) -> Iterator[Server]:
    """Serve the project's web half, with a key of somebody who may file and decide."""
    project.run("uv run just demo-data")
    project.run(f"uv run just with-db web python manage.py shell -c {shlex.quote(_PROMOTE)}")
    token = project.run(f"uv run just token {_MEMBER}").splitlines()[-1]
    with serving_pages(project) as server:
        yield replace(server, token=token)


@contextlib.contextmanager
def serving_pages(project: Project) -> Iterator[Server]:
    """Serve the project's web half, with a token for nobody."""
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    limits = {"API_REQUESTS_PER_MINUTE": "1000000"}
    command = ("just", "with-db", "web", *SERVE_WEB, port)
    with background(project, *command, LOG_FORMAT="json", **limits) as served:
        wait_until_ready(f"{url}/readyz", served)
        yield Server(url, "", served)


def _signed_in(url: str) -> str:
    _, answer = ask(f"{url}/v1/auth/token", {"email": PERSON, "password": PASSWORD})
    token: str = json.loads(answer)["access_token"]
    return token


def issue_token(project: Project, ports: Mapping[str, str]) -> str:
    """A development token that allows everything: of the web half, else the development issuer."""
    wanted = project.run(f'uv run python -c "{_PERMISSIONS}"', environment={"ENVIRONMENT": "build"})
    command = f'uv run just token --permissions "{wanted.splitlines()[-1]}"'
    return project.run(command, environment=ports).splitlines()[-1]
