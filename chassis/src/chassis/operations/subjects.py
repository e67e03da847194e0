"""`python -m chassis subject export|erase`: what is stored about a person, and erasing it.

Both end with a log line without personal data: `subject_sha256` is the SHA-256 of issuer, space
and subject, by which an auditor who knows them finds it.
"""

import argparse
import asyncio
import hashlib
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from chassis import logs
from chassis.auth import TrustedIssuer
from chassis.errors import UserError
from chassis.operations import databases
from chassis.operations.questions import confirmed
from chassis.service import Service

if TYPE_CHECKING:
    from chassis.fastapi.data.db import Database
    from chassis.fastapi.settings import ApiSettings

_PACKAGE = "api"


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `subject`."""
    verbs = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    export = verbs.add_parser("export", help="write what is stored about a subject, as JSON")
    erase = verbs.add_parser("erase", help="erase a subject everywhere")
    for verb in (export, erase):
        verb.add_argument("subject", help="the `sub` of its tokens")
        verb.add_argument("--issuer", help="their `iss`, where several issuers are trusted")
    export.add_argument("file", type=Path, help="where to write; must not exist")
    erase.add_argument("--yes", action="store_true", help="do not ask")


def run(service: Service, options: argparse.Namespace) -> None:
    """Export to a file, or show what an erasure takes, ask, and erase.

    Raises UserError, SettingsError.
    """
    with databases.server(service):
        _run(service, options)


def _run(service: Service, options: argparse.Namespace) -> None:
    sys.path.insert(0, str(service.root))
    # only here: the other half's image lacks the framework
    from chassis.fastapi.data.data_subjects import DataSubject, DataSubjectError  # noqa: PLC0415

    settings = import_module(f"{_PACKAGE}.settings").Settings.load(service)
    logs.configure(settings, service)
    subject = DataSubject(options.subject, _issuer(settings.issuers(service), options.issuer))
    try:
        if options.action == "export":
            _export(settings, subject, options.file)
        else:
            _erase(settings, subject, yes=options.yes)
    except DataSubjectError as error:
        raise UserError(str(error)) from None
    finally:
        logs.flush()


def _issuer(trusted: Sequence[TrustedIssuer], named: str | None) -> str:
    known = [item.issuer for item in trusted]
    if named is None and len(known) == 1:
        return known[0]
    if named not in known:
        raise UserError(f"--issuer must name whose subject is meant: {' or '.join(known)}.")
    return named


def _export(settings: "ApiSettings", subject: Any, target: Path) -> None:
    from chassis.fastapi.data.data_subjects import export  # noqa: PLC0415

    stored = _with_database(settings, lambda database: export(database, _PACKAGE, subject))
    try:
        # closed to others before anything is in it, and never over another export
        target.touch(mode=0o600, exist_ok=False)
        document = {"subject": subject.id, "stored": stored}
        target.write_text(json.dumps(document, default=str, indent=2), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{target} cannot be written ({error.strerror}).") from None
    _audit("subject exported", subject)


def _erase(settings: "ApiSettings", subject: Any, *, yes: bool) -> None:
    from chassis.fastapi.data import data_subjects  # noqa: PLC0415

    def erase(*, for_good: bool) -> Mapping[str, int]:
        return _with_database(
            settings,
            lambda database: data_subjects.erase(database, _PACKAGE, subject, for_good=for_good),
        )

    for name, rows in erase(for_good=False).items():
        sys.stderr.write(f"{name}: {rows} rows\n")
    if not (yes or confirmed("Erase them for good?")):
        raise UserError("Nothing was changed.")
    _audit("subject erased", subject, rows=sum(erase(for_good=True).values()))


def _with_database[T](settings: "ApiSettings", work: "Callable[[Database], Awaitable[T]]") -> T:
    from chassis.fastapi.data.db import Database  # noqa: PLC0415

    async def once() -> T:
        database = Database.at(settings.database_url, pool_size=1)
        try:
            return await work(database)
        finally:
            await database.dispose()

    return asyncio.run(once())


def _audit(event: str, subject: Any, **more: object) -> None:
    known = hashlib.sha256(f"{subject.issuer} {subject.id}".encode()).hexdigest()
    structlog.get_logger().info(event, subject_sha256=known, **more)
