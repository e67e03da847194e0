"""The log of a service, as a collector reads it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import Any

import structlog

from chassis import logs
from chassis.service import Service
from chassis.settings import ServiceSettings


@contextmanager
def written(settings: ServiceSettings, service: Service) -> Iterator[list[dict[str, Any]]]:
    """Log as JSON inside the context; the yielded list is filled at its end.

    A line that is not JSON counts as `{"event": None, "text": …}`.
    """
    lines: list[dict[str, Any]] = []
    before = structlog.get_config()
    as_json = settings.model_copy(update={"log_format": "json"})
    output = StringIO()
    try:
        logs.configure(as_json, service)
        with redirect_stdout(output):
            yield lines
    finally:
        structlog.configure(**before)
        lines += map(_read, output.getvalue().splitlines())


def _read(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    return entry if isinstance(entry, dict) else {"event": None, "text": line}
