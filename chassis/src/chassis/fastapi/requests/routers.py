"""Including the routers of a service's domains."""

from fastapi import APIRouter, FastAPI

from chassis.fastapi import discovery
from chassis.fastapi.requests.routes import RouteError


def include_routers(app: FastAPI, package: str) -> None:
    """Include `router` of every `<package>/<domain>/routes.py`, in the order of the names.

    Raises RouteError for a file without one.
    """
    for module in discovery.modules(package, "routes"):
        router = getattr(module, "router", None)
        if not isinstance(router, APIRouter):
            raise RouteError(
                f"{module.__file__} has no router: add `router = APIRouter()` and its routes, "
                "or name the file differently."
            )
        app.include_router(router)
