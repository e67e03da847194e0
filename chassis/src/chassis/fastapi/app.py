"""The application: FastAPI with the platform's routes, handlers and request layer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy.orm import configure_mappers
from starlette.types import ASGIApp, Lifespan

from chassis import logs, telemetry
from chassis.fastapi import docs, health, problems
from chassis.fastapi.data import db
from chassis.fastapi.draining import draining
from chassis.fastapi.platform import Platform
from chassis.fastapi.requests import etags
from chassis.fastapi.requests.layer import Guard, RequestLayer
from chassis.fastapi.requests.policy import Policy
from chassis.fastapi.requests.routes import refuse_duplicates
from chassis.fastapi.requests.routing_table import RoutingTable
from chassis.fastapi.security import cors
from chassis.fastapi.security.declared_permissions import refuse_undecided
from chassis.fastapi.settings import ApiSettings
from chassis.service import Service, load

# FastAPI would add its own tracing to any tracer that exists: five spans per request
_NO_TELEMETRY: Any = {"tracing": False, "metrics": False, "logs": False}


class Application(FastAPI):
    """A FastAPI application whose requests all pass the platform's request layer first.

    `options` are FastAPI's own; `lifespan` runs inside the platform's. Raises IssuerError when
    `settings` trust an issuer that this environment does not allow.
    """

    def __init__(
        self,
        settings: ApiSettings,
        *,
        service: Service | None = None,
        lifespan: Lifespan[Any] | None = None,
        **options: Any,
    ) -> None:
        """Assemble the platform's routes and handlers; open no connection yet."""
        service = service or load()
        self.platform = Platform(self, settings, service)
        defaults: dict[str, Any] = {
            "title": service.name,
            "version": service.version,
            "openapi_url": docs.OPENAPI if self.platform.documented else None,
            "docs_url": None,
            "redoc_url": None,
            "redirect_slashes": False,
            "telemetry": _NO_TELEMETRY,
            "generate_unique_id_function": _operation_id,
        }
        super().__init__(**(defaults | options), lifespan=_around(lifespan))
        self._table = RoutingTable(self.router)
        self.router.middleware_stack = self._table
        problems.install(self)
        db.install(self)
        etags.install(self)
        health.install(self, self.platform)
        if self.platform.documented:
            docs.install(self)

    def build_middleware_stack(self) -> ASGIApp:
        """Wrap the application and a team's own middleware in the request layer."""
        guarded = Guard(super().build_middleware_stack(), self.platform)
        crossing = cors.around(guarded, self.platform.settings)
        return RequestLayer(Policy(crossing), self.platform)

    def check(self) -> None:
        """Raise StartError unless every route declares who may call it and has a unique name, and
        no model loads its relations row by row."""
        configure_mappers()
        refuse_duplicates(self)
        refuse_undecided(self, known=self.platform.named)
        self._table.read()

    def openapi(self) -> dict[str, Any]:
        """Return the contract with the problems that every operation may answer."""
        schema = super().openapi()
        etags.declare(schema)
        problems.declare(schema)
        return schema


def _operation_id(route: APIRoute) -> str:
    return route.name


def _around(inner: Lifespan[Any] | None) -> Lifespan[Any]:
    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[Any]:
        platform = app.platform
        platform.settings.environment.refuse_build()
        logs.configure(platform.settings, platform.service)
        telemetry.start(platform.settings, platform.service)
        app.check()
        try:
            with draining(platform.readiness, platform.settings.drain_seconds or 0):
                async with (inner or _nothing)(app) as state:
                    yield state
        finally:
            platform.readiness.drain()
            await platform.database.dispose()
            await asyncio.to_thread(telemetry.stop)
            await asyncio.to_thread(logs.flush)

    return lifespan


@asynccontextmanager
async def _nothing(_app: Any) -> AsyncIterator[None]:
    yield
