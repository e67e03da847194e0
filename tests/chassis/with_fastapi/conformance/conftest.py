"""An examination: what a rule finds in an application that a test has given routes to."""

from collections.abc import Awaitable, Callable

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from chassis.conformance import Rule
from chassis.fastapi.app import Application
from chassis.fastapi.conformance.suite import SystemUnderTest, system_under_test
from chassis.fastapi.testing import bearer

__all__ = ["bearer", "system_under_test"]

type Examine = Callable[[Rule[SystemUnderTest]], Awaitable[list[str]]]


@pytest.fixture
def signing_key(key: RSAPrivateKey) -> RSAPrivateKey:
    """Let the standards' callers come from the issuer that the application trusts."""
    return key


@pytest.fixture
def client(app: Application) -> httpx2.AsyncClient:
    """Give a client that gets a crash as the response a server would send."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://test")


@pytest.fixture
def examine(system_under_test: SystemUnderTest) -> Examine:
    """Give the places where a rule finds something, each once."""

    async def run(rule: Rule[SystemUnderTest]) -> list[str]:
        return sorted({finding.place async for finding in rule.check(system_under_test)})

    return run
