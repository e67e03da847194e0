"""`roadbed demo`: create a service from the working copy of the templates, start it, request it."""

import os
import secrets
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from roadbed import terminal
from roadbed.creation.new import NewService, NewServiceRequest, StepFailedError, create_service
from roadbed.demo.requests import DEMO_REQUESTS, PERMISSIONS, PERSON, Request, Visitor, halves
from roadbed.demo.server import Server, free_ports, running, uninterrupted
from roadbed.errors import CouldNotRunError, UsageError
from roadbed.template.questions import read_questions
from roadbed.template.source import Source, snapshot_source
from roadbed.toolchain import uv

_PORTS = {
    "web": "WEB_PORT",
    "api": "API_PORT",
    "issuer": "ISSUER_PORT",
    "receiver": "RECEIVER_PORT",
}
# A throw-away repository needs an author, and git may have none configured.
_AUTHOR = {
    "GIT_AUTHOR_NAME": "Roadbed demo",
    "GIT_AUTHOR_EMAIL": "demo@localhost",
    "GIT_COMMITTER_NAME": "Roadbed demo",
    "GIT_COMMITTER_EMAIL": "demo@localhost",
}


@dataclass(frozen=True)
class DemoRequest:
    """The plan to show; with `keep` the service stays in that folder."""

    plan: str
    once: bool = False
    keep: Path | None = None


def run_demo(request: DemoRequest, source: Source) -> None:
    """Create, start, request and stop a service of the plan; only `keep` stays.

    Raises CouldNotRunError when the service does not start or gives an unexpected answer.
    """
    read_questions(source).require_plan(request.plan)
    if request.plan not in DEMO_REQUESTS:
        raise UsageError(f"There is no demo of {request.plan}: try {' or '.join(DEMO_REQUESTS)}.")
    with _workspace() as workspace:
        templates = snapshot_source(source, workspace)
        folder = request.keep or workspace / "demo"
        author = {} if request.keep else _AUTHOR
        wanted = NewServiceRequest(
            request.plan,
            folder,
            defaults=True,
            environment={**author, "TMPDIR": str(workspace / "tmp")},
        )
        service = _create(wanted, templates)
        environment = _environment(workspace)
        with _running_service(request.plan, service.path, environment, workspace) as server:
            _show(request, server, service.path, environment)
    if request.keep:
        terminal.say(
            f"The service stays in {service.path}. It runs and can be changed, but not updated:"
        )
        terminal.say("the copy of the templates that it was made from is deleted.")


def _create(request: NewServiceRequest, templates: Source) -> NewService:
    try:
        return create_service(request, templates)
    except StepFailedError as error:  # its message gives advice for a folder that stays
        raise CouldNotRunError(f"`{error.step}` failed in the demo: see above.") from error


@contextmanager
def _workspace() -> Iterator[Path]:
    """Yield a temporary folder for all files of the demo; it is removed afterwards."""
    root = os.geteuid() == 0
    workspace = Path(
        tempfile.mkdtemp(prefix="roadbed-demo-", dir=_public_temporary_folder() if root else None)
    )
    try:
        (workspace / "tmp").mkdir()  # uv leaves its locks in it
        (workspace / "cache").mkdir()
        for folder in (workspace, workspace / "cache") if root else ():
            folder.chmod(0o711)  # another user must pass through, but need not list it
        yield workspace
    finally:
        with uninterrupted():
            shutil.rmtree(workspace, ignore_errors=True)


def _public_temporary_folder() -> str | None:
    """Return a temporary folder that all users reach: root's database runs as another user."""
    for place in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 (mkdtemp goes in it)
        path = Path(place).resolve()
        parts = (path, *path.parents)
        if all(part.is_dir() and part.stat().st_mode & stat.S_IXOTH for part in parts):
            return place
    return None


def _environment(workspace: Path) -> dict[str, str]:
    """Return the service's environment: its database in `workspace`, uv's cache as it was."""
    program = uv.find()
    cache = subprocess.run(
        [program, "cache", "dir"], capture_output=True, text=True, check=True
    ).stdout.strip()
    service_urls = ("DATABASE_URL", "WEB_DATABASE_URL", "API_DATABASE_URL")
    inherited = {
        key: value for key, value in uv.environment(program).items() if key not in service_urls
    }
    return {
        **inherited,
        "ENVIRONMENT": "development",
        "XDG_CACHE_HOME": str(workspace / "cache"),
        "UV_CACHE_DIR": cache,
        "TMPDIR": str(workspace / "tmp"),
        "DEMO_PASSWORD": secrets.token_urlsafe(12),
        "NO_COLOR": "1",
    }


@contextmanager
def _running_service(
    plan: str, service: Path, environment: dict[str, str], workspace: Path
) -> Iterator[Server]:
    ports = free_ports(list(_PORTS))
    environment.update({_PORTS[half]: str(port) for half, port in ports.items()})
    just = [uv.find(), "run", "--no-sync", "just"]
    with ExitStack() as stack:
        if "api" in halves(DEMO_REQUESTS[plan]):
            log = workspace / "receiver.log"
            stack.enter_context(running([*just, "receiver"], service, environment, ports, log))
        log = workspace / "server.log"
        server = stack.enter_context(running([*just, "up"], service, environment, ports, log))
        with terminal.step("Starting the database and the servers"):
            server.wait_ready(halves(DEMO_REQUESTS[plan]))
        yield server


def _show(
    wanted: DemoRequest, server: Server, service: Path, environment: Mapping[str, str]
) -> None:
    with terminal.step("Filling in the data of a small company"):
        _just(service, environment, "demo-data")
    requests = DEMO_REQUESTS[wanted.plan]
    visitor = Visitor(
        {half: server.url(half) for half in halves(requests)},
        {"password": environment["DEMO_PASSWORD"], "receiver": server.url("receiver")},
        token=_token(requests, service, environment),
    )
    _send(requests, visitor)
    if not wanted.once:
        _keep_running(wanted.plan, server, environment["DEMO_PASSWORD"])


def _token(requests: tuple[Request, ...], service: Path, environment: Mapping[str, str]) -> str:
    if not any(request.token for request in requests):
        return ""
    return _just(service, environment, "token", "--permissions", PERMISSIONS).split()[-1]


def _send(requests: tuple[Request, ...], visitor: Visitor) -> None:
    rows = []
    try:
        for request in requests:
            rows.append(visitor.visit(request).row())  # noqa: PERF401 (shown when one fails)
    finally:
        if rows:
            terminal.say()
            terminal.table([("half", "request", "status", "time", "answer"), *rows], right={2, 3})


def _keep_running(plan: str, server: Server, password: str) -> None:
    terminal.say()
    for half in halves(DEMO_REQUESTS[plan]):
        terminal.say(f"  {half}  {server.url(half)}{'/docs' if half == 'api' else '/'}")
    if "web" in halves(DEMO_REQUESTS[plan]):
        terminal.say(f"       sign in as {PERSON} with {password}")
    try:
        terminal.say("\nPress Ctrl-C to stop the service and remove everything.")
        while server.child.poll() is None:
            time.sleep(0.2)
    except KeyboardInterrupt as interrupt:
        if interrupt.args[:1] != (signal.SIGINT,):
            raise
        terminal.note("\nStopping.")
        return
    raise CouldNotRunError("The server stopped unexpectedly: see its last lines above.")


def _just(service: Path, environment: Mapping[str, str], *recipe: str) -> str:
    done = subprocess.run(
        [uv.find(), "run", "--no-sync", "just", *recipe],
        cwd=service,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        for line in (done.stdout + done.stderr).strip().splitlines()[-15:]:
            terminal.note(f"  {line}")
        raise CouldNotRunError(f"`just {shlex.join(recipe)}` failed in the demo: see above.")
    return done.stdout
