"""Who is calling and what they may do, as dependencies.

The request layer has verified the token before any of this runs; a route adds what it needs::

    Reader = Annotated[Principal, Depends(requires("endpoints:read"))]
"""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.auth import Principal
from chassis.fastapi.requests.scope import PRINCIPAL
from chassis.problems import ProblemError


class _Caller(HTTPBearer):
    """Gives the principal, and writes the security scheme into the contract.

    One dependency does both: FastAPI solves each for some 15 µs.
    """

    def __init__(self) -> None:
        super().__init__(scheme_name="token", bearerFormat="JWT", auto_error=False)

    async def __call__(self, connection: HTTPConnection) -> Principal:  # type: ignore[override]
        """Return who is calling. Raises a 401 problem on a route that is also public."""
        return principal_of(connection)


current_principal = _Caller()
CurrentPrincipal = Annotated[Principal, Depends(current_principal)]


def principal_of(connection: HTTPConnection) -> Principal:
    """Return who is calling. Raises a 401 problem on a route that is also public."""
    return principal_in(connection.scope)


def principal_in(scope: Scope) -> Principal:
    """Return who is calling. Raises a 401 problem on a route that is also public."""
    principal = scope.get(PRINCIPAL)
    if not isinstance(principal, Principal):
        raise ProblemError(401, "missing-token", headers={"WWW-Authenticate": "Bearer"})
    return principal


class requires(_Caller):  # noqa: N801 - reads as a verb where it is used
    """A dependency that gives the principal and refuses one without `permission` (403)."""

    def __init__(self, permission: str) -> None:
        """Keep the name, which also tells administrators which permissions exist."""
        super().__init__()
        self.permission = permission

    async def __call__(self, connection: HTTPConnection) -> Principal:  # type: ignore[override]
        """Return who is calling."""
        principal = principal_of(connection)
        demand(principal, self.permission)
        return principal


def demand(principal: Principal, permission: str) -> None:
    """Raise a 403 problem unless `principal` has `permission`."""
    if permission not in principal.permissions:
        raise ProblemError(403, "permission-denied", f"This needs the permission {permission}.")


async def public() -> None:
    """Mark a route that may be called without a token: `dependencies=[Depends(public)]`.

    Its path must be literal, because the request layer decides before anything is routed.
    """


async def authenticated(_principal: CurrentPrincipal) -> None:
    """Mark a route that any caller with a token may enter, because what it does is the caller's own
    or, as in GraphQL, asks for permissions inside: `dependencies=[Depends(authenticated)]`."""


class Guarded:
    """An ASGI application that only callers with `permission` reach, for what takes no
    dependencies: `app.mount("/files", Guarded(files, "files:read"))`."""

    def __init__(self, app: ASGIApp, permission: str) -> None:
        """Stand before `app`."""
        self._app = app
        self.permission = permission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or raise a 403 problem."""
        demand(principal_of(HTTPConnection(scope)), self.permission)
        await self._app(scope, receive, send)
