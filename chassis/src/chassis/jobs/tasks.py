"""Declaring tasks: the function of a job, its queue and its retries.

A task runs at least once for each of its jobs, and again if its worker was killed: write it so that
a second run does no harm. Its arguments are identifiers, never personal data or secrets: the queue
stores them unencrypted.
"""

import inspect
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import update_wrapper
from typing import Any, get_type_hints

from croniter import croniter  # type: ignore[import-untyped]
from pydantic import BaseModel, ConfigDict, create_model

DEFAULT_QUEUE = "default"
_OPTIONS = frozenset({"session", "connection", "task", "lock", "queueing_lock", "schedule_in"})


class TaskError(TypeError):
    """An invalid declaration of a task; the text is one sentence."""


@dataclass(frozen=True)
class Retry:
    """How often a failing job is retried, and when.

    The n-th retry waits `first * 2 ** (n - 1)`, `longest` at most, less a random part of up to
    half, so that jobs which failed together do not return together. After `limit` retries the job
    is a dead letter: it stays visible until an operator retries or cancels it.
    """

    limit: int = 10
    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(hours=1)

    def delay(self, retries: int) -> timedelta | None:
        """Return how long to wait after a failure that followed `retries` retries; None when no
        retry is left."""
        if retries >= self.limit:
            return None
        # beyond 2 ** 32 every wait is the longest one
        full: timedelta = min(self.first * 2 ** min(retries, 32), self.longest)
        return full * random.uniform(0.5, 1)  # noqa: S311 - to spread load, not to hide


DEFAULT_RETRY = Retry()
NEVER = Retry(limit=0)
"""For what must not run twice: a failure, or the death of its worker, makes a dead letter."""


class Task[**P]:
    """A function that workers run; `name` is stored with each of its jobs.

    A call runs the function directly, for tests. `cron` says when the scheduler enqueues it.
    """

    def __init__(
        self,
        function: Callable[P, Awaitable[None]],
        *,
        queue: str,
        retry: Retry,
        cron: str | None = None,
    ) -> None:
        """Raise TaskError for a function that cannot be a task."""
        self.name = f"{function.__module__}.{function.__qualname__}"
        self.queue = queue
        self.retry = retry
        self.cron = cron
        self._function = function
        self._arguments = _model(self.name, function)
        update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Awaitable[None]:
        """Run the function itself."""
        return self._function(*args, **kwargs)

    def pack(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return `arguments` as JSON.

        Raises ValidationError (a ValueError) when the function does not take them, without
        repeating their values.
        """
        return self._arguments.model_validate(dict(arguments)).model_dump(mode="json")

    def unpack(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a job as the function declares them. Raises ValidationError."""
        known = self._arguments.model_validate(dict(stored))
        return {name: getattr(known, name) for name in self._arguments.model_fields}


def task[**P](
    *, queue: str = DEFAULT_QUEUE, retry: Retry = DEFAULT_RETRY
) -> Callable[[Callable[P, Awaitable[None]]], Task[P]]:
    """Return a task for an `async` function whose parameters can be written as JSON.

    `@task(queue="mail")` over `async def welcome(account_id: UUID) -> None`. Raises TaskError.
    """

    def declare(function: Callable[P, Awaitable[None]]) -> Task[P]:
        return Task(function, queue=queue, retry=retry)

    return declare


def periodic(
    cron: str, *, queue: str = DEFAULT_QUEUE, retry: Retry = DEFAULT_RETRY
) -> Callable[[Callable[[], Awaitable[None]]], Task[[]]]:
    """Return a task that the scheduler enqueues on the schedule `cron` (five fields, in UTC).

    A run is skipped while an earlier one waits or runs. Raises TaskError for an invalid `cron` or a
    function with parameters.
    """

    def declare(function: Callable[[], Awaitable[None]]) -> Task[[]]:
        declared = Task(function, queue=queue, retry=retry, cron=cron)
        check_cron(declared.name, cron)
        if inspect.signature(function).parameters:
            raise TaskError(f"{declared.name} is periodic and cannot take parameters.")
        return declared

    return declare


def check_cron(name: str, cron: str) -> None:
    """Raise TaskError unless `cron`, of the task `name`, is a cron expression."""
    if not croniter.is_valid(cron):
        raise TaskError(f"{name} has no valid cron expression: {cron!r}.")


def _model(name: str, function: Callable[..., Awaitable[None]]) -> type[BaseModel]:
    """Return a model of the parameters of `function`, which validates them on both ends of the
    queue."""
    if not inspect.iscoroutinefunction(function):
        raise TaskError(f"{name} must be an `async def`: workers run many jobs on one event loop.")
    parameters = inspect.signature(function).parameters
    if taken := sorted(_OPTIONS & parameters.keys()):
        raise TaskError(f"{name} cannot call a parameter {taken[0]}: `enqueue` has one of its own.")
    hints = get_type_hints(function)
    fields: dict[str, Any] = {}
    for item in parameters.values():
        if item.kind not in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY):
            raise TaskError(f"{name} has the parameter {item}: jobs carry arguments by name only.")
        default = ... if item.default is item.empty else item.default
        fields[item.name] = (hints.get(item.name, Any), default)
    config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    return create_model(name, __config__=config, **fields)
