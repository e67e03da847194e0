"""The chassis for FastAPI.

``api/main.py`` makes an ``Application`` and includes the routers it finds; a route takes
``Session`` (``chassis.fastapi.db``) and ``requires("permission")``. Names imported here are the
public interface, with those of ``db``, ``etags``, ``filters``, ``idempotency``, ``migrations``,
``pages``, ``settings`` and ``testing``.
"""

from chassis.fastapi.app import Application
from chassis.fastapi.routers import include_routers
from chassis.fastapi.security import CurrentPrincipal, Guarded, authenticated, public, requires
from chassis.openapi import declared

__all__ = [
    "Application",
    "CurrentPrincipal",
    "Guarded",
    "authenticated",
    "declared",
    "include_routers",
    "public",
    "requires",
]
