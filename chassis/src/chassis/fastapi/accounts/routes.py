"""Everything under `/v1/auth`, in one router."""

from fastapi import APIRouter

from chassis.fastapi.accounts import browser_sessions, email_codes, sessions, sign_in

router = APIRouter(prefix="/v1/auth", tags=["auth"])
for part in (sign_in, browser_sessions, email_codes, sessions):
    router.include_router(part.router)
