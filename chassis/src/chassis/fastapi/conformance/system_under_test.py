"""The service as the behavioral rules see it: routes, contract and a client."""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from chassis.conformance import log_lines
from chassis.fastapi.app import Application
from chassis.fastapi.conformance import samples
from chassis.fastapi.requests.routes import Entry, walk
from chassis.fastapi.security.declared_permissions import permissions
from chassis.fastapi.testing import Bearer

GRAPHQL = "/graphql"
"""The one endpoint of GraphQL, for which some rules of REST make no sense."""
_ANY_ID = "00000000-0000-4000-8000-000000000000"
_METHODS = ("get", "put", "post", "patch", "delete")
_WRITES = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Operation:
    """One operation of the contract: `spec` is its OpenAPI object."""

    method: str
    path: str
    spec: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name it as a reader would."""
        return f"{self.method} {self.path}"

    @property
    def url(self) -> str:
        """Return its path with a sample value in place of each parameter."""
        return filled(self.path)

    @property
    def writes(self) -> bool:
        """Return whether its method may change data."""
        return self.method in _WRITES

    @property
    def takes_token(self) -> bool:
        """Return whether the contract asks for credentials."""
        return bool(self.spec.get("security"))

    def parameters(self, place: str) -> dict[str, Mapping[str, Any]]:
        """Return the schemas of its parameters in `place` (query, path or header) by name."""
        declared = self.spec.get("parameters", ())
        return {item["name"]: item["schema"] for item in declared if item["in"] == place}

    @property
    def body(self) -> Mapping[str, Any] | None:
        """Return the schema of its JSON body, or None."""
        content = self.spec.get("requestBody", {}).get("content", {})
        schema: Mapping[str, Any] | None = content.get("application/json", {}).get("schema")
        return schema


@dataclass(frozen=True)
class SystemUnderTest:
    """A service under test; `client` calls it inside a transaction that is rolled back."""

    app: Application
    client: httpx2.AsyncClient
    bearer: Bearer
    signing_key: RSAPrivateKey

    @cached_property
    def routes(self) -> list[Entry]:
        """Every route there is, the platform's included."""
        return list(walk(self.app))

    @cached_property
    def operations(self) -> list[Operation]:
        """Every operation of the contract."""
        return list(self._operations())

    def _operations(self) -> Iterator[Operation]:
        for path, item in self.contract["paths"].items():
            for method in _METHODS:
                if method in item:
                    yield Operation(method.upper(), path, item[method])

    @cached_property
    def contract(self) -> Mapping[str, Any]:
        """The application's own OpenAPI document."""
        return self.app.openapi()

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow a reference of the contract."""
        return samples.resolve(schema, self.contract)

    def sample(self, schema: Mapping[str, Any], text: str = "text") -> Any:
        """Make a value that fits `schema`; free texts contain `text`."""
        return samples.make(schema, self.contract, text)

    @cached_property
    def everything(self) -> dict[str, str]:
        """The header of a caller with every permission that a route asks for."""
        return self.bearer(*permissions(self.app))

    def log(self) -> AbstractContextManager[list[dict[str, Any]]]:
        """Collect what the service logs meanwhile; the list is filled at the end."""
        platform = self.app.platform
        return log_lines.written(platform.settings, platform.service)

    async def ask(self, method: str, url: str, **options: Any) -> httpx2.Response:
        """Call the service with every permission."""
        headers = {**self.everything, **options.pop("headers", {})}
        return await self.client.request(method, url, headers=headers, **options)


def filled(template: str) -> str:
    """Return a path with an unknown identifier in place of each parameter."""
    return re.sub(r"\{[^}]*\}", _ANY_ID, template)
