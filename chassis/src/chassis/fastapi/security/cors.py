"""Which browser applications of other origins may call this API: by default none."""

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from chassis.fastapi.security import cookies
from chassis.fastapi.settings import ApiSettings

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_SENT = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match")
_READ = ("ETag", "Location", "Retry-After", "WWW-Authenticate", "X-Request-ID")
_REMEMBERED_SECONDS = 600


def around(app: ASGIApp, settings: ApiSettings) -> ASGIApp:
    """Put CORS around `app`, so that its refusals and problems can be read as well; nothing
    where `CORS_ORIGINS` is empty."""
    if not settings.cors_origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=settings.cors_origins,
        allow_credentials=True,
        allow_methods=_METHODS,
        allow_headers=(*_SENT, cookies.HEADER),
        expose_headers=_READ,
        max_age=_REMEMBERED_SECONDS,
    )
