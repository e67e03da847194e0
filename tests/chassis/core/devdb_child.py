"""One process that uses the development database; ``test_devdb.py`` runs it as different users."""

import json
import os
import stat
import subprocess
import sys
import time

import psycopg

from chassis import devdb
from chassis.devdb.cluster import Cluster
from chassis.devdb.place import place
from chassis.service import Half, Service, load


def main(verb: str) -> None:
    """Do what the test asks for."""
    service = load()
    match verb:
        case "hold":
            hold(service)
        case "look":
            print(json.dumps(look(service)))  # noqa: T201
        case "url":
            print(devdb.url(service, "web"))  # noqa: T201
        case "stop":
            Cluster(place(service.root)).stop()
        case "sleep":
            time.sleep(100)


def hold(service: Service) -> None:
    """Keep the server until a line arrives."""
    with devdb.running(service):
        if "WITH_SLEEPER" in os.environ:
            subprocess.Popen(
                ["sleep", "3"],
                close_fds=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        write(service)
        print(pid(service), flush=True)  # noqa: T201
        sys.stdin.readline()


def look(service: Service) -> dict[str, object]:
    """Start the server and describe it."""
    begun = time.monotonic()
    with devdb.running(service):
        seconds = time.monotonic() - begun
        write(service)
        return {
            "seconds": seconds,
            "pid": pid(service),
            "sockets": str(place(service.root).sockets),
            "sockets_mode": stat.S_IMODE(place(service.root).sockets.stat().st_mode),
            "web": who(service, "web"),
            "api": who(service, "api"),
            "kept": kept(service),
            "may_create": one(service, "SELECT rolcreatedb FROM pg_roles WHERE rolname = 'web'"),
            "version": one(service, "SHOW server_version"),
            "listen_addresses": one(service, "SHOW listen_addresses"),
        }


def who(service: Service, half: Half) -> list[object]:
    """Say who is connected where, and who owns that."""
    with psycopg.connect(devdb.url(service, half)) as connection:
        row = connection.execute(
            "SELECT current_user, current_database(), pg_get_userbyid(datdba) "
            "FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    return list(row or ())


def write(service: Service) -> None:
    """Leave the value of WRITE in the web database."""
    if value := os.environ.get("WRITE"):
        with psycopg.connect(devdb.url(service, "web")) as connection:
            connection.execute("CREATE TABLE kept AS SELECT %s::text AS value", [value])


def kept(service: Service) -> object:
    """Read what ``write`` left."""
    there = one(service, "SELECT to_regclass('kept')")
    return one(service, "SELECT value FROM kept") if there else None


def one(service: Service, query: str) -> object:
    """Ask for one value."""
    with psycopg.connect(devdb.url(service, "web")) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def pid(service: Service) -> int:
    """Read the server's process id."""
    return int((place(service.root).data / "postmaster.pid").read_text().split()[0])


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except devdb.DevDbError as error:
        sys.stderr.write(str(error))
        sys.exit(3)
