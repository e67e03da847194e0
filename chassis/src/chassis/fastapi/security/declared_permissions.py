"""The check before a service starts that every route declares who may call it.

The request layer refuses callers without a token on its own; this is about callers with one.
"""

from collections.abc import Iterator

from starlette.applications import Starlette

from chassis.fastapi.requests.routes import Entry, RouteError, walk
from chassis.fastapi.security.permissions import Guarded, authenticated, public, requires

_MARKS = (authenticated, public)


def refuse_undecided(app: Starlette, *, known: frozenset[str]) -> None:
    """Raise RouteError for the first route, mount or websocket that declares no permission."""
    for entry in undecided(app, known=known):
        raise RouteError(_advice(entry))


def undecided(app: Starlette, *, known: frozenset[str]) -> Iterator[Entry]:
    """Yield every route, mount and websocket that declares no permission.

    `known` are the templates of the platform's own routes.
    """
    for entry in walk(app):
        if entry.template not in known and not _is_decided(entry):
            yield entry


def permissions(app: Starlette) -> list[str]:
    """Return every permission that a route, a mount or a field of GraphQL asks for in `app`."""
    return sorted({name for entry in walk(app) for name in _asked(entry)})


def _asked(entry: Entry) -> Iterator[str]:
    if isinstance(entry.target, Guarded):
        yield entry.target.permission
    yield from (call.permission for call in entry.calls if isinstance(call, requires))
    yield from getattr(entry.target, "permissions", ())


def _is_decided(entry: Entry) -> bool:
    if isinstance(entry.target, Guarded):
        return True
    # the routes of a mounted application declare their own permissions
    if getattr(entry.target, "routes", None):
        return True
    return any(call in _MARKS or isinstance(call, requires) for call in entry.calls)


def _advice(entry: Entry) -> str:
    name = " ".join([*sorted(entry.methods - {"HEAD"}), entry.template])
    if not entry.takes_dependencies:
        return (
            f"{name} does not declare who may call it: declare it on a router (@router.get), or "
            'mount what it serves as Guarded(…, "things:read").'
        )
    return (
        f"{name} does not declare who may call it: add "
        'dependencies=[Depends(requires("things:read"))], or Depends(authenticated) where any '
        "caller with a token may, or Depends(public)."
    )
