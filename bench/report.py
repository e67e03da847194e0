"""The table: medians over paired rounds, with intervals by bootstrap."""

import argparse
import os
import platform
import random
import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from plan import BARE, Plan

_TIMES = 5_000


def text(
    plan: Plan,
    rounds: dict[str, list[dict[str, Any]]],
    latencies: list[dict[str, Any]],
    options: argparse.Namespace,
    spans: str,
) -> str:
    """Return the text of a page of docs/."""
    names = list(next(iter(rounds.values()))[0])
    names.sort(key=lambda name: (name != BARE, name))
    return "\n".join(
        [
            _HEAD.format(
                about=plan.about,
                plan=options.plan,
                date=f"{datetime.now(UTC):%Y-%m-%d}",
                machine=_machine(),
                rounds=options.rounds,
                seconds=options.seconds,
                noise=_noise(rounds),
            ),
            "## CPU time of one request",
            "",
            "| endpoint | side | µs, median | added, µs | added / bare (95 % interval) | limit |",
            "|---|---|---|---|---|---|",
            *(line for name, found in rounds.items() for line in _costs(plan, name, found, names)),
            "",
            f"## Latency at half of the bare side's capacity ({plan.latency_of.name})",
            "",
            "The limit is a p99 of 1 ms more than bare. If a side answers fewer requests a "
            "second than bare, it could not keep up, and its p99 includes the waiting time.",
            "",
            "| side | requests/s | p50, ms | p99, ms | p99 more than bare (95 % interval), ms |",
            "|---|---|---|---|---|",
            *_waits(latencies, names),
            "",
            spans,
            "",
        ]
    )


def _costs(
    plan: Plan, endpoint: str, rounds: Sequence[dict[str, Any]], names: Sequence[str]
) -> list[str]:
    bare = [found[BARE]["cpu"] for found in rounds]
    lines = []
    for name in names:
        used = [found[name]["cpu"] for found in rounds]
        if name == BARE:
            lines.append(f"| {endpoint} | {name} | {statistics.median(used):.0f} | | | |")
            continue
        pairs = list(zip(used, bare, strict=True))
        low, high = _interval(pairs, _ratio)
        added = statistics.median(ours - theirs for ours, theirs in pairs)
        lines.append(
            f"| {endpoint} | {name} | {statistics.median(used):.0f} | {added:+.0f} | "
            f"**{_ratio(pairs):.2f}** ({low:.2f} to {high:.2f}) | "
            f"{plan.limits.get((endpoint, name), '')} |"
        )
    return lines


def _waits(latencies: Sequence[dict[str, Any]], names: Sequence[str]) -> list[str]:
    lines = []
    for name in names:
        found = [each[name] for each in latencies]
        pairs = [(each[name]["p99"] / 1000, each[BARE]["p99"] / 1000) for each in latencies]
        low, high = _interval(pairs, _difference)
        rate = statistics.median(one["requests"] / (one["micros"] / 1e6) for one in found)
        more = f"{_difference(pairs):+.2f} ({low:+.2f} to {high:+.2f})" if name != BARE else ""
        lines.append(
            f"| {name} | {rate:,.0f} | {statistics.median(one['p50'] for one in found) / 1000:.2f} "
            f"| {statistics.median(ours for ours, _ in pairs):.2f} | {more} |"
        )
    return lines


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    return statistics.median(ours / theirs - 1 for ours, theirs in pairs)


def _difference(pairs: Sequence[tuple[float, float]]) -> float:
    return statistics.median(ours - theirs for ours, theirs in pairs)


def _interval(
    pairs: Sequence[tuple[float, float]],
    statistic: Callable[[Sequence[tuple[float, float]]], float],
) -> tuple[float, float]:
    drawn = random.Random(1)  # noqa: S311 - a statistic
    values = sorted(statistic(drawn.choices(pairs, k=len(pairs))) for _ in range(_TIMES))
    return values[int(_TIMES * 0.025)], values[int(_TIMES * 0.975)]


def _noise(rounds: dict[str, list[dict[str, Any]]]) -> str:
    spreads = []
    for found in rounds.values():
        used = sorted(each[BARE]["cpu"] for each in found)
        spreads.append((used[-1] - used[0]) / statistics.median(used))
    load = os.getloadavg()[0]
    return f"the bare side's own rounds differ by up to {max(spreads):.0%}; load average {load:.1f}"


def _machine() -> str:
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    return f"{os.cpu_count()} cores of {model}, Python {platform.python_version()}"


_HEAD = """# What the standards cost: {plan}

Written by `just bench --plan {plan}` on {date}. Machine: {machine}. Noise: {noise}.

{about}

CPU time is the time of the server's processes (user and system) divided by the requests they
answered. There are {rounds} paired rounds of {seconds:g} s, with the sides in random order and 32
connections from wrk on this machine. Every side runs with Python's default settings of the garbage
collector. Another process drains the pipe of log lines. Spans go to a local collector. Metrics are
on.
"""
