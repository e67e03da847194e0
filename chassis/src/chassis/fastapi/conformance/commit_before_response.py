"""DATA001."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, override

from sqlalchemy import event
from sqlalchemy.orm import Session

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import SystemUnderTest


class CommitBeforeResponse(Rule[SystemUnderTest]):
    """A write answers after its commit: when that fails the caller is told so."""

    id = "DATA001"
    level = Level.BRONZE

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Take the session as `Session` from `chassis.fastapi.data.db`, or a dependency of your own
        with `Depends(…, scope="function")`: FastAPI's default commits after the response has
        gone out.
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
    """Let every commit fail; gives the sessions whose commit was tried."""
    failed: list[Session] = []

    def fail(session: Session) -> None:
        failed.append(session)
        raise RuntimeError("a commit that fails, to see who is told")

    event.listen(Session, "before_commit", fail)
    try:
        yield failed
    finally:
        event.remove(Session, "before_commit", fail)
