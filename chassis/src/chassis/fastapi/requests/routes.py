"""Every route of an application with the full template of its path.

FastAPI keeps routes as a tree, and a route of an included router knows only its own piece of the
path; metrics and logs need the whole (`/v1/endpoints/{endpoint_id}`).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, compile_path
from starlette.types import Scope

from chassis.fastapi.errors import StartError

UNMATCHED = "unmatched"


class RouteError(StartError):
    """A route is incomplete, or two routes conflict; the message names them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One route: `methods` is empty for websockets and mounts, `calls` are the dependencies
    it was declared with, at any depth; plain routes and mounts take none."""

    template: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    target: object
    calls: tuple[Callable[..., Any], ...]
    takes_dependencies: bool
    operation_id: str | None


def walk(app: Starlette) -> Iterator[Entry]:
    """Yield every route of `app`: included routers, mounts, websockets and plain ones."""
    yield from _walk(app.routes, "")


def _walk(routes: Iterable[BaseRoute], prefix: str) -> Iterator[Entry]:
    for context in iter_route_contexts(list(routes)):
        if isinstance(context.original_route, Mount):
            yield _entry(context, f"{prefix}{context.path}/{{path:path}}", context.app)
            yield from _walk(context.routes, f"{prefix}{context.path}")
        elif context.path is not None:
            yield _entry(context, f"{prefix}{context.path}", context.endpoint)


def _entry(context: RouteContext, path: str, target: object) -> Entry:
    pattern, template, _ = compile_path(path)
    dependant = getattr(context, "dependant", None)
    documented = getattr(context, "include_in_schema", False)
    return Entry(
        template=template,
        pattern=pattern,
        methods=frozenset(context.methods or ()),
        target=target,
        calls=tuple(_calls(dependant)) if dependant else (),
        takes_dependencies=dependant is not None,
        operation_id=getattr(context, "unique_id", None) if documented else None,
    )


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    for dependency in dependant.dependencies:
        if dependency.call:
            yield dependency.call
        yield from _calls(dependency)


def refuse_duplicates(app: Starlette) -> None:
    """Raise RouteError when two operations share an id; clients are generated from the ids."""
    counted = Counter(entry.operation_id for entry in walk(app) if entry.operation_id)
    for name, times in counted.items():
        if times > 1:
            raise RouteError(
                f"{times} routes are called {name}, and the name is the operation's id in the "
                "contract: rename all but one of the functions."
            )


class Templates:
    """The path templates of an application, by request."""

    def __init__(self, app: Starlette) -> None:
        """Read the routes of `app`; routes added later are `unmatched`."""
        self._by_target: dict[int, list[Entry]] = defaultdict(list)
        for entry in walk(app):
            self._by_target[id(entry.target)].append(entry)

    def find(self, scope: Scope) -> str:
        """Return the template of the route that handled `scope`, else `unmatched`."""
        entries = self._by_target.get(id(scope.get("endpoint")), ())
        if len(entries) == 1:
            return entries[0].template
        # one function serves several paths: the path decides
        return next((e.template for e in entries if e.pattern.match(scope["path"])), UNMATCHED)

    def methods(self, scope: Scope) -> list[str]:
        """Return every method that the routes of the path in `scope` accept, sorted."""
        entries = [entry for known in self._by_target.values() for entry in known]
        return sorted(
            {method for e in entries if e.pattern.match(scope["path"]) for method in e.methods}
        )
