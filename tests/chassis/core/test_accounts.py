"""Local accounts on a real database."""

import asyncio
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from chassis import accounts
from chassis.accounts import Account, AccountError, passwords
from chassis.auth import SINGLE_TENANT, SigningKey, TokenVerifier, TrustedIssuer
from chassis.auth.development_key import development_pem
from chassis.connections import Connector
from chassis.environment import Environment, SettingsError
from chassis.problems import ProblemError
from chassis.settings import Secret, development_secret
from conftest import make_service
from lender import Lender

PASSWORD = "correct horse battery"


async def make(connect: Connector, **changes: Any) -> Account:
    """Make an account of somebody."""
    given = {"email": "Ada@Example.org", "password": PASSWORD, "permissions": ["b", "a", "b"]}
    return await accounts.create(connect, **{**given, **changes})


async def test_an_account_signs_in_with_its_password(connect: Lender) -> None:
    """The address is compared without regard to case."""
    made = await make(connect)
    assert (made.tenant, made.permissions) == (SINGLE_TENANT, ["a", "b"])
    assert await accounts.authenticate(connect, email="ada@example.ORG", password=PASSWORD) == made


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@example.org", "wrong horse battery"),
        ("ada@example.org", ""),
        ("ada@example.org", PASSWORD + "x" * 300),
        ("eve@example.org", PASSWORD),
        ("", PASSWORD),
        ("ada@example.org\0", PASSWORD),
        ("a" * 100_000, PASSWORD),
        ("ada@example.org' OR 1=1 --", PASSWORD),
    ],
)
async def test_a_wrong_pair_is_one_problem(connect: Lender, email: str, password: str) -> None:
    """The answer never says whether the account exists."""
    await make(connect)
    with pytest.raises(ProblemError) as caught:
        await accounts.authenticate(connect, email=email, password=password)
    problem = caught.value
    assert (problem.status, problem.slug) == (401, "invalid-credentials")
    assert problem.detail == "The address or the password is wrong."


async def test_an_unknown_account_takes_as_long_as_a_known_one(connect: Lender) -> None:
    """Time tells nobody which addresses have accounts."""
    await make(connect)

    async def fastest(email: str) -> float:
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            with pytest.raises(ProblemError):
                await accounts.authenticate(connect, email=email, password="wrong password")
            times.append(time.perf_counter() - begun)
        return min(times)

    known, unknown = await fastest("ada@example.org"), await fastest("eve@example.org")
    assert 0.5 < unknown / known < 2


async def test_the_password_is_stored_as_argon2id(connect: Lender, database: str) -> None:
    """A stolen table holds no password."""
    await make(connect)
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT password_hash FROM platform.account").fetchone()
    assert row
    assert row[0].startswith("$argon2id$")


async def test_an_old_hash_follows_the_present_cost(connect: Lender, database: str) -> None:
    """A sign-in is the moment at which the password is at hand."""
    await make(connect)
    weak = PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE platform.account SET password_hash = %s", [weak])
    await accounts.authenticate(connect, email="ada@example.org", password=PASSWORD)
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT password_hash FROM platform.account").fetchone()
    assert row
    assert not PasswordHasher().check_needs_rehash(row[0])


async def test_a_broken_hash_is_no_crash(connect: Lender, database: str) -> None:
    """A row that somebody edited by hand refuses, and does not answer 500."""
    await make(connect)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE platform.account SET password_hash = 'x'")
    with pytest.raises(ProblemError, match="wrong"):
        await accounts.authenticate(connect, email="ada@example.org", password=PASSWORD)


async def test_an_address_has_one_account(connect: Lender) -> None:
    """However it is written."""
    await make(connect)
    with pytest.raises(ProblemError) as caught:
        await make(connect, email=" ADA@example.org ")
    assert (caught.value.status, caught.value.slug) == (409, "account-exists")


@pytest.mark.parametrize(
    ("email", "password", "message"),
    [
        ("ada@example.org", "short", "needs 12 to 256 characters"),
        ("ada@example.org", "x" * 257, "needs 12 to 256 characters"),
        ("ada", PASSWORD, "is not an email address"),
        ("@example.org", PASSWORD, "is not an email address"),
        ("a b@example.org", PASSWORD, "is not an email address"),
        ("ada@example.org\n", PASSWORD, ""),
        ("a\0da@example.org", PASSWORD, "is not an email address"),
        ("a" * 250 + "@example.org", PASSWORD, "is not an email address"),
    ],
)
async def test_what_will_not_do_is_said(
    connect: Lender, email: str, password: str, message: str
) -> None:
    """The sentence holds no password; space around an address is no mistake."""
    if not message:
        assert (await make(connect, email=email)).email == "ada@example.org"
        return
    with pytest.raises(AccountError, match=message) as caught:
        await make(connect, email=email, password=password)
    assert password not in str(caught.value)


async def test_a_hash_holds_no_connection_and_a_flood_is_refused(
    connect: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many sign-ins at once leave connections, the event loop and the memory to others."""
    await make(connect)
    lent = []
    fits = passwords._verify

    def watching(hashed: str, password: str) -> bool:
        lent.append(connect.lent)
        time.sleep(0.02)
        return fits(hashed, password)

    monkeypatch.setattr(passwords, "_verify", watching)
    monkeypatch.setattr(passwords, "_WAITING", 4)
    tries = [
        accounts.authenticate(connect, email="ada@example.org", password=PASSWORD)
        for _ in range(20)
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    busy = [item for item in results if isinstance(item, ProblemError)]
    assert {(item.status, item.slug) for item in busy} == {(503, "busy")}
    assert len(results) - len(busy) >= 4
    # the last to hash does so when everybody has given the connection back
    assert lent[-1] == 0
    monkeypatch.setattr(passwords, "_WAITING", 32)
    assert await accounts.authenticate(connect, email="ada@example.org", password=PASSWORD)


ACCOUNT = Account(UUID(int=7), "ada@example.org", UUID(int=9), ["orders:read", "orders:write"])


async def nothing(url: str) -> dict[str, Any]:
    """Refuse to load keys: an issuer inside the service has its own at hand."""
    raise AssertionError(url)


async def test_its_token_is_accepted_by_a_verifier(tmp_path: Path) -> None:
    """What this service signs, a verifier that trusts it reads back."""
    service = make_service(tmp_path / "s", "api")
    key = SigningKey.load(development_secret("token-key"), service)
    issuer = TrustedIssuer("https://orders.example", "orders", key=key.public)
    token = accounts.access_token(ACCOUNT, key=key, issuer=issuer.issuer, audience="orders")
    verifier = TokenVerifier([issuer], environment=Environment.PRODUCTION, fetch=nothing)
    principal = await verifier.verify(token)
    assert (principal.subject, principal.tenant) == (str(UUID(int=7)), UUID(int=9))
    assert principal.permissions == {"orders:read", "orders:write"}


def test_the_development_key_is_made_once_and_closed(tmp_path: Path) -> None:
    """A restart must not sign everybody out."""
    service = make_service(tmp_path / "s", "api")
    first = SigningKey.load(development_secret("token-key"), service)
    second = SigningKey.load(development_secret("token-key"), service)
    assert first.kid == second.kid
    file = service.root / ".dev" / "token.pem"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in file.parent.iterdir()] == ["token.pem"]
    development_pem.cache_clear()  # as after a restart
    assert SigningKey.load(development_secret("token-key"), service).kid == first.kid


async def test_without_a_folder_to_write_its_tokens_are_accepted_too(tmp_path: Path) -> None:
    """A development container may be read-only: who signs and who verifies load the key apart."""
    service = make_service(tmp_path / "s", "api")
    (service.root / ".dev").write_text("in the way")
    key = SigningKey.load(development_secret("token-key"), service)
    token = accounts.access_token(ACCOUNT, key=key, issuer="http://127.0.0.1", audience="api")
    again = SigningKey.load(development_secret("token-key"), service)
    issuer = TrustedIssuer("http://127.0.0.1", "api", key=again.public)
    verifier = TokenVerifier([issuer], environment=Environment.TEST, fetch=nothing)
    assert (await verifier.verify(token)).subject == str(ACCOUNT.id)


def pem(key: Any) -> Secret:
    """Write a private key as a setting."""
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Secret(text.decode())


def test_a_key_of_production_is_used_as_it_is(tmp_path: Path) -> None:
    """Its name follows from its contents, so every replica says the same."""
    service = make_service(tmp_path / "s", "api")
    setting = pem(generate_private_key(65537, 2048))
    assert SigningKey.load(setting, service).kid == SigningKey.load(setting, service).kid
    assert not (service.root / ".dev").exists()


@pytest.mark.parametrize(
    "setting",
    [
        Secret("x" * 64),
        pem(generate_private_key(65537, 1024)),  # noqa: S505
        pem(ec.generate_private_key(ec.SECP256R1())),
    ],
    ids=["no PEM", "too short", "not RSA"],
)
def test_a_key_that_will_not_do_is_said(tmp_path: Path, setting: Secret) -> None:
    """The sentence names the command that makes a good one, and no key."""
    service = make_service(tmp_path / "s", "api")
    with pytest.raises(SettingsError, match="openssl genpkey -algorithm RSA") as caught:
        SigningKey.load(setting, service)
    assert setting.get_secret_value() not in str(caught.value)
