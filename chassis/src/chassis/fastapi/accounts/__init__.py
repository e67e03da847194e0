"""Signing in at a service that owns its accounts (``auth=local``), and making the first of them.

``router`` holds everything under ``/v1/auth``; a service's ``api/auth/routes.py`` passes it on.
"""

from chassis.fastapi.accounts.administrator import make_administrator
from chassis.fastapi.accounts.routes import router

__all__ = ["make_administrator", "router"]
