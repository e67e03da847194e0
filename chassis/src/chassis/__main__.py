"""``python -m chassis VERB``: the chores behind the recipes of the justfile."""

import argparse
import os
import signal
import sys

from chassis import migrate, operations, processes, service
from chassis.processes import CommandFailedError
from chassis.service import HALVES, Service, ServiceError
from chassis.settings import SettingsError

_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Do one chore; return the process's exit code. A user's mistake is one sentence."""
    options = _options(arguments)
    # a chore that is told to stop stops the database that it started
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        found = service.load()
        os.chdir(found.root)
        return _do(found, options)
    except CommandFailedError as error:
        return error.code
    except (ServiceError, SettingsError, operations.OperationError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _do(found: Service, options: argparse.Namespace) -> int:
    if options.verb == "migrate" and not migrate.needs_server(found):
        migrate.given(found)
        return 0
    if options.verb in ("worker", "scheduler"):
        processes.beside(found, options.verb)
        return 0
    if options.verb in operations.VERBS:
        return operations.run(found, options)
    # only here: an image lacks what these need
    from chassis.dev import chores  # noqa: PLC0415

    return chores.run(found, options)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; what follows ``token`` is another program's to read."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.verb != "token":
        parser.error(f"unknown: {' '.join(rest)}")
    return argparse.Namespace(**vars(options), arguments=rest)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chassis", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    up = verbs.add_parser("up", help="start the database, the migrations and every server")
    up.add_argument("--no-reload", dest="reload", action="store_false", help="watch no files")
    verbs.add_parser("migrate", help="bring every database to its newest schema")
    verbs.add_parser("worker", help="run jobs until told to stop")
    verbs.add_parser("scheduler", help="enqueue periodic tasks until told to stop")
    migration = verbs.add_parser("migration", help="write a migration from the models of a half")
    migration.add_argument("half", choices=HALVES)
    migration.add_argument("message", help="what it does, in a few words")
    with_db = verbs.add_parser("with-db", help="run a command with a half's database up")
    with_db.add_argument("half", choices=HALVES)
    with_db.add_argument("command", nargs=argparse.REMAINDER)
    verbs.add_parser("seed", help="fill the development database")
    admin = verbs.add_parser("admin", help="make an administrator")
    admin.add_argument("email")
    verbs.add_parser("token", help="print a development token", add_help=False)
    verbs.add_parser("receiver", help="receive webhooks on this machine and show them")
    operations.declare(verbs)
    generate = verbs.add_parser("generate", help="write the files that follow from the code")
    generate.add_argument("--check", action="store_true", help="write nothing; fail if one differs")
    verbs.add_parser("lint-migrations", help="lint the SQL of the API's migrations")
    verbs.add_parser("standards", help="show the behavioural standards and how to keep them")
    verbs.add_parser("client", help="write a typed Python client from the contract")
    verbs.add_parser("drop-example", help="remove the example, its tables and its tests")
    return parser


if __name__ == "__main__":
    sys.exit(main())
