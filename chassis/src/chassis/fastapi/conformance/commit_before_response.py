"""DATA001."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, override

from sqlalchemy import event
from sqlalchemy.orm import Session

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import SystemUnderTest


class CommitBeforeResponse(Rule[SystemUnderTest]):
    """A write commits before it answers, so a failed commit is reported to the caller."""

    id = "DATA001"
    level = Level.BRONZE

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Take the session as `Session` from `chassis.fastapi.data.db`. Declare your own
        dependencies with `Depends(…, scope="function")`: FastAPI's default commits after it has
        sent the response.
        """
        for operation in system.operations:
            if not operation.writes:
                continue
            body = operation.body
            options: dict[str, Any] = {"json": system.sample(body)} if body else {}
            with _failing_commits() as failed:
                answer = await system.ask(operation.method, operation.url, **options)
            if failed and answer.is_success:
                yield Finding(
                    operation.name, f"answered {answer.status_code}, and then the commit failed"
                )


@contextmanager
def _failing_commits() -> Iterator[list[Session]]:
    """Make every commit fail; yield the sessions that tried to commit."""
    failed: list[Session] = []

    def fail(session: Session) -> None:
        failed.append(session)
        raise RuntimeError("this commit fails on purpose")

    event.listen(Session, "before_commit", fail)
    try:
        yield failed
    finally:
        event.remove(Session, "before_commit", fail)
