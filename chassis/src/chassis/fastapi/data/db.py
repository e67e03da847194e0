"""Data access: one session per request, committed before the response leaves.

Services add, flush and query; they never commit. Work outside a request (a stream, a background
task, a script) opens a unit of work of its own.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, Any, Self, cast

import psycopg
import structlog
from fastapi import Depends, FastAPI, Request
from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import Mapper
from starlette.requests import HTTPConnection
from starlette.responses import Response

from chassis.fastapi.errors import StartError
from chassis.fastapi.problems import respond
from chassis.fastapi.requests.scope import PLATFORM
from chassis.problems import ProblemError

NAMING_CONVENTION: Mapping[str, str] = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names for constraints, so that a migration can drop the constraint of an earlier one."""

_TIMEOUTS = "-c statement_timeout=10s -c lock_timeout=3s -c idle_in_transaction_session_timeout=30s"
_ROW_BY_ROW = ("select", True)
_CONNECT_SECONDS = 3
_POOL_SIZE = 10
_POOL_SECONDS = 5
UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeoutError, psycopg.OperationalError)
"""The exceptions that are raised while the database is unavailable or overloaded."""
_RETRY_AFTER = {"Retry-After": "5"}


class ModelError(StartError):
    """A relation would load one row at a time; the message names it and the fix."""


@event.listens_for(Mapper, "mapper_configured")
def _refuse_lazy_relations(mapper: Mapper[Any], _model: type[Any]) -> None:
    """Refuse relations that load row by row (N+1), in tests and in production.

    SQLAlchemy's default would do so silently wherever a session runs synchronously, and fail with
    `MissingGreenlet` elsewhere.
    """
    for relation in mapper.relationships:
        if relation.lazy in _ROW_BY_ROW:
            raise ModelError(
                f'{relation} would load one row at a time: declare it with lazy="raise" and let '
                "the query that needs it use selectinload(…) or joinedload(…)."
            )


class Database:
    """The service's PostgreSQL and the sessions on it."""

    def __init__(self, bind: AsyncEngine | AsyncConnection) -> None:
        """Open sessions on `bind`: an engine's pool or, in tests, one open transaction."""
        self._bind = bind
        self._sessions = async_sessionmaker(
            bind,
            expire_on_commit=False,
            # a stream or background task that kept the session must fail, not lose its write
            close_resets_only=False,
            join_transaction_mode="create_savepoint",
        )

    @classmethod
    def at(cls, url: str, *, pool_size: int = _POOL_SIZE) -> Self:
        """Return a database with a pool for `url` (`postgresql://user@host/database`).

        It opens no connection yet.

        A connection that died while idle (a restarted database) is replaced before it is used.
        """
        address = sqlalchemy_url(url)
        engine = create_async_engine(
            address,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=_POOL_SECONDS,
            pool_pre_ping=True,
            # an error's text is logged and reported: it must not contain the statement's values
            hide_parameters=True,
            connect_args={
                "connect_timeout": _CONNECT_SECONDS,
                "options": f"{address.query.get('options', '')} {_TIMEOUTS}".strip(),
            },
        )
        return cls(engine)

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[AsyncSession]:
        """Yield a session in a transaction: committed at the end, rolled back on an error.

        Afterwards the session refuses further use, instead of quietly starting over.
        """
        async with self._sessions() as session, session.begin():
            yield session

    @asynccontextmanager
    async def driver(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """Yield psycopg's connection for one transaction, for the framework-free parts of the
        chassis."""
        async with self.unit_of_work() as session:
            yield await driver_connection(session)

    async def dispose(self) -> None:
        """Close the pool."""
        if isinstance(self._bind, AsyncEngine):
            await self._bind.dispose()


async def driver_connection(session: AsyncSession) -> psycopg.AsyncConnection[Any]:
    """Return psycopg's connection of `session`; its statements belong to the same transaction."""
    raw = await (await session.connection()).get_raw_connection()
    return cast("psycopg.AsyncConnection[Any]", raw.driver_connection)


def sqlalchemy_url(url: str) -> URL:
    """Return SQLAlchemy's URL for psycopg from `postgresql://…`."""
    return make_url(url).set(drivername="postgresql+psycopg")


async def get_session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    """Yield the session of this request."""
    database: Database = connection.scope[PLATFORM].database
    async with database.unit_of_work() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session, scope="function")]
"""The request's session. `scope="function"` commits before the response is sent: with FastAPI's
default a failing commit would still answer 200."""


async def get_unit_of_work(
    connection: HTTPConnection,
) -> Callable[[], AbstractAsyncContextManager[AsyncSession]]:
    """Return the factory of sessions that outlive the endpoint."""
    database: Database = connection.scope[PLATFORM].database
    return database.unit_of_work


UnitOfWork = Annotated[
    Callable[[], AbstractAsyncContextManager[AsyncSession]], Depends(get_unit_of_work)
]
"""For streams and background work: `async with unit_of_work() as session:`."""


def install(app: FastAPI) -> None:
    """Let `app` answer 503 while the database is unavailable or overloaded."""
    for error in UNAVAILABLE:
        app.add_exception_handler(error, _unavailable)


async def _unavailable(request: Request, error: Exception) -> Response:
    return respond(unavailable(error), request.scope)


def unavailable(error: Exception) -> ProblemError:
    """Return the 503 problem for one of the errors `UNAVAILABLE`, and log its cause."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    busy = isinstance(
        cause,
        PoolTimeoutError
        | psycopg.errors.QueryCanceled
        | psycopg.errors.LockNotAvailable
        | psycopg.errors.TransactionRollback,
    )
    slug = "busy" if busy else "database-unavailable"
    structlog.get_logger().error(slug, error=type(cause).__name__, sqlstate=state)
    return ProblemError(503, slug, headers=_RETRY_AFTER)
