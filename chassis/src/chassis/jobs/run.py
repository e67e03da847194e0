"""Running one job: in the trace of its enqueuer, with one log line at its end."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.exceptions import JobAborted
from procrastinate.job_context import AbortReason
from procrastinate.jobs import Job
from structlog.contextvars import bound_contextvars

from chassis import telemetry
from chassis.jobs.tasks import Retry

_NOW = timedelta()


class Strategy(BaseRetryStrategy):
    """Our retries in procrastinate's interface."""

    def __init__(self, retry: Retry) -> None:
        """Follow `retry`."""
        self._retry = retry

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Decide when `job` runs again; a job interrupted by a stopping worker runs at once."""
        short = isinstance(exception, asyncio.CancelledError)
        delay = _NOW if short else self._retry.delay(job.attempts)
        return None if delay is None else RetryDecision(retry_at=datetime.now(UTC) + delay)


def runner(
    name: str, retry: Retry, body: Callable[[Mapping[str, Any]], Awaitable[None]]
) -> Callable[..., Awaitable[None]]:
    """Return the function that procrastinate calls for each job of the task `name`. It calls
    `body` with the stored arguments."""

    async def run(
        context: JobContext,
        *,
        arguments: Mapping[str, Any] | None = None,
        carried: Mapping[str, str] | None = None,
        timestamp: int | None = None,
    ) -> None:
        del timestamp  # of periodic jobs; ours need none
        with (
            telemetry.resume(carried or {}, name=f"job {name}", kind="consumer"),
            bound_contextvars(job_id=context.job.id, task=name),
            _log_outcome(retry, context),
        ):
            await body(arguments or {})

    return run


@contextmanager
def _log_outcome(retry: Retry, context: JobContext) -> Iterator[None]:
    job, started = context.job, time.perf_counter()
    outcome, error = "succeeded", None
    try:
        yield
    except asyncio.CancelledError as cancelled:
        if context.abort_reason() is AbortReason.USER_REQUEST:
            outcome = "cancelled"
            raise JobAborted from cancelled
        outcome = "interrupted"
        raise
    except Exception as raised:
        outcome = "dead" if retry.delay(job.attempts) is None else "to retry"
        error = raised
        if outcome == "dead":
            telemetry.report(raised)
        raise
    finally:
        log = structlog.get_logger()
        (log.info if error is None else log.error)(
            "job",
            queue=job.queue,
            attempt=job.attempts + 1,
            duration_ms=round((time.perf_counter() - started) * 1000, 1),
            outcome=outcome,
            **({} if error is None else {"error": type(error).__name__, "exc_info": error}),
        )
