"""An application without routes of its own, a caller it trusts, and what it logs."""

import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import jwt
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from chassis import accounts, logs
from chassis.auth import SINGLE_TENANT, TokenVerifier, TrustedIssuer
from chassis.environment import Environment
from chassis.fastapi.app import Application
from chassis.fastapi.platform import fetch_json
from chassis.fastapi.settings import AUDIENCE, IssuerSettings
from chassis.output import Output
from chassis.service import Service

ISSUER = "https://issuer.test"
NOWHERE = "postgresql://nobody@127.0.0.1:9/nothing?connect_timeout=1"
LOGIN = {"email": "ada@example.com", "password": "correct horse battery"}

type MakeApp = Callable[..., Application]
type MakeCaller = Callable[..., dict[str, str]]


@pytest.fixture(scope="session")
def key() -> RSAPrivateKey:
    """Give the key of the trusted issuer."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """Give a service with an API in an empty folder."""
    (tmp_path / "api").mkdir()
    return Service(tmp_path, "orders", "1.2.3", "fastapi-service", ("api",))


@pytest.fixture
def make_app(service: Service, key: RSAPrivateKey) -> MakeApp:
    """Give the maker of applications: `make_app(database_url=…, environment=…)`;
    `extra_settings` are added to the settings."""

    def make(
        *,
        database_url: str = NOWHERE,
        environment: Environment = Environment.TEST,
        extra_settings: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Application:
        ours = TrustedIssuer(ISSUER, AUDIENCE, key=key.public_key())
        known = {"issuer": ISSUER, "audience": AUDIENCE, "jwks_url": "https://issuer.example/jwks"}
        settings = IssuerSettings.model_validate(
            {
                "database_url": database_url,
                "environment": environment,
                "trusted_issuers": [known],
                **(extra_settings or {}),
            }
        )
        app = Application(settings, service=service, **options)
        app.platform.verifier = TokenVerifier(
            [ours], environment=Environment.TEST, fetch=fetch_json
        )
        return app

    return make


@pytest.fixture
def app(make_app: MakeApp) -> Application:
    """Give an application whose database does not exist."""
    return make_app()


@pytest.fixture
async def client(app: Application) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of ``app`` without a token."""
    async with client_of(app) as opened:
        yield opened


def client_of(app: Any) -> httpx2.AsyncClient:
    """Make a client of any ASGI application."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test")


@pytest.fixture
def make_caller(key: RSAPrivateKey) -> MakeCaller:
    """Give the maker of callers: ``make_caller("things:read", subject="grace", tenant=…)``."""

    def make(
        *permissions: str, subject: str = "ada", tenant: UUID | str = SINGLE_TENANT
    ) -> dict[str, str]:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 60}
        claims |= {"scope": " ".join(permissions or ["things:read"]), "tenant": str(tenant)}
        token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "1"})
        return {"Authorization": f"Bearer {token}"}

    return make


@pytest.fixture
def caller(make_caller: MakeCaller) -> dict[str, str]:
    """Give the header of somebody with the permission ``things:read``."""
    return make_caller()


@pytest.fixture
async def account(app: Application) -> accounts.Account:
    """Give the account of ``LOGIN``."""
    return await accounts.create(
        app.platform.database.driver,
        email=LOGIN["email"],
        password=LOGIN["password"],
        permissions=["me:read"],
    )


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """Give the events that were logged, with what was bound to them."""
    with capture_logs(processors=[merge_contextvars, logs.identify]) as events:
        yield events


class Written(Sequence[dict[str, Any]]):
    """The lines that a process in production has written so far."""

    def __init__(self, output: Output, file: Path) -> None:
        self._output = output
        self._file = file

    def _read(self) -> list[dict[str, Any]]:
        self._output.flush()
        return [json.loads(line) for line in self._file.read_bytes().splitlines()]

    def __getitem__(self, index: Any) -> Any:
        return self._read()[index]

    def __len__(self) -> int:
        return len(self._read())

    def requests(self) -> list[dict[str, Any]]:
        """The access lines alone."""
        return [line for line in self._read() if line["event"] == "request"]


@pytest.fixture
def written(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """Configure logs as in production, the way that is measured, and give what they write."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    file = tmp_path / "stdout"
    with file.open("wb") as stream:
        output = Output(stream.fileno)
        monkeypatch.setattr(logs, "_output", output)
        production = IssuerSettings.model_construct(
            environment=Environment.PRODUCTION, log_format="json", log_level="INFO"
        )
        logs.configure(production, service)
        structlog.configure(cache_logger_on_first_use=False)
        yield Written(output, file)
        output.flush()
    structlog.reset_defaults()
    logs._fast.configure(service, None)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def lines(written: Written) -> Callable[[], list[tuple[Any, ...]]]:
    """Give what the access lines say: route, status and outcome."""
    return lambda: [
        (event["route"], event["status"], event["outcome"]) for event in written.requests()
    ]
