"""Sessions of browsers: the tokens travel in cookies and are never seen by a script."""

from fastapi import APIRouter, Depends, Request, Response

from chassis import accounts
from chassis.accounts.sessions import IDLE
from chassis.fastapi.accounts.schemas import Credentials
from chassis.fastapi.accounts.services import AccountServices, Services
from chassis.fastapi.accounts.sign_in import sign_in
from chassis.fastapi.security import cookies
from chassis.fastapi.security.permissions import public
from chassis.openapi import declared
from chassis.problems import ProblemError


async def _own_page(request: Request) -> None:
    """Refuse requests that another site caused: signing a person in to an attacker's account is an
    attack too."""
    cookies.check(request.scope)


router = APIRouter(
    prefix="/browser",
    dependencies=[Depends(public), Depends(_own_page)],
    responses=declared(403),
)


@router.post("/sign-in", status_code=204, responses=declared(401, 429, 503))
async def sign_in_browser(
    request: Request, credentials: Credentials, response: Response, services: Services
) -> None:
    """Sign in with an e-mail address and a password; the session comes as cookies."""
    _set(response, services, await sign_in(request, services, credentials))


@router.post("/refresh", status_code=204, responses=declared(401))
async def refresh_browser(request: Request, response: Response, services: Services) -> None:
    """Renew the cookies, which last ten minutes without it."""
    shown = cookies.read(request.scope, cookies.REFRESH)
    if shown is None:
        raise ProblemError(401, "invalid-refresh-token", "Sign in again with the password.")
    _set(
        response,
        services,
        await accounts.refresh(services.connect, shown, key=services.refresh_key),
    )


@router.post("/sign-out", status_code=204)
async def sign_out_browser(request: Request, response: Response, services: Services) -> None:
    """End the session and take the cookies back."""
    if shown := cookies.read(request.scope, cookies.REFRESH):
        await accounts.end_session(services.connect, shown, key=services.refresh_key)
    for name in (cookies.ACCESS, cookies.REFRESH):
        cookies.put(response, name, "", seconds=0)
    response.headers["Cache-Control"] = "no-store"


def _set(response: Response, services: AccountServices, signed_in: accounts.SignedIn) -> None:
    access = services.access_token(signed_in)
    cookies.put(response, cookies.ACCESS, access, seconds=accounts.TOKEN_SECONDS)
    idle = int(IDLE.total_seconds())
    cookies.put(response, cookies.REFRESH, signed_in.refresh_token, seconds=idle)
    response.headers["Cache-Control"] = "no-store"
