"""`python -m chassis up`: the database, the migrations and every server of the service."""

import argparse
import os
import shlex
import socket
import sys
from dataclasses import dataclass

from chassis import devdb, migrate
from chassis.dev.admin import owns_accounts
from chassis.environment import lookup
from chassis.errors import UserError
from chassis.service import Half, Service

_HOST = "127.0.0.1"
_APPLICATIONS: dict[Half, tuple[str, str]] = {
    "web": ("wsgi", "web.wsgi:application"),
    "api": ("asgi", "api.main:app"),
}
# enough threads for one developer; granian warns of its own default
_OPTIONS = {"wsgi": ["--no-ws", "--blocking-threads", "4"], "asgi": ["--ws"]}
_PORTS = {
    "web": ("WEB_PORT", 8000),
    "api": ("API_PORT", 8001),
    "issuer": ("ISSUER_PORT", 8002),
    "receiver": ("RECEIVER_PORT", 8003),
}


@dataclass(frozen=True)
class Process:
    """One process: its name, its port if it serves one, and its command."""

    name: str
    port: int | None
    command: list[str]


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the option that turns reloading off."""
    parser.add_argument("--no-reload", dest="reload", action="store_false", help="watch no files")


def run(service: Service, options: argparse.Namespace) -> int:
    """Run until a signal arrives or a server ends; return the exit code.

    Raises UserError when a port is taken, DevDbError, CommandFailedError.
    """
    processes = plan(service, reload=options.reload)
    served = [(process.name, process.port) for process in processes if process.port]
    for name, number in served:
        _check_port(name, number)
    with devdb.available(service):
        migrate.upgrade(service)
        for name, number in served:
            sys.stdout.write(f"{name}: http://{_HOST}:{number}\n")
        sys.stdout.flush()
        return _manage(service, processes)


def plan(service: Service, *, reload: bool) -> list[Process]:
    """Say which processes `up` runs: a server for each half, a token issuer where none of them is
    one, and what runs each half's jobs."""
    planned = [_server(service, half, reload=reload) for half in service.halves]
    if "api" in service.halves and not owns_accounts(service):
        command = [sys.executable, "-m", "devissuer", "serve"]
        planned.append(Process("issuer", port(service, "issuer"), command))
    if "web" in service.halves:
        for name in ("worker", "scheduler"):
            own = [sys.executable, "manage.py", name]
            planned.append(_beside(service, "web", f"web-{name}", own, reload=reload))
    if "api" in service.halves:
        for name in ("worker", "scheduler"):
            own = [sys.executable, "-m", "chassis", name]
            planned.append(_beside(service, "api", name, own, reload=reload))
    return planned


def port(service: Service, name: str) -> int:
    """Return the port of `web`, `api`, `issuer` or `receiver`.

    Raises UserError if it is no number.
    """
    variable, default = _PORTS[name]
    value = lookup(service, variable) or str(default)
    if not value.isdecimal() or not 0 < int(value) < 65536:  # noqa: PLR2004 - the range of a port
        raise UserError(f"{variable} is not a port: set it to a number below 65536.")
    return int(value)


def _server(service: Service, half: Half, *, reload: bool) -> Process:
    interface, application = _APPLICATIONS[half]
    number = port(service, half)
    command = [sys.executable, "-m", "granian", "--interface", interface, "--host", _HOST]
    # a worker that loses its signal while it starts is ended all the same
    command += ["--port", str(number), "--workers-kill-timeout", "3", *_OPTIONS[interface]]
    if reload:
        # a file saved half-written ends the worker, and the next save starts it again
        command += ["--reload", "--reload-ignore-worker-failure"]
        command += ["--reload-paths", str(service.root / half)]
    return Process(half, number, [*command, application])


def _beside(
    service: Service, half: Half, name: str, command: list[str], *, reload: bool
) -> Process:
    if reload:
        watched = str(service.root / half)
        command = [sys.executable, "-m", "chassis.dev.rerun", watched, *command]
    return Process(name, None, command)


def _check_port(name: str, number: int) -> None:
    with socket.socket() as probe:
        # as the server does: a port that just closed is free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, number))
        except OSError as error:
            variable, _ = _PORTS[name]
            raise UserError(
                f"Port {number} for {name} cannot be used ({error.strerror}): stop what uses it, "
                f"or choose another in .env, which every command reads: {variable}={number + 10}."
            ) from error


def _manage(service: Service, processes: list[Process]) -> int:
    # only here: the other chores also run in containers, which lack it
    from honcho.manager import Manager  # type: ignore[import-untyped]  # noqa: PLC0415

    manager = Manager()
    ports = {_PORTS[item.name][0]: str(item.port) for item in processes if item.port}
    environment = {**os.environ, **ports, "PYTHONUNBUFFERED": "1"}
    for process in processes:
        manager.add_process(
            process.name, shlex.join(process.command), env=environment, cwd=str(service.root)
        )
    manager.loop()
    return int(manager.returncode or 0)
