"""Declaring tasks: what they take, how often they are tried, and what cannot be one."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from chassis import jobs
from conftest import make_service


class Color(StrEnum):
    """Something that JSON does not know."""

    RED = "red"


async def paint(who: UUID, when: datetime, color: Color = Color.RED) -> None:
    """Take what JSON does not know."""


async def count(numbers: list[int]) -> None:
    """Take a list."""


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (paint, {"who": UUID(int=1), "when": datetime(2026, 1, 1, tzinfo=UTC)}),
        (count, {"numbers": [1, 2]}),
    ],
)
def test_arguments_survive_the_queue(
    function: Callable[..., Any], arguments: dict[str, Any]
) -> None:
    """What is stored is JSON, what the function gets is what its parameters say."""
    task = jobs.task()(function)
    stored = task.pack(arguments)
    assert {type(value) for value in stored.values()} <= {str, list}
    given = task.unpack(stored)
    assert {name: given[name] for name in arguments} == arguments


def test_arguments_that_do_not_fit_are_refused_without_being_told() -> None:
    """The message names the parameter, never the value, which may be anything."""
    with pytest.raises(ValueError, match="who") as refused:
        jobs.task()(paint).pack({"who": "the-secret", "when": "2026-01-01"})
    assert "the-secret" not in str(refused.value)


def test_retries_back_off_with_jitter_up_to_a_limit() -> None:
    """Each wait is between half of and the whole step, the longest at most, and then none."""
    retry = jobs.Retry(limit=6, first=timedelta(seconds=4), longest=timedelta(seconds=60))
    for retries, step in enumerate((4, 8, 16, 32, 60, 60)):
        waits = {retry.delay(retries) for _ in range(50)}
        assert len(waits) > 1
        for wait in waits:
            assert wait is not None
            assert timedelta(seconds=step / 2) <= wait <= timedelta(seconds=step)
    assert retry.delay(6) is None
    assert jobs.NEVER.delay(0) is None
    assert jobs.Retry(limit=10_000).delay(9_999) is not None


def sync() -> None:
    """Block."""


async def reserved(lock: str) -> None:
    """Take what `enqueue` takes."""


async def any_number(*numbers: int) -> None:
    """Take arguments without a name."""


@pytest.mark.parametrize(
    ("declare", "function", "message"),
    [
        (jobs.task(), sync, "must be an `async def`"),
        (jobs.task(), reserved, "cannot call a parameter lock"),
        (jobs.task(), any_number, "by name only"),
        (jobs.periodic("* * * * *"), count, "cannot take parameters"),
    ],
)
def test_what_cannot_be_a_task_is_told_why(
    declare: Callable[..., Any], function: Callable[..., Any], message: str
) -> None:
    """The mistake shows when the module is imported, not when a job runs."""
    with pytest.raises(jobs.TaskError, match=message):
        declare(function)


def test_a_wrong_cron_expression_is_told() -> None:
    """A task that would never run does not start."""

    async def nightly() -> None:
        """Run at night."""

    with pytest.raises(jobs.TaskError, match="no valid cron expression: 'every night'"):
        jobs.periodic("every night")(nightly)


def test_workers_are_of_an_api(tmp_path: Path) -> None:
    """A service without one gets a sentence."""
    service = make_service(tmp_path / "shop", "web")
    done = subprocess.run(
        [sys.executable, "-m", "chassis", "worker"],
        cwd=service.root,
        env={**os.environ, "ENVIRONMENT": "production"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        1,
        "This service has no API, which `worker` is for.\n",
    )
