"""The verbs of `python -m chassis`: which module does each, and where it may run."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from chassis.environment import read_environment
from chassis.errors import UserError
from chassis.service import Half, Service

_HALF_NAMES: dict[Half, str] = {"web": "web half", "api": "API"}


@dataclass(frozen=True)
class Verb:
    """One verb. Its `module` has `run(service, options)`, which may return an exit code, and
    `declare(parser)` when there are options. It is imported only when the verb runs, because an
    image lacks what the modules of development need.

    `half` is the half that a service must have. `anywhere` verbs run in production and in a build;
    the others run in development and tests alone. `passes_on` hands unknown arguments on.
    """

    name: str
    module: str
    help: str
    half: Half | None = None
    anywhere: bool = False
    passes_on: bool = False

    def load(self, service: Service) -> ModuleType:
        """Import the module.

        Raises UserError where the verb cannot run, SettingsError in a build.
        """
        if self.half and self.half not in service.halves:
            name = _HALF_NAMES[self.half]
            raise UserError(f"This service has no {name}, which `{self.name}` is for.")
        if not self.anywhere:
            self._require_development(service)
        return import_module(self.module)

    def _require_development(self, service: Service) -> None:
        environment = read_environment(service)
        environment.refuse_build()
        if not environment.is_local:
            raise UserError(
                f"`{self.name}` is for development, and ENVIRONMENT (unset means production) says "
                f"otherwise: use `uv run just {self.name}`, or set ENVIRONMENT=development."
            )


VERBS = (
    Verb("up", "chassis.dev.up", "start the database, the migrations and every server"),
    Verb("migrate", "chassis.migrate", "bring every database to its newest schema", anywhere=True),
    Verb(
        "worker",
        "chassis.fastapi.jobs.processes",
        "run jobs until told to stop",
        half="api",
        anywhere=True,
    ),
    Verb(
        "scheduler",
        "chassis.fastapi.jobs.processes",
        "enqueue periodic tasks until told to stop",
        half="api",
        anywhere=True,
    ),
    Verb("migration", "chassis.dev.migration", "write a migration from the models of a half"),
    Verb("with-db", "chassis.dev.with_db", "run a command with a half's database up"),
    Verb("demo-data", "chassis.dev.demo_data", "fill the development database"),
    Verb("admin", "chassis.dev.admin", "make an administrator"),
    Verb("token", "chassis.dev.token", "print a development token", passes_on=True),
    Verb(
        "receiver",
        "chassis.dev.api.receiver",
        "receive webhooks on this machine and show them",
        half="api",
    ),
    Verb(
        "jobs",
        "chassis.operations.jobs",
        "look at the queues, retry and cancel jobs",
        anywhere=True,
    ),
    Verb(
        "backup",
        "chassis.operations.backup",
        "write a half's database to a file",
        anywhere=True,
    ),
    Verb(
        "restore",
        "chassis.operations.restore",
        "fill a half's database from a file",
        anywhere=True,
    ),
    Verb(
        "subject",
        "chassis.operations.subjects",
        "export or erase what is stored of a person",
        half="api",
        anywhere=True,
    ),
    Verb(
        "generate",
        "chassis.dev.generate",
        "write the files that follow from the code",
        anywhere=True,
    ),
    Verb(
        "lint-migrations",
        "chassis.dev.api.migration_lint",
        "lint the SQL of the API's migrations",
        half="api",
        anywhere=True,
    ),
    Verb(
        "standards",
        "chassis.dev.standards",
        "show the behavioral standards and how to keep them",
        anywhere=True,
    ),
    Verb(
        "client",
        "chassis.dev.api.client",
        "write a typed Python client from the contract",
        half="api",
        anywhere=True,
    ),
    Verb("drop-example", "chassis.dev.example", "remove the example, its tables and its tests"),
)


def chosen(arguments: Sequence[str]) -> Verb | None:
    """Return the verb that the first of `arguments` names."""
    return next((verb for verb in VERBS if [verb.name] == list(arguments[:1])), None)


def parse(arguments: Sequence[str], module: ModuleType | None = None) -> argparse.Namespace:
    """Read `arguments`, whose first is a verb; `module` declares the options of that verb.

    Ends the process with a usage message as argparse does.
    """
    parser = argparse.ArgumentParser(
        prog="python -m chassis", description="The commands behind the recipes of the justfile."
    )
    subparsers = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in VERBS:
        subparser = subparsers.add_parser(verb.name, help=verb.help, add_help=not verb.passes_on)
        if module and verb.name == arguments[0] and hasattr(module, "declare"):
            module.declare(subparser)
    options, rest = parser.parse_known_args(arguments)
    named = chosen(arguments)
    if rest and not (named and named.passes_on):
        parser.error(f"unknown: {' '.join(rest)}")
    return argparse.Namespace(**vars(options), arguments=rest)
