"""The operators' verbs: their options, and which module does which."""

import argparse
from contextlib import AbstractContextManager, nullcontext

from chassis import migrate, settings
from chassis.operations import backups, jobs, subjects
from chassis.operations.errors import OperationError
from chassis.service import HALVES, Half, Service

VERBS = ("jobs", "backup", "restore", "subject")


def declare(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the operators' verbs to the command line."""
    queues = verbs.add_parser("jobs", help="look at the queues, retry and cancel jobs")
    queues.add_argument("--half", choices=HALVES, help="in a hybrid the API's unless said: web")
    jobs.declare(queues)
    for name, what in (
        ("backup", "write a half's database to a file"),
        ("restore", "fill a half's database from a file"),
    ):
        verb = verbs.add_parser(name, help=what)
        verb.add_argument("--half", choices=HALVES, help="where the service has two")
        backups.declare(verb, name)
    subjects.declare(verbs.add_parser("subject", help="export or erase what is stored of a person"))


def run(service: Service, options: argparse.Namespace) -> int:
    """Do what ``options`` say; return the exit code.

    Raises OperationError, SettingsError, CommandFailedError.
    """
    with _server(service):
        match options.verb:
            case "jobs":
                ours: Half = "api" if "api" in service.halves else "web"
                jobs.run(_address(service, options.half or ours), options)
            case "subject":
                _check(service, "api")
                subjects.run(service, options)
            case "backup":
                backups.backup(service, _address(service, _half(service, options)), options)
            case "restore":
                half = _half(service, options)
                backups.restore(service, _address(service, half), options)
                migrate.run(service, half)
    return 0


def _half(service: Service, options: argparse.Namespace) -> Half:
    if options.half is None and len(service.halves) != 1:
        raise OperationError("Say which database is meant: --half web or --half api.")
    half: Half = options.half or service.halves[0]
    return half


def _check(service: Service, half: Half) -> None:
    if half not in service.halves:
        raise OperationError(f"This service has no {half} half.")


def _address(service: Service, half: Half) -> str:
    """Return the address of ``half``'s database. Raises OperationError, SettingsError."""
    _check(service, half)
    if given := settings.database_url(service, half):
        return given
    if not settings.environment(service).is_local:
        raise OperationError(
            "DATABASE_URL: missing; set it to postgresql://user:password@host/database."
        )
    # only here: an image lacks it
    from chassis import devdb  # noqa: PLC0415

    return devdb.url(service, half)


def _server(service: Service) -> AbstractContextManager[None]:
    """Keep the development database running where that is the one that is meant."""
    if not migrate.needs_server(service):
        return nullcontext()
    from chassis import devdb  # noqa: PLC0415

    return devdb.available(service)
