"""Sign-up and password reset: anyone may request a code; only the reader of the mail gets it."""

from fastapi import APIRouter, Depends, Request, Response

from chassis import accounts
from chassis.fastapi.accounts.schemas import Address, Redemption
from chassis.fastapi.accounts.services import Services
from chassis.fastapi.security.permissions import public
from chassis.openapi import declared
from chassis.problems import ProblemError

router = APIRouter(dependencies=[Depends(public)])


@router.post("/sign-up", status_code=202, response_class=Response, responses=declared(403, 429))
async def sign_up(request: Request, body: Address, services: Services) -> Response:
    """Mail a code with which the account is made; the answer is the same if there is one."""
    if not services.settings.sign_up_open:
        raise ProblemError(403, "sign-up-closed", "Ask an administrator for an account.")
    await services.limit_mail(request, body.email)
    await accounts.request_sign_up(services.connect, body.email, mailer=services.mailer)
    return Response(status_code=202)


@router.post("/reset", status_code=202, response_class=Response, responses=declared(429))
async def reset_password(request: Request, body: Address, services: Services) -> Response:
    """Mail a code with which another password is set; the answer never tells who has an account."""
    await services.limit_mail(request, body.email)
    await accounts.request_password_reset(services.connect, body.email, mailer=services.mailer)
    return Response(status_code=202)


@router.post("/redeem", status_code=204, responses=declared(403, 503))
async def redeem_mailed_token(body: Redemption, services: Services) -> None:
    """Choose a password with a mailed code, once: it makes the account, or signs out everywhere."""
    try:
        await accounts.redeem(
            services.connect,
            body.token.get_secret_value(),
            password=body.password.get_secret_value(),
            permissions=services.settings.sign_up_permissions,
        )
    except accounts.AccountError as error:
        invalid = {"pointer": "/body/password", "detail": str(error), "type": "value_error"}
        raise ProblemError(422, "validation", errors=[invalid]) from None
