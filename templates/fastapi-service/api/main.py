"""The application that the server loads: `granian --interface asgi api.main:app`."""

from chassis.fastapi.app import Application
from chassis.fastapi.requests.routers import include_routers

from api.settings import Settings


def create_app(settings: Settings) -> Application:
    """Return the application: the platform's part and the router of every `api/*/routes.py`."""
    app = Application(settings)
    include_routers(app, "api")
    return app


app = create_app(Settings.load())
