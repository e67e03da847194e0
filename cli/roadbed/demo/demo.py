"""Show a plan at work: make it from the templates as they lie, start it, ask it, stop it."""

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

from roadbed import terminal as output
from roadbed.creation import new
from roadbed.demo.requests import PERMISSIONS, PERSON, TOURS, Request, Visitor, halves
from roadbed.demo.server import Server, free_ports, running, uninterrupted
from roadbed.errors import CouldNotRunError, UsageError
from roadbed.template import questions as questionnaire
from roadbed.template import source as sources
from roadbed.template.source import Source
from roadbed.toolchain import uv

_PORTS = {
    "web": "WEB_PORT",
    "api": "API_PORT",
    "issuer": "ISSUER_PORT",
    "receiver": "RECEIVER_PORT",
}
# A throw-away repository needs an author, and the machine may know none.
_NOBODY = {
    "GIT_AUTHOR_NAME": "Roadbed demo",
    "GIT_AUTHOR_EMAIL": "demo@localhost",
    "GIT_COMMITTER_NAME": "Roadbed demo",
    "GIT_COMMITTER_EMAIL": "demo@localhost",
}


@dataclass(frozen=True)
class DemoRequest:
    """What to show: `keep` names a folder in which the service stays afterwards."""

    plan: str
    once: bool = False
    keep: Path | None = None


def run_demo(request: DemoRequest, source: Source) -> None:
    """Make, start, ask and stop a service of the plan; nothing stays behind but `keep`.

    Raises CouldNotRunError when it does not start or answers other than it should.
    """
    questionnaire.read(source).require_plan(request.plan)
    if request.plan not in TOURS:
        raise UsageError(f"There is no tour of {request.plan}: try {' or '.join(TOURS)}.")
    with _workspace() as room:
        templates = sources.snapshot(source, room)
        service = request.keep or room / "demo"
        author = {} if request.keep else _NOBODY
        order = new.Order(
            request.plan,
            service,
            defaults=True,
            environment={**author, "TMPDIR": str(room / "tmp")},
        )
        made = _make(order, templates)
        environment = _environment(room)
        with _serving(request.plan, made.path, environment, room) as server:
            _show(request, server, made.path, environment)
    if request.keep:
        output.say(f"The service stays in {made.path}, made from a copy of the templates that is")
        output.say("gone: it runs and can be changed, and `copier update` cannot reach it.")


def _make(order: new.Order, templates: Source) -> new.Made:
    try:
        return new.create(order, templates)
    except new.StepFailedError as error:  # whose advice is for a folder that stays
        raise CouldNotRunError(f"`{error.step}` failed in the demo: see above.") from error


@contextmanager
def _workspace() -> Iterator[Path]:
    """A folder for everything that the demo needs, gone afterwards."""
    root = os.geteuid() == 0
    room = Path(tempfile.mkdtemp(prefix="roadbed-demo-", dir=_passable() if root else None))
    try:
        (room / "tmp").mkdir()  # uv leaves its locks in it
        (room / "cache").mkdir()
        for folder in (room, room / "cache") if root else ():
            folder.chmod(0o711)  # another user must pass through, and need not look around
        yield room
    finally:
        with uninterrupted():
            shutil.rmtree(room, ignore_errors=True)


def _passable() -> str | None:
    """A folder for temporary files that everybody reaches: root's database runs as another user."""
    for place in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 (mkdtemp goes in it)
        path = Path(place).resolve()
        parts = (path, *path.parents)
        if all(part.is_dir() and part.stat().st_mode & stat.S_IXOTH for part in parts):
            return place
    return None


def _environment(room: Path) -> dict[str, str]:
    """The service's environment: its database's files lie in `room`, uv's cache where it was."""
    program = uv.find()
    cache = subprocess.run(
        [program, "cache", "dir"], capture_output=True, text=True, check=True
    ).stdout.strip()
    foreign = ("DATABASE_URL", "WEB_DATABASE_URL", "API_DATABASE_URL")
    inherited = {key: value for key, value in uv.environment(program).items() if key not in foreign}
    return {
        **inherited,
        "ENVIRONMENT": "development",
        "XDG_CACHE_HOME": str(room / "cache"),
        "UV_CACHE_DIR": cache,
        "TMPDIR": str(room / "tmp"),
        "SEED_PASSWORD": secrets.token_urlsafe(12),
        "NO_COLOR": "1",
    }


@contextmanager
def _serving(plan: str, service: Path, environment: dict[str, str], room: Path) -> Iterator[Server]:
    ports = free_ports(list(_PORTS))
    environment.update({_PORTS[half]: str(port) for half, port in ports.items()})
    just = [uv.find(), "run", "--no-sync", "just"]
    with ExitStack() as stack:
        if "api" in halves(TOURS[plan]):
            log = room / "receiver.log"
            stack.enter_context(running([*just, "receiver"], service, environment, ports, log))
        log = room / "server.log"
        server = stack.enter_context(running([*just, "up"], service, environment, ports, log))
        with output.step("Starting the database and the servers"):
            server.wait_ready(halves(TOURS[plan]))
        yield server


def _show(
    wanted: DemoRequest, server: Server, service: Path, environment: Mapping[str, str]
) -> None:
    with output.step("Filling in the data of a small company"):
        _just(service, environment, "seed")
    requests = TOURS[wanted.plan]
    visitor = Visitor(
        {half: server.url(half) for half in halves(requests)},
        {"password": environment["SEED_PASSWORD"], "receiver": server.url("receiver")},
        token=_token(requests, service, environment),
    )
    _ask(requests, visitor)
    if not wanted.once:
        _linger(wanted.plan, server, environment["SEED_PASSWORD"])


def _token(requests: tuple[Request, ...], service: Path, environment: Mapping[str, str]) -> str:
    if not any(request.token for request in requests):
        return ""
    return _just(service, environment, "token", "--permissions", PERMISSIONS).split()[-1]


def _ask(requests: tuple[Request, ...], visitor: Visitor) -> None:
    rows = []
    try:
        for request in requests:
            rows.append(visitor.visit(request).row())  # noqa: PERF401 (shown when one fails)
    finally:
        if rows:
            output.say()
            output.table([("half", "request", "status", "time", "answer"), *rows], right={2, 3})


def _linger(plan: str, server: Server, password: str) -> None:
    output.say()
    for half in halves(TOURS[plan]):
        output.say(f"  {half}  {server.url(half)}{'/docs' if half == 'api' else '/'}")
    if "web" in halves(TOURS[plan]):
        output.say(f"       sign in as {PERSON} with {password}")
    try:
        output.say("\nCtrl-C stops it and removes everything.")
        while server.child.poll() is None:
            time.sleep(0.2)
    except KeyboardInterrupt as interrupt:
        if interrupt.args[:1] != (signal.SIGINT,):
            raise
        output.note("\nStopping.")
        return
    raise CouldNotRunError("The server ended by itself: see its last lines above.")


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
            output.note(f"  {line}")
        raise CouldNotRunError(f"`just {shlex.join(recipe)}` failed in the demo: see above.")
    return done.stdout
