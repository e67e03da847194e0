"""POST /v1/auth/token: an e-mail address and a password for an access token."""

from chassis.fastapi.accounts import router

__all__ = ["router"]
