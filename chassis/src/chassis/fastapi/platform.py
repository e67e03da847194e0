"""The platform's state of one application: settings, database, keys and public routes."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from typing import Any

import httpx2
from psycopg import AsyncConnection
from starlette.applications import Starlette

from chassis.api_keys import Peppers
from chassis.auth import TokenVerifier
from chassis.fastapi import docs
from chassis.fastapi.api_keys.scheme import ApiKeys
from chassis.fastapi.data.db import Database
from chassis.fastapi.requests.routes import Entry, RouteError, Templates, walk
from chassis.fastapi.security import cookies
from chassis.fastapi.security.authentication import Authentication, Tokens
from chassis.fastapi.security.permissions import public
from chassis.fastapi.settings import AccountSettings, ApiSettings
from chassis.health import Readiness
from chassis.service import Service

ALWAYS_PUBLIC = frozenset({"/livez", "/readyz"})
_ISSUER_TIMEOUT_SECONDS = 3.0


class Platform:
    """The shared state of one application; tests replace `database` and `verifier`."""

    def __init__(self, app: Starlette, settings: ApiSettings, service: Service) -> None:
        """Open no connection yet. Raises IssuerError for an issuer that may not be trusted."""
        self._app = app
        self.settings = settings
        self.service = service
        self.documented = settings.environment.is_local
        self.readiness = Readiness("platform schema", "migrations")
        self.database = Database.at(settings.database_url)
        self._tokens = Tokens(
            TokenVerifier(
                settings.issuers(service), environment=settings.environment, fetch=fetch_json
            )
        )
        peppers = Peppers([item.get_secret_value() for item in settings.api_key_peppers])
        self.api_keys = ApiKeys(self.connect, peppers)
        browsers = isinstance(settings, AccountSettings)
        self.authentication = Authentication(
            [self.api_keys, self._tokens],
            finders=[cookies.access_token] if browsers else [],
        )

    def connect(self) -> AbstractAsyncContextManager[AsyncConnection[Any]]:
        """Return a context manager with psycopg's connection to `database` for one transaction."""
        return self.database.driver()

    @property
    def verifier(self) -> TokenVerifier:
        """Return the verifier of access tokens."""
        return self._tokens.verifier

    @verifier.setter
    def verifier(self, verifier: TokenVerifier) -> None:
        self._tokens.verifier = verifier
        self.authentication.forget()

    @cached_property
    def templates(self) -> Templates:
        """Return the path templates, read at the first request, when all routes exist."""
        return Templates(self._app)

    @cached_property
    def public(self) -> frozenset[tuple[str, str]]:
        """Return the method and path of every public route.

        Raises RouteError for a public route whose path is not literal.
        """
        return frozenset(
            (method, entry.template)
            for entry in walk(self._app)
            if entry.template in self.named or _is_marked(entry)
            for method in entry.methods
        )

    @property
    def named(self) -> frozenset[str]:
        """Return the templates of the platform's own routes, all of them public."""
        return ALWAYS_PUBLIC | docs.PATHS if self.documented else ALWAYS_PUBLIC


async def fetch_json(url: str) -> Mapping[str, Any]:
    """GET a JSON object without following redirects. Raises httpx2.HTTPError or ValueError."""
    async with httpx2.AsyncClient(timeout=_ISSUER_TIMEOUT_SECONDS) as client:
        response = await client.get(url)
        document: Mapping[str, Any] = response.raise_for_status().json()
        return document


def _is_marked(entry: Entry) -> bool:
    if public not in entry.calls:
        return False
    if "{" in entry.template:
        raise RouteError(
            f"{entry.template} is marked public, but a public path may have no parameters: "
            "remove the mark, or move the value into the query or the body."
        )
    return True
