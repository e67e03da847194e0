"""One process that uses the development database; ``test_devdb.py`` runs it as different users."""

import json
import os
import stat
import subprocess
import sys
import time

import psycopg

from chassis import devdb, service
from chassis.devdb.cluster import Cluster
from chassis.devdb.place import place
from chassis.service import Half, Service


def main(verb: str) -> None:
    """Do what the test asks for."""
    found = service.load()
    match verb:
        case "hold":
            hold(found)
        case "look":
            print(json.dumps(look(found)))  # noqa: T201
        case "url":
            print(devdb.url(found, "web"))  # noqa: T201
        case "stop":
            Cluster(place(found.root)).stop()
        case "sleep":
            time.sleep(100)


def hold(found: Service) -> None:
    """Keep the server until a line arrives."""
    with devdb.running(found):
        if "WITH_SLEEPER" in os.environ:
            subprocess.Popen(
                ["sleep", "3"],
                close_fds=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        write(found)
        print(pid(found), flush=True)  # noqa: T201
        sys.stdin.readline()


def look(found: Service) -> dict[str, object]:
    """Start the server and describe it."""
    begun = time.monotonic()
    with devdb.running(found):
        seconds = time.monotonic() - begun
        write(found)
        return {
            "seconds": seconds,
            "pid": pid(found),
            "sockets": str(place(found.root).sockets),
            "sockets_mode": stat.S_IMODE(place(found.root).sockets.stat().st_mode),
            "web": who(found, "web"),
            "api": who(found, "api"),
            "kept": kept(found),
            "may_create": one(found, "SELECT rolcreatedb FROM pg_roles WHERE rolname = 'web'"),
            "version": one(found, "SHOW server_version"),
            "listen_addresses": one(found, "SHOW listen_addresses"),
        }


def who(found: Service, half: Half) -> list[object]:
    """Say who is connected where, and who owns that."""
    with psycopg.connect(devdb.url(found, half)) as connection:
        row = connection.execute(
            "SELECT current_user, current_database(), pg_get_userbyid(datdba) "
            "FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    return list(row or ())


def write(found: Service) -> None:
    """Leave the value of WRITE in the web database."""
    if value := os.environ.get("WRITE"):
        with psycopg.connect(devdb.url(found, "web")) as connection:
            connection.execute("CREATE TABLE kept AS SELECT %s::text AS value", [value])


def kept(found: Service) -> object:
    """Read what ``write`` left."""
    there = one(found, "SELECT to_regclass('kept')")
    return one(found, "SELECT value FROM kept") if there else None


def one(found: Service, query: str) -> object:
    """Ask for one value."""
    with psycopg.connect(devdb.url(found, "web")) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def pid(found: Service) -> int:
    """Read the server's process id."""
    return int((place(found.root).data / "postmaster.pid").read_text().split()[0])


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except devdb.DevDbError as error:
        sys.stderr.write(str(error))
        sys.exit(3)
