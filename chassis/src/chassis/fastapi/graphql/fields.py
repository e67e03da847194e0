"""Fields that declare their permission, and the context that a request shares with its fields."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, Protocol
from uuid import UUID

import strawberry
from sqlalchemy import column, select
from sqlalchemy.ext.asyncio import AsyncSession
from strawberry.dataloader import DataLoader
from strawberry.types import get_object_definition
from strawberry.types.field import StrawberryField

from chassis.auth import Principal
from chassis.fastapi.data.db import UNAVAILABLE, unavailable
from chassis.fastapi.errors import StartError
from chassis.fastapi.security.permissions import authenticated, demand
from chassis.graphql import Access

_SUPPLIED = frozenset({"caller", "session"})

type Permission = str | Callable[..., Awaitable[None]]


class FieldError(StartError):
    """A query or mutation declares no permission; the message names it."""


@strawberry.type
class Page[Item]:
    """Some items, newest first; `nextCursor` is null on the last page."""

    items: list[Item]
    next_cursor: str | None


class RowLoader[Key, Row](Protocol):
    """A function that loads the rows of many keys of one tenant with one query."""

    async def __call__(
        self, session: AsyncSession, keys: list[Key], *, tenant: UUID
    ) -> Mapping[Key, Row]:
        """Return the rows by their keys; a key without a row is left out."""


def by_id[Row](model: type[Row]) -> RowLoader[UUID, Row]:
    """Return a loader for `Context.load`; `model` needs the columns `id` and `tenant_id`."""

    async def find(session: AsyncSession, keys: list[UUID], *, tenant: UUID) -> dict[UUID, Row]:
        mine = select(model).filter_by(tenant_id=tenant).where(column("id").in_(keys))
        rows: Iterable[Any] = await session.scalars(mine)
        return {row.id: row for row in rows}

    return find


@dataclass
class Context:
    """The state of one request that a resolver reads from `info.context`."""

    caller: Principal
    _unit_of_work: Callable[[], AbstractAsyncContextManager[AsyncSession]]
    introspects: bool = True
    _lock: asyncio.Lock = attribute(default_factory=asyncio.Lock)
    _loaders: dict[Any, DataLoader[Any, Any]] = attribute(default_factory=dict)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Yield a session, committed when the block ends. Raises ProblemError 503 while the
        database is unavailable.

        Fields resolve concurrently, but their transactions run one after the other, so that one
        request holds one connection.
        """
        try:
            async with self._lock, self._unit_of_work() as session:
                yield session
        except UNAVAILABLE as error:
            raise unavailable(error) from error

    async def load[Key: Hashable, Row](
        self, permission: str, find: RowLoader[Key, Row], key: Key
    ) -> Row | None:
        """Return the row of `key`, or None. Raises ProblemError 403 without `permission`.

        The keys that the items of a list ask for are collected, and `find` is called once for all
        of them. Rows are not cached longer, because a mutation may follow in the same request.
        """
        demand(self.caller, permission)
        if find not in self._loaders:
            self._loaders[find] = DataLoader(self._batch(find), cache=False)
        row: Row | None = await self._loaders[find].load(key)
        return row

    def _batch[Key: Hashable, Row](
        self, find: RowLoader[Key, Row]
    ) -> Callable[[list[Key]], Awaitable[list[Row | None]]]:
        async def batch(keys: list[Key]) -> list[Row | None]:
            async with self.transaction() as session:
                rows = await find(session, list(dict.fromkeys(keys)), tenant=self.caller.tenant)
            return [rows.get(key) for key in keys]

        return batch


Info = strawberry.Info[Context, None]


class _Access(Access):
    """The permission check of a field, and the transaction of its own."""

    def __init__(self, permission: Permission, supplied: frozenset[str]) -> None:
        self.permission = permission
        self._supplied = supplied

    def apply(self, field: StrawberryField) -> None:
        """Leave the supplied arguments out of the contract."""
        field.arguments = [
            item for item in field.arguments if item.python_name not in self._supplied
        ]

    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, **arguments: Any
    ) -> Any:
        """Check the permission, then call the resolver with the arguments that it declares."""
        context = info.context
        if isinstance(self.permission, str):
            demand(context.caller, self.permission)
        if "caller" in self._supplied:
            arguments["caller"] = context.caller
        if "session" not in self._supplied:
            return await next_(source, info, **arguments)
        async with context.transaction() as session:
            return await next_(source, info, session=session, **arguments)


def field(permission: Permission) -> Callable[[Callable[..., Any]], Any]:
    """Declare a query or mutation for callers with `permission`, or with `authenticated` (of
    `chassis.fastapi.security.permissions`) for every caller with a token.

    A parameter `session` gets a transaction that is committed when the resolver returns, before
    the selected fields of its result are resolved; `caller` gets the principal. Raises FieldError
    for any other `permission`.
    """
    if not isinstance(permission, str) and permission is not authenticated:
        raise FieldError('field() takes a permission, field("things:read"), or authenticated.')

    def declare(resolver: Callable[..., Any]) -> Any:
        supplied = _SUPPLIED.intersection(inspect.signature(resolver).parameters)
        return strawberry.field(resolver, extensions=[_Access(permission, supplied)])

    return declare


def permissions(root: type) -> set[str]:
    """Return the permissions that the fields of a Query or Mutation need.

    Those of `load` are not among them: they are known only when it is called.
    """
    fields = get_object_definition(root, strict=True).fields
    accesses = [
        item for field_ in fields for item in field_.extensions if isinstance(item, _Access)
    ]
    return {item.permission for item in accesses if isinstance(item.permission, str)}


def undecided(what: str) -> FieldError:
    """Return the error for a query or mutation without a permission."""
    return FieldError(
        f'{what}: declare it with @field("things:read") of chassis.fastapi.graphql.fields, or '
        "@field(authenticated) where any caller with a token may."
    )
