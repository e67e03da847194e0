"""Everything under ``/v1/auth``, in one router."""

from fastapi import APIRouter

from chassis.fastapi.accounts import browser, by_mail, session, signing_in

router = APIRouter(prefix="/v1/auth", tags=["auth"])
for part in (signing_in, browser, by_mail, session):
    router.include_router(part.router)
