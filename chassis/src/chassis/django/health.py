"""`/livez` and `/readyz`, answered in front of all other middleware.

An orchestrator asks by the pod's address and in plain HTTP: behind the host check and the redirect
to HTTPS it would be told 400 and 301.
"""

import json

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse

from chassis import schema
from chassis.health import LIVE, Readiness

PATHS = ("/livez", "/readyz")
readiness = Readiness("database")


def answer(request: HttpRequest) -> HttpResponse | None:
    """Answer a probe; None for any other request."""
    if request.path_info not in PATHS:
        return None
    if request.path_info == "/readyz" and readiness.pending:
        _check()
    given = LIVE if request.path_info == "/livez" else readiness.answer()
    return HttpResponse(json.dumps(given.body), "application/json", status=given.status)


def _check() -> None:
    try:
        behind = _behind()
    except DatabaseError:
        behind = "it does not answer"
    if behind:
        readiness.failed("database", behind)
    else:
        readiness.passed("database")


def _behind() -> str | None:
    connection.ensure_connection()
    if schema.current(connection.connection) < schema.HEAD:
        return "the platform's schema is too old"
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(pending)} migrations are not applied" if pending else None
