"""Which module does which verb of ``python -m chassis``."""

import argparse
import sys

from chassis import devdb, migrate, processes
from chassis.conformance import catalogue
from chassis.dev import accounts, database, example, generate, token, up
from chassis.dev.errors import ChoreError
from chassis.service import Service
from chassis.settings import environment

# these read and write files alone, and run in a build too
_NEED_NOTHING = ("client", "generate", "lint-migrations", "standards")
_NEED_API = ("client", "lint-migrations", "receiver")


def run(service: Service, options: argparse.Namespace) -> int:
    """Do the chore that ``options`` name; return the exit code.

    Raises CommandFailedError and SettingsError; every other mistake is printed as one sentence.
    """
    try:
        _check(service, options)
        return _do(service, options)
    except (ChoreError, devdb.DevDbError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _check(service: Service, options: argparse.Namespace) -> None:
    if options.verb in _NEED_API and "api" not in service.halves:
        raise ChoreError(f"This service has no API, which `{options.verb}` is for.")
    if options.verb in _NEED_NOTHING:
        return
    here = environment(service)
    here.refuse_build()
    if not here.is_local:
        raise ChoreError(
            f"`{options.verb}` is for development, and ENVIRONMENT (unset means production) says "
            f"otherwise: use `uv run just {options.verb}`, or set ENVIRONMENT=development."
        )
    half = getattr(options, "half", None)
    if half and half not in service.halves:
        raise ChoreError(f"This service has no {half} half: use {' or '.join(service.halves)}.")


def _do(service: Service, options: argparse.Namespace) -> int:  # noqa: C901 - one line a verb
    match options.verb:
        case "up":
            return up.run(service, reload=options.reload)
        case "migrate":
            with devdb.available(service):
                migrate.run(service)
        case "migration":
            database.write_migration(service, options.half, options.message)
        case "with-db":
            database.with_database(service, options.half, options.command)
        case "seed":
            database.seed(service)
        case "admin":
            accounts.make_administrator(service, options.email)
        case "token":
            token.run(service, options.arguments)
        case "receiver":
            _receive(service)
        case "drop-example":
            _drop(service)
        case _:
            _do_with_files(service, options)
    return 0


def _do_with_files(service: Service, options: argparse.Namespace) -> None:
    match options.verb:
        case "generate":
            _generate(service, check=options.check)
        case "lint-migrations":
            _lint_migrations(service)
        case "standards":
            _standards(service)
        case "client":
            _client(service)


def _generate(service: Service, *, check: bool) -> None:
    if not check:
        _say(f"Wrote {', '.join(generate.write(service))}.")
    elif drifted := generate.drifted(service):
        raise ChoreError(
            f"The code moved on and {', '.join(drifted)} did not: run `just generate` and commit."
        )


# a service without an API lacks chassis.dev.api, so its modules are imported where they are used


def _receive(service: Service) -> None:
    from chassis.dev.api import receiver  # noqa: PLC0415

    receiver.run(service)


def _client(service: Service) -> None:
    from chassis.dev.api import client  # noqa: PLC0415

    _say(f"Wrote {client.generate(service).relative_to(service.root)}.")


def _lint_migrations(service: Service) -> None:
    from chassis.dev.api import migration_lint  # noqa: PLC0415

    migration_lint.run(service)


def _standards(service: Service) -> None:
    if "web" in service.halves:
        processes.run(service, *processes.tool("web", "standards"))
    if "api" in service.halves:
        # only here: a service without an API lacks the framework
        from chassis.fastapi.conformance import RULES  # noqa: PLC0415

        _say(catalogue.page("api", RULES))


def _drop(service: Service) -> None:
    gone = [str(folder.relative_to(service.root)) for folder in example.run(service)]
    if not gone:
        _say("The example is gone already.")
        return
    _say(f"Removed {', '.join(gone)}; commit it: git add -A && git commit -m 'Drop the example'.")
    own = " and ".join(f"{name}_*" for name in service.example.values())
    _say(
        f"Other environments keep the example's tables ({own}) when they migrate: to be rid of "
        "them, run DROP TABLE there once this is deployed."
    )


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
