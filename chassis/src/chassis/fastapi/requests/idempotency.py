"""`Idempotency-Key` for the writes of a router::

    router = APIRouter(prefix="/v1/endpoints", route_class=IdempotentRoute)

Every POST and PATCH of the router then takes the header. A retry passes the same permissions and
checks as the first request, and gets its answer with `Idempotency-Replayed: true`. The changes that
the endpoint makes through `Session` and the stored answer commit together; an error rolls both
back.
"""

import hashlib
import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any

from fastapi import Depends, Header
from fastapi.params import Form
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from chassis import idempotency
from chassis.fastapi.data.db import Session, driver_connection
from chassis.fastapi.requests.routes import RouteError
from chassis.fastapi.requests.scope import PLATFORM
from chassis.fastapi.security.permissions import CurrentPrincipal
from chassis.idempotency import Attempt, Outcome
from chassis.openapi import declared

_WRITES = {"POST", "PATCH"}
_PARAMETER = "chassis_attempt"
_STATE = "chassis.idempotency"
_STORED_HEADERS = ("content-type", "location", "etag")

Key = Annotated[
    str | None,
    Header(
        alias=idempotency.HEADER,
        min_length=1,
        max_length=idempotency.LONGEST_KEY,
        pattern=r"^[!-~]+$",
        description="Any text that is new for each new request, such as a UUID. A retry with the "
        "same key within a day gets the answer of the first request and does nothing again.",
    ),
]


class _Replay(Exception):  # noqa: N818 - a way out of the endpoint, not an error
    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


@dataclass(frozen=True)
class _Started:
    attempt: Attempt
    session: AsyncSession


async def _prepare(
    request: Request, session: Session, caller: CurrentPrincipal, key: Key = None
) -> Callable[[], Coroutine[Any, Any, None]]:
    """Return the coroutine function that looks up the key immediately before the endpoint runs."""

    async def begin() -> None:
        if key is None:
            return
        route = f"{request.method} {request.scope[PLATFORM].templates.find(request.scope)}"
        attempt = Attempt(caller, route, key, await _fingerprint(request))
        known = await idempotency.begin(await driver_connection(session), attempt)
        if known:
            raise _Replay(known)
        request.scope[_STATE] = _Started(attempt, session)

    return begin


async def _fingerprint(request: Request) -> bytes:
    target = f"{request.url.path}?{request.url.query}\n"
    return hashlib.sha256(target.encode() + await request.body()).digest()


class IdempotentRoute(APIRoute):
    """A route whose POST and PATCH take `Idempotency-Key`; for `APIRouter(route_class=…)`.

    Raises RouteError for an endpoint that is not a coroutine function or takes a form.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add the header and its error responses to a write."""
        if _WRITES & set(options.get("methods") or ()):
            endpoint = _after_key(path, endpoint)
            options["responses"] = declared(409) | (options.get("responses") or {})
        super().__init__(path, endpoint, **options)
        if self._is_write and self.body_field and isinstance(self.body_field.field_info, Form):
            raise RouteError(
                f"{path} takes a form, and the bytes of a form cannot be compared: give it a JSON "
                "body, or a router without IdempotentRoute."
            )

    @property
    def _is_write(self) -> bool:
        return bool(_WRITES & (self.methods or set()))

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, wrapped where the session is open and the response complete."""
        handle = super().get_route_handler()
        return _storing(handle) if self._is_write else handle


def _after_key(path: str, endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Return `endpoint` with the lookup of the key before it, after all its dependencies."""
    if not inspect.iscoroutinefunction(endpoint):
        raise RouteError(f"{path} has an endpoint that blocks: declare it with `async def`.")

    @wraps(endpoint)
    async def run(**values: Any) -> Any:
        await values.pop(_PARAMETER)()
        return await endpoint(**values)

    signature = inspect.signature(endpoint)
    last = inspect.Parameter(
        _PARAMETER, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[Any, Depends(_prepare)]
    )
    parameters = [*signature.parameters.values(), last]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return run


def _storing(
    handle: Callable[[Request], Coroutine[Any, Any, Response]],
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    async def run(request: Request) -> Response:
        try:
            response = await handle(request)
        except _Replay as replay:
            return _response(replay.outcome)
        started = request.scope.get(_STATE)
        if started:
            connection = await driver_connection(started.session)
            await idempotency.keep(connection, started.attempt, _outcome(response))
        return response

    return run


def _response(outcome: Outcome) -> Response:
    headers = {**outcome.headers, idempotency.REPLAYED: "true"}
    return Response(outcome.body, outcome.status, headers)


def _outcome(response: Response) -> Outcome:
    headers = {name: response.headers[name] for name in _STORED_HEADERS if name in response.headers}
    return Outcome(response.status_code, headers, _body(response))


def _body(response: Response) -> str | None:
    """Return the body to store, or None for a stream or a response that caches may not store."""
    secret = "no-store" in response.headers.get("cache-control", "") or (
        "set-cookie" in response.headers
    )
    try:
        return None if secret else bytes(response.body).decode()
    except (AttributeError, UnicodeDecodeError):
        return None
