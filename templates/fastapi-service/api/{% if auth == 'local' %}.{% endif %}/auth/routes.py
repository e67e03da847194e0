"""/v1/auth: signing in and up, refresh, sessions, passwords; for browsers with cookies."""

from chassis.fastapi.accounts.routes import router

__all__ = ["router"]
