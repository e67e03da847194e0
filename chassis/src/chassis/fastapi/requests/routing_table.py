"""Finding the route of a request in one step, and asking for its permission before all else.

FastAPI keeps included routers as a tree and asks every route on the way, twice for each router:
once whether it matches, once to call it. Where every domain brings a router of its own, that is
more work than the standards themselves: the table saves 60 to 125 µs a request with eight routers
of five routes (ADR 17). In return it reads names of FastAPI that are young; a test names the one
that a release of FastAPI takes away. Here the paths of all routes with one method are
one regular expression, in FastAPI's order, and the first that matches is called. Whatever is not a
plain operation is left to FastAPI: mounts, websockets, forms, an unknown path or method.

The marks of a route (`dependencies=[Depends(requires(…))]`) are known here as well, so a caller
who may not enter is refused before the body is read, and FastAPI need not solve them.
"""

import re
from collections.abc import Callable, Iterator
from inspect import signature
from typing import NamedTuple

from fastapi import APIRouter
from fastapi.params import Form
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import Match, Mount, Route, WebSocketRoute, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.fastapi.security.permissions import demand, principal_in, public, requires

_NAMED = re.compile(r"\(\?P<\w+>")
_ANYTHING = ""


class _Operation(NamedTuple):
    """One route as FastAPI prepared it: `matches` reads its parameters, `app` runs it for callers
    with all of `permissions`."""

    route: APIRoute
    matches: Callable[[Scope], tuple[Match, Scope]]
    app: ASGIApp
    permissions: tuple[str, ...]


class _Row(NamedTuple):
    """One path: `operation` is None where FastAPI has to decide; empty `methods` mean all."""

    pattern: str
    methods: frozenset[str]
    operation: _Operation | None


class _Table(NamedTuple):
    """The paths of one method in their order; `operations` by the name of their regex group."""

    pattern: re.Pattern[str]
    operations: dict[str, _Operation | None]


class RoutingTable:
    """ASGI application that finds the operation of a request, or calls the router."""

    def __init__(self, router: APIRouter) -> None:
        """Start without routes; `read` adds them."""
        self._router = router
        self._otherwise = router.middleware_stack
        self._tables: dict[str, _Table] | None = None

    def read(self) -> None:
        """Read the routes, at the latest before the first request; the router serves later ones."""
        self._tables = _tables(self._router)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, websocket or lifespan. Raises ProblemError 403."""
        operation = self._find(scope) if scope["type"] == "http" else None
        serve = operation.app if operation else self._otherwise
        await serve(scope, receive, send)

    def _find(self, scope: Scope) -> _Operation | None:
        """Return the operation for `scope`, and set the keys that FastAPI would set there."""
        if self._tables is None:
            self._tables = _tables(self._router)
        table = self._tables.get(scope["method"])
        # in a mounted application the path begins with what belongs to the mount
        if table is None or scope.get("root_path"):
            return None
        path_match = table.pattern.match(scope["path"])
        operation = table.operations[path_match.lastgroup or ""] if path_match else None
        if operation is None:
            return None
        match, noted = operation.matches(scope)
        if match is not Match.FULL:
            return None
        scope.update(noted)
        scope["route"] = operation.route
        scope["router"] = self._router
        for permission in operation.permissions:
            demand(principal_in(scope), permission)
        return operation


def _tables(router: APIRouter) -> dict[str, _Table]:
    contexts = list(iter_route_contexts(router.routes))
    rows = [row for context in contexts for row in _rows(context)]
    served = {method for row in rows for method in row.methods}
    return {method: _table(method, rows) for method in served}


def _table(method: str, rows: list[_Row]) -> _Table:
    chosen = {
        f"row{number}": row
        for number, row in enumerate(rows)
        if not row.methods or method in row.methods
    }
    alternatives = "|".join(f"(?P<{name}>{row.pattern})" for name, row in chosen.items())
    return _Table(re.compile(alternatives), {name: row.operation for name, row in chosen.items()})


def _rows(context: RouteContext) -> Iterator[_Row]:
    route = context.original_route
    if isinstance(route, WebSocketRoute):
        return
    if isinstance(route, Mount):
        yield _Row(_pattern(f"{context.path}/{{path:path}}"), frozenset(), None)
    elif isinstance(route, Route) and context.path is not None:
        methods = frozenset(context.methods or ())
        yield _Row(_pattern(context.path), methods, _operation(context, route))
    else:
        yield _Row(_ANYTHING, frozenset(), None)


def _operation(context: RouteContext, route: Route) -> _Operation | None:
    if not isinstance(route, APIRoute):
        return None
    body = context.body_field
    if body is not None and isinstance(body.field_info, Form):
        return None  # the routers on the way say how large its parts may be
    marks = [item.dependency for item in context.dependencies if _is_mark(item.dependency)]
    permissions = tuple(mark.permission for mark in marks if isinstance(mark, requires))
    app = _unmarked(context, route).app if marks else context.app
    return _Operation(route, context.matches, app, permissions)


def _unmarked(context: RouteContext, route: APIRoute) -> APIRoute | RouteContext:
    """Return the same route without its marks.

    Not of a stream, because FastAPI reads what it yields from the annotation of a new route only,
    nor of a team's own class of routes, which may have changed what it was given.
    """
    if context.is_sse_stream or context.is_json_stream or type(route) is not APIRoute:
        return context
    names = [name for name in signature(APIRoute).parameters if hasattr(context, name)]
    declared = {name: getattr(context, name) for name in names}
    left = [item for item in context.dependencies if not _is_mark(item.dependency)]
    return APIRoute(**declared | {"dependencies": left})


def _is_mark(dependency: Callable[..., object] | None) -> bool:
    return dependency is public or isinstance(dependency, requires)


def _pattern(path: str) -> str:
    return _NAMED.sub("(?:", compile_path(path)[0].pattern)
