"""Routes for a signed-in person: sessions and the password."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from chassis import accounts
from chassis.fastapi.accounts.schemas import NewPassword, Sessions, SessionView
from chassis.fastapi.accounts.services import Services, SignedInOwner
from chassis.fastapi.security.permissions import authenticated
from chassis.openapi import declared
from chassis.problems import ProblemError

router = APIRouter(dependencies=[Depends(authenticated)])


@router.get("/sessions")
async def list_sessions(owner: SignedInOwner, services: Services, response: Response) -> Sessions:
    """List where this account is signed in."""
    response.headers["Cache-Control"] = "no-store"
    live = await accounts.list_sessions(services.connect, owner.account)
    return Sessions(
        items=[SessionView(**vars(item), current=item.id == owner.session) for item in live]
    )


@router.delete("/sessions", status_code=204)
async def end_sessions(owner: SignedInOwner, services: Services) -> None:
    """Sign out everywhere, here too; access tokens that are out last ten minutes at most."""
    await accounts.sign_out(services.connect, owner.account)


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(session_id: UUID, owner: SignedInOwner, services: Services) -> None:
    """Sign out one device."""
    if not await accounts.sign_out(services.connect, owner.account, session_id):
        raise ProblemError(404, None, "The session does not exist.")


@router.put("/password", status_code=204, responses=declared(429, 503))
async def change_password(
    request: Request, body: NewPassword, owner: SignedInOwner, services: Services
) -> None:
    """Set another password; every session ends, this one too, and signs in again with it."""
    await services.limit_sign_in(request, str(owner.account))
    try:
        await accounts.change_password(
            services.connect,
            owner.account,
            current=body.current.get_secret_value(),
            new=body.new.get_secret_value(),
        )
    except accounts.AccountError as error:
        invalid = {"pointer": "/body/new", "detail": str(error), "type": "value_error"}
        raise ProblemError(422, "validation", errors=[invalid]) from None
