"""Measure the sides against each other, in the environment of the rendered service."""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import callers
import psycopg
import report
from servers import Endpoint, Side, free_port, wait_for

from chassis import devdb, service

ENDPOINTS = (
    Endpoint("hello", "/bench/hello"),
    Endpoint("small authenticated read", "/bench/things/7"),
    Endpoint("database read", "/bench/rows/7"),
    Endpoint("POST", "/bench/items", "POST", '{"name": "chair", "price": 9.5, "tags": ["a", "b"]}'),
)
BARE, SAMPLED, FULL = "bare", "standards, traces 0.01", "standards, traces 1.0"
_TABLE = """
CREATE TABLE IF NOT EXISTS bench_row (
    id int PRIMARY KEY, name text NOT NULL, created timestamptz NOT NULL
);
INSERT INTO bench_row
SELECT n, 'row ' || n, now() FROM generate_series(1, 1000) n ON CONFLICT DO NOTHING
"""


def main() -> int:
    """Run all rounds; 1 when something was lost."""
    options = _options()
    found = service.load()
    url = devdb.url(found, "api")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TABLE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        issuer, jwks = callers.serve()
        callers.write(folder, issuer)
        collectors = [_collector(), _collector()]
        sides = _sides(url, issuer, [address for _, address in collectors])
        try:
            for side in sides:
                side.start(folder)
            rounds = _rounds(sides, folder, options)
            latencies = _latencies(sides, folder, options)
        finally:
            losses = {side.name: side.stop() for side in sides if side.process}
            jwks.shutdown()
        spans = _count(collectors[-1][1])
        for collector, _ in collectors:
            collector.kill()
    text = report.text(rounds, latencies, options, spans=spans, served=_served(sides))
    sys.stdout.write(text)
    if options.report:
        Path(options.report).write_text(text, encoding="utf-8")
    told = "".join(losses.values())
    sys.stdout.write(told)
    return int(bool(told) or spans < _served(sides))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=4.0)
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


def _sides(url: str, issuer: str, collectors: list[str]) -> list[Side]:
    trusted = [{"issuer": issuer, "audience": "api", "jwks_url": f"{issuer}/jwks.json"}]
    ours = {
        "LOG_FORMAT": "json",
        "TRUSTED_ISSUERS": json.dumps(trusted),
        "TRUSTED_PROXIES": "10.0.0.0/8",
    }
    return [
        Side(BARE, "api.bench.bare:app", {"DATABASE_URL": url}),
        *(
            Side(
                name,
                "api.main:app",
                {
                    **ours,
                    "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
                    "OTEL_TRACES_SAMPLER_ARG": ratio,
                    "METRICS_PORT": str(free_port()),
                },
            )
            for name, ratio, collector in zip(
                (SAMPLED, FULL), ("0.01", "1.0"), collectors, strict=True
            )
        ),
    ]


def _chosen(options: argparse.Namespace) -> list[Endpoint]:
    wanted = [name for name in options.only.split(",") if name]
    return [e for e in ENDPOINTS if not wanted or any(name in e.name for name in wanted)]


def _rounds(
    sides: list[Side], tokens: Path, options: argparse.Namespace
) -> dict[str, list[dict[str, Any]]]:
    """Return, for each endpoint and round, what each side used: in turn, so that what else the
    machine does meets all of them."""
    found: dict[str, list[dict[str, Any]]] = {}
    offset = 0
    for endpoint in _chosen(options):
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
    sides: list[Side], tokens: Path, options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Return each side's latencies under half of what the bare one can take, round by round."""
    endpoint = ENDPOINTS[1]
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
