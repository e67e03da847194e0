"""`python -m chassis jobs`: show the queues and dead letters, retry and cancel jobs."""

import argparse
import json
import sys
import textwrap
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import psycopg

from chassis.errors import UserError
from chassis.operations import databases, queue
from chassis.service import Half, Service

_MOST = 50
_WIDTH = 80
_RED, _PLAIN = "\033[31m", "\033[0m"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `jobs`."""
    databases.declare_half(parser, "in a hybrid the API's unless said: web")
    parser.add_argument("--json", action="store_true", help="for machines")
    verbs = parser.add_subparsers(dest="action", metavar="ACTION")
    dead = verbs.add_parser("dead", help="list the jobs that failed for good")
    dead.add_argument("--task", metavar="NAME", help="of this task alone")
    show = verbs.add_parser("show", help="everything about one job")
    show.add_argument("id", type=int)
    retry = verbs.add_parser("retry", help="put dead letters back into the queue")
    which = retry.add_mutually_exclusive_group(required=True)
    which.add_argument("id", type=int, nargs="?")
    which.add_argument("--all-dead", action="store_true", help="every dead letter")
    retry.add_argument("--task", metavar="NAME", help="with --all-dead: of this task alone")
    cancel = verbs.add_parser("cancel", help="cancel a job, or dismiss a dead letter")
    cancel.add_argument("id", type=int)
    for verb in (dead, show, retry, cancel):
        # after the action too; what stood before it is not forgotten
        verb.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def run(service: Service, options: argparse.Namespace) -> None:
    """Do what `options` say in the queue of one half.

    Raises UserError when a job does not exist or is in no state for it.
    """
    usual: Half = "api" if "api" in service.halves else "web"
    with databases.server(service):
        result = _done(databases.address(service, options.half or usual), options)
    if options.json:
        sys.stdout.write(json.dumps(result, default=_plain) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(options.action, result))


def _done(url: str, options: argparse.Namespace) -> Any:
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            connection.execute("SET TIME ZONE 'UTC'")
            return _do(connection, options)
    except psycopg.errors.UndefinedTable:
        raise UserError("The database has no queue: run `just migrate` first.") from None
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[-1]
        raise UserError(f"The database does not answer ({reason}).") from None


def _do(connection: psycopg.Connection[Any], options: argparse.Namespace) -> Any:
    match options.action:
        case "dead":
            return queue.dead(connection, task=options.task, limit=_MOST)
        case "show":
            return queue.show(connection, options.id)
        case "retry" if options.all_dead:
            return {"retried": queue.retry_all(connection, task=options.task)}
        case "retry":
            queue.retry(connection, options.id)
            return {"retried": [options.id]}
        case "cancel":
            return {"canceled": options.id, "was": queue.cancel(connection, options.id)}
    return {"queues": queue.queues(connection), "workers": queue.workers(connection)}


def _lines(action: str | None, result: Any) -> Iterable[str]:
    match action:
        case "dead":
            return _dead(result)
        case "show":
            return _show(result)
        case "retry":
            return [f"Back in the queue: {_numbers(result['retried'])}."]
        case "cancel":
            return [f"Canceled job {result['canceled']}, which was {result['was']}."]
    return _overview(result)


def _overview(result: Any) -> Iterable[str]:
    if not result["queues"]:
        yield "No job waits, runs or is dead."
    else:
        yield f"{'QUEUE':<30}{'TODO':>8}{'LATER':>8}{'DOING':>8}{'DEAD':>8}{'OLDEST':>12}"
    for row in result["queues"]:
        counts = "".join(f"{row[name]:>8}" for name in ("todo", "later", "doing"))
        dead = _red(f"{row['dead']:>8}") if row["dead"] else f"{0:>8}"
        yield f"{_fit(row['queue'], 30):<30}{counts}{dead}{_age(row['oldest_seconds']):>12}"
    yield (
        f"Workers alive: {result['workers']}" if result["workers"] else _red("No worker is alive.")
    )


def _dead(rows: Sequence[queue.Row]) -> Iterable[str]:
    if not rows:
        yield "No dead letter."
        return
    yield f"{'ID':>10}  {'TASK':<42}{'TRIES':>6}  DIED (UTC)"
    for row in rows:
        when = f"{row['died_at']:%Y-%m-%d %H:%M}"
        yield f"{row['id']:>10}  {_fit(row['task'], 42):<42}{row['attempts']:>6}  {when}"
    if len(rows) == _MOST:
        yield f"These are the newest {_MOST}."


def _show(job: queue.Row) -> Iterable[str]:
    for name, value in job.items():
        if name != "history":
            yield from _wrapped(name, json.dumps(value) if isinstance(value, dict) else str(value))
    for row in job["history"]:
        yield f"{row['at']:%Y-%m-%d %H:%M:%S}  {row['event']}"


def _wrapped(name: str, value: str) -> Iterable[str]:
    """Wrap a value for a terminal, but never inside an id or a name, so that it can be copied."""
    text = textwrap.TextWrapper(_WIDTH, break_long_words=False, break_on_hyphens=False)
    text.initial_indent, text.subsequent_indent = f"{name:<16}", " " * 16
    return text.wrap(value)


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "none, because there is no dead letter"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for unit, size in (("d", _DAY), ("h", _HOUR), ("m", _MINUTE)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def _fit(text: str, width: int) -> str:
    """Keep the end of a long name, which tells most."""
    return text if len(text) < width else f"…{text[2 - width :]}"


def _red(text: str) -> str:
    return f"{_RED}{text}{_PLAIN}" if sys.stdout.isatty() else text


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
