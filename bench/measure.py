"""Measure the sides against each other, in the environment of the rendered service."""

import argparse
import random
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import callers
import django_plan
import fastapi_plan
import psycopg
import report
from plan import FULL, Plan
from servers import Endpoint, Side, free_port, wait_for

from chassis import devdb, service

PLANS = {"fastapi-service": fastapi_plan.PLAN, "django-monolith": django_plan.PLAN}
_TABLE = """
CREATE TABLE IF NOT EXISTS bench_row (
    id int PRIMARY KEY, name text NOT NULL, created timestamptz NOT NULL
);
INSERT INTO bench_row
SELECT n, 'row ' || n, now() FROM generate_series(1, 1000) n ON CONFLICT DO NOTHING
"""


def main() -> int:
    """Run all rounds; return 1 when a span or a log line was lost."""
    options = _options()
    plan = PLANS[options.plan]
    url = devdb.url(service.load(), plan.half)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TABLE)
    collectors = [_collector(), _collector()]
    addresses = [address for _, address in collectors]
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with plan.sides(url, folder, addresses) as sides:
                return _measure(plan, sides, folder, options, addresses[-1])
    finally:
        for collector, _ in collectors:
            collector.kill()


def _measure(
    plan: Plan, sides: list[Side], folder: Path, options: argparse.Namespace, collector: str
) -> int:
    try:
        for side in sides:
            side.start(folder)
        rounds = _rounds(plan, sides, folder, options)
        latencies = _latencies(plan, sides, folder, options)
    finally:
        losses = "".join([side.stop() for side in sides if side.process])
    spans, served = _count(collector), _served(sides)
    arrived = (
        f"Spans at ratio 1.0: {spans:,} arrived, for {served:,} answered requests "
        "(the rest belong to requests that the end of a round cut off)."
    )
    text = report.text(plan, rounds, latencies, options, arrived)
    sys.stdout.write(text)
    if options.report:
        Path(options.report).write_text(text, encoding="utf-8")
    sys.stdout.write(losses)
    return int(bool(losses) or spans < served)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", choices=PLANS, default="fastapi-service")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--only", default="")
    parser.add_argument("--report", default="")
    return parser.parse_args()


def _collector() -> tuple[subprocess.Popen[bytes], str]:
    port = free_port()
    script = str(Path(__file__).with_name("collector.py"))
    process = subprocess.Popen([sys.executable, script, str(port)])
    address = f"http://127.0.0.1:{port}"
    wait_for(address, process)
    return process, address


def _count(address: str) -> int:
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - ours
        return int(answer.read())


def _chosen(plan: Plan, options: argparse.Namespace) -> list[Endpoint]:
    wanted = [name for name in options.only.split(",") if name]
    return [e for e in plan.endpoints if not wanted or any(name in e.name for name in wanted)]


def _rounds(
    plan: Plan, sides: list[Side], tokens: Path, options: argparse.Namespace
) -> dict[str, list[dict[str, Any]]]:
    """Return the figures of each side, for each endpoint and round.

    The sides run in turn, so that other load on the machine affects all of them.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    offset = 0
    for endpoint in _chosen(plan, options):
        for side in sides:
            side.load(endpoint, tokens, seconds=2)
        for _ in range(options.rounds):
            offset = (offset + 997) % callers.FRESH
            order = random.sample(sides, len(sides))
            found.setdefault(endpoint.name, []).append(
                {
                    side.name: side.load(endpoint, tokens, seconds=options.seconds, offset=offset)
                    for side in order
                }
            )
    return found


def _latencies(
    plan: Plan, sides: list[Side], tokens: Path, options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Return each side's latencies at half of the bare side's capacity, round by round."""
    endpoint = plan.latency_of
    full = sides[0].load(endpoint, tokens, seconds=options.seconds)
    half = full["requests"] / (full["micros"] / 1e6) / 2
    pause = round(32 / half * 1000 - full["p50"] / 1000 / 2)
    return [
        {
            side.name: side.load(endpoint, tokens, seconds=options.seconds, pause=max(pause, 1))
            for side in random.sample(sides, len(sides))
        }
        for _ in range(options.rounds)
    ]


def _served(sides: list[Side]) -> int:
    return next(side.served for side in sides if side.name == FULL)


if __name__ == "__main__":
    sys.exit(main())
