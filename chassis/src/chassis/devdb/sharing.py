"""Sharing one server between the processes of a checkout."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from urllib.parse import quote

from chassis.devdb import binaries, locks
from chassis.devdb.cluster import Cluster
from chassis.devdb.errors import DevDbError
from chassis.devdb.place import make_folder, place
from chassis.environment import database_url, read_environment
from chassis.service import Half, Service


def url(service: Service, half: Half) -> str:
    """Return the address of `half`'s development database. It starts no server."""
    sockets = quote(str(place(service.root).sockets), safe="/")
    return f"postgresql://{half}@/{half}?host={sockets}&port=5432"


def programs() -> Path:
    """Return the folder of the server's programs (`pg_dump` and so on). Raises DevDbError."""
    return binaries.find(None)


def available(service: Service) -> AbstractContextManager[None]:
    """Keep the server running, unless the environment has an address for every half."""
    has_addresses = all(database_url(service, half) for half in service.halves)
    return nullcontext() if has_addresses and service.halves else running(service)


@contextmanager
def running(service: Service) -> Iterator[None]:
    """Keep the server of `service`'s checkout running, with a role and a database per half.

    The first process starts it, in about a second for a new one and a tenth of a second later on.
    The last one to leave stops it. The kernel releases the lock of a killed process, so the next
    process finds the server that it left.

    During the block this process and its children do not see PGHOST, PGSERVICE, PGPASSWORD and
    similar variables: they name other servers, and some of them win over an address.

    Raises SettingsError in a build, DevDbError in production and when there is no PostgreSQL or no
    place for its data.
    """
    environment = read_environment(service)
    environment.refuse_build()
    if not environment.is_local:
        raise DevDbError(
            "The development database does not run in production (ENVIRONMENT unset means "
            "production): set ENVIRONMENT=development or test, or DATABASE_URL."
        )
    where = place(service.root)
    cluster = Cluster(where)
    make_folder(where.home, mode=0o755 if where.account else 0o700)
    gate, users = where.home / "gate", where.home / "users"
    with _without_libpq_variables(), locks.opened(users) as hold:
        with locks.alone(gate):
            locks.share(hold)
            cluster.start(service.halves)
        try:
            yield
        finally:
            with locks.alone(gate):
                if locks.try_exclusive(hold):
                    cluster.stop()


@contextmanager
def _without_libpq_variables() -> Iterator[None]:
    hidden = {name: value for name, value in os.environ.items() if name.startswith("PG")}
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)
