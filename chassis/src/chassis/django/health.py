"""`/livez` and `/readyz`, answered in front of all other middleware.

An orchestrator requests them by the pod's IP address over plain HTTP, so the host check would
answer 400 and the redirect to HTTPS 301.
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
    """Return the response to a probe; None for any other request."""
    if request.path_info not in PATHS:
        return None
    if request.path_info == "/readyz" and readiness.pending:
        _check()
    result = LIVE if request.path_info == "/livez" else readiness.answer()
    return HttpResponse(json.dumps(result.body), "application/json", status=result.status)


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
