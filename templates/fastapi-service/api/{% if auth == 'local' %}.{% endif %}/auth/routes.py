"""`/v1/auth`: sign-in, sign-up, refresh, sessions and passwords; cookies for browsers."""

from chassis.fastapi.accounts.routes import router

__all__ = ["router"]
