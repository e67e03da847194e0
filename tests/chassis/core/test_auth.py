"""Verification of tokens, as an attacker tries it."""

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import HMACAlgorithm, RSAAlgorithm

from chassis.auth import SINGLE_TENANT, IssuerError, TokenVerifier, TrustedIssuer, bearer
from chassis.auth.keys import KeySet, KeysUnavailableError
from chassis.problems import ProblemError
from chassis.settings import Environment

ISSUER = "https://issuer.example"
JWKS = f"{ISSUER}/jwks.json"
KEY = generate_private_key(65537, 2048)
OTHER = generate_private_key(65537, 2048)


class Issuer:
    """An issuer's key set, and how often it was asked for."""

    def __init__(self, **keys: RSAPrivateKey) -> None:
        self.keys = keys
        self.asked = 0
        self.failure: Exception | None = None
        self.hanging = asyncio.Event()
        self.hanging.set()

    async def fetch(self, url: str) -> Mapping[str, Any]:
        """Answer like a JWKS endpoint."""
        assert url == JWKS
        self.asked += 1
        await self.hanging.wait()
        if self.failure:
            raise self.failure
        return {"keys": [jwk(kid, key) for kid, key in self.keys.items()]}


def jwk(kid: str, key: RSAPrivateKey) -> dict[str, Any]:
    """Give the public half as a JSON Web Key."""
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid}


def claims(**changes: object) -> dict[str, Any]:
    """Give valid claims with changes; None takes a claim away."""
    now = int(time.time())
    valid = {"iss": ISSUER, "aud": "api", "sub": "somebody", "iat": now, "exp": now + 600}
    return {name: value for name, value in {**valid, **changes}.items() if value is not None}


def token(key: RSAPrivateKey = KEY, *, kid: str | None = "a", **changes: object) -> str:
    """Sign claims."""
    headers = {"kid": kid} if kid else None
    return jwt.encode(claims(**changes), key, algorithm="RS256", headers=headers)


def encoded(part: object) -> str:
    """Encode one part of a token."""
    text = part if isinstance(part, str) else json.dumps(part)
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def verifier(issuer: Issuer, *more: TrustedIssuer) -> TokenVerifier:
    """Trust ``issuer``, in production."""
    trusted = TrustedIssuer(ISSUER, "api", JWKS)
    return TokenVerifier([trusted, *more], environment=Environment.PRODUCTION, fetch=issuer.fetch)


async def refusal(value: str, issuer: Issuer | None = None) -> ProblemError:
    """Give the problem that a token gets."""
    with pytest.raises(ProblemError) as caught:
        await verifier(issuer or Issuer(a=KEY)).verify(value)
    return caught.value


async def test_a_valid_token_gives_its_principal() -> None:
    """Permissions are the scope and the permissions claim together."""
    tenant = "8c0e0a34-6f3e-4f1e-9d8f-9a4b3f0f8a11"
    value = token(scope="a b", permissions=["b", "c"], tenant=tenant, sid="s1")
    principal = await verifier(Issuer(a=KEY)).verify(value)
    assert (principal.issuer, principal.subject) == (ISSUER, "somebody")
    assert principal.permissions == {"a", "b", "c"}
    assert principal.tenant == UUID(tenant)
    assert principal.session == "s1"


async def test_without_a_tenant_there_is_one_tenant() -> None:
    """A service without tenants has a constant one."""
    principal = await verifier(Issuer(a=KEY)).verify(token())
    assert principal.tenant == SINGLE_TENANT
    assert principal.permissions == frozenset()


def _none(algorithm: str) -> str:
    return f"{encoded({'alg': algorithm, 'kid': 'a'})}.{encoded(claims())}."


def _hmac_with_the_public_key() -> str:
    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signed = f"{encoded({'alg': 'HS256', 'kid': 'a'})}.{encoded(claims())}"
    mac = HMACAlgorithm(HMACAlgorithm.SHA256).sign(signed.encode(), public)
    return f"{signed}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _embedded_key() -> str:
    """Sign with an own key and offer it in the header, by value and by address."""
    headers = {"kid": "a", "jwk": jwk("a", OTHER), "jku": "https://evil.example/jwks.json"}
    return jwt.encode(claims(), OTHER, algorithm="RS256", headers=headers)


def _changed_payload() -> str:
    head, _, signature = token().split(".")
    return f"{head}.{encoded(claims(scope='everything'))}.{signature}"


NOW = int(time.time())
HEAD = encoded({"alg": "RS256", "kid": "a"})
ATTACKS = {
    "alg none": _none("none"),
    "alg None": _none("None"),
    "HS256 with the public key": _hmac_with_the_public_key(),
    "another algorithm": jwt.encode(claims(), KEY, algorithm="RS512", headers={"kid": "a"}),
    "PS256": jwt.encode(claims(), KEY, algorithm="PS256", headers={"kid": "a"}),
    "another key": token(OTHER),
    "a key in the header": _embedded_key(),
    "changed after signing": _changed_payload(),
    "no signature": token().rpartition(".")[0] + ".",
    "no kid": token(kid=None),
    "unknown kid": token(kid="b"),
    "kid with a path": token(kid="../../etc/passwd"),
    "wrong issuer": token(iss="https://evil.example"),
    "issuer with a slash": token(iss=f"{ISSUER}/"),
    "no issuer": token(iss=None),
    "issuer is a list": f"{HEAD}.{encoded(claims(iss=[ISSUER]))}.AA",
    "wrong audience": token(aud="another"),
    "audience in another case": token(aud="API"),
    "no audience": token(aud=None),
    "expired": token(iat=NOW - 700, exp=NOW - 60),
    "no expiry": token(exp=None),
    "expiry is a text": token(exp="later"),
    "never expires": token(exp=1e400),
    "not yet valid": token(nbf=NOW + 600),
    "issued in the future": token(iat=NOW + 600),
    "no issue time": token(iat=None),
    "no subject": token(sub=None),
    "subject is a number": f"{HEAD}.{encoded(claims(sub=1))}.AA",
    "id token": token(token_use="id"),
    "id token of OpenID Connect": token(at_hash="x"),
    "id token of Keycloak": token(typ="ID"),
    "refresh token": token(token_use="refresh"),
    "tenant is no UUID": token(tenant="acme"),
    "tenant is empty": token(tenant=""),
    "tenant is a number": token(tenant=1),
    "permissions are a text": token(permissions="admin"),
    "permissions hold numbers": token(permissions=[1]),
    "scope is a list": token(scope=["admin"]),
    "empty": "",
    "two parts": "a.b",
    "not base64": "%.%.%",
    "not JSON": "a.b.c",
    "not UTF-8": "gICA.gICA.gICA",
    "header is a list": f"{encoded([])}.{encoded(claims())}.AA",
    "payload is a list": f"{HEAD}.{encoded([])}.AA",
    "deep JSON": f"{HEAD}.{encoded('[' * 5900)}.AA",
    "long": token(padding="x" * 9000),
    "kid is a number": f"{encoded({'alg': 'RS256', 'kid': 1})}.{encoded(claims())}.AA",
    "critical header": jwt.encode(
        claims(), KEY, algorithm="RS256", headers={"kid": "a", "crit": ["x"], "x": 1}
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_an_attack_is_refused(name: str) -> None:
    """Everything that is not a valid access token for us gets 401, never 500."""
    problem = await refusal(ATTACKS[name])
    assert (problem.status, problem.slug) == (401, "invalid-token")
    assert problem.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


async def test_a_refusal_does_not_repeat_the_token() -> None:
    """The detail of a problem is logged."""
    problem = await refusal(token(aud="another"))
    assert token().split(".")[2] not in str(problem.detail)
    assert "another" not in str(problem.detail)


async def test_a_token_of_one_issuer_is_not_one_of_another() -> None:
    """Each issuer's keys vouch for its own name and audience only."""
    local = TrustedIssuer("https://local.example", "local", key=OTHER.public_key())
    both = verifier(Issuer(a=KEY), local)
    mine = token(OTHER, kid="x", iss="https://local.example", aud="local")
    assert (await both.verify(mine)).issuer == "https://local.example"
    for wrong in (
        token(OTHER, iss=ISSUER),
        token(KEY, iss="https://local.example", aud="local"),
        token(OTHER, iss="https://local.example", aud="api"),
    ):
        with pytest.raises(ProblemError, match="refused"):
            await both.verify(wrong)


async def test_a_flood_of_unknown_kids_is_one_fetch() -> None:
    """Strangers cannot make us call the issuer as often as they call us."""
    issuer = Issuer(a=KEY)
    trusting = verifier(issuer)
    await trusting.verify(token())
    for number in range(50):
        with pytest.raises(ProblemError):
            await trusting.verify(token(kid=f"k{number}"))
    assert issuer.asked == 1


async def test_a_thousand_first_requests_share_one_fetch() -> None:
    """Start-up under load asks once."""
    issuer = Issuer(a=KEY)
    trusting = verifier(issuer)
    value = token()
    await asyncio.gather(*(trusting.verify(value) for _ in range(100)))
    assert issuer.asked == 1


async def test_keys_that_were_never_loaded_are_our_fault() -> None:
    """The caller's token may be fine, so it is 503 and not 401."""
    issuer = Issuer(a=KEY)
    issuer.failure = OSError("down")
    problem = await refusal(token(), issuer)
    assert (problem.status, problem.slug) == (503, "issuer-unavailable")
    assert problem.headers["Retry-After"] == "5"


class Clock:
    """A clock that stands still until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def settle() -> None:
    """Let background tasks finish."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_known_key_works_while_the_issuer_is_down() -> None:
    """An outage of the issuer is not ours, for a day."""
    issuer, clock = Issuer(a=KEY), Clock()
    keys = KeySet(JWKS, issuer.fetch, clock=clock)
    assert await keys.get("a")
    issuer.failure = OSError("down")
    clock.now += 23 * 3600
    assert await keys.get("a")
    await settle()
    clock.now += 2 * 3600
    with pytest.raises(KeysUnavailableError):
        await keys.get("a")


async def test_a_known_key_never_waits_for_a_hanging_issuer() -> None:
    """A refresh runs beside the requests."""
    issuer, clock = Issuer(a=KEY), Clock()
    keys = KeySet(JWKS, issuer.fetch, clock=clock)
    await keys.get("a")
    issuer.hanging.clear()
    clock.now += 600
    async with asyncio.timeout(1):
        assert await keys.get("a")
        unknown = asyncio.create_task(keys.get("b"))
        await settle()
        assert await keys.get("a")
        assert not unknown.done()
        issuer.hanging.set()
        assert await unknown is None
    assert issuer.asked == 2


async def test_an_impatient_client_does_not_cancel_the_fetch_of_others() -> None:
    """A request that ends early takes nothing from the others that wait."""
    issuer = Issuer(a=KEY)
    issuer.hanging.clear()
    keys = KeySet(JWKS, issuer.fetch)
    impatient, patient = (asyncio.create_task(keys.get("a")) for _ in range(2))
    await settle()
    impatient.cancel()
    await settle()
    issuer.hanging.set()
    assert await patient
    assert issuer.asked == 1


async def test_a_rotated_key_is_found_and_a_withdrawn_one_gone() -> None:
    """Two-key rotation needs no restart; a key that left a good set is refused at once."""
    issuer, clock = Issuer(a=KEY), Clock()
    keys = KeySet(JWKS, issuer.fetch, clock=clock)
    assert await keys.get("a")
    issuer.keys = {"b": OTHER}
    assert await keys.get("b") is None
    clock.now += 6
    assert await keys.get("b")
    assert await keys.get("a") is None


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"keys": []},
        {"keys": [{"kty": "oct", "kid": "a", "k": "AAAA"}]},
        {"keys": [{"kty": "RSA", "kid": "a", "n": "!", "e": "AQAB"}]},
        {"keys": [{**jwk("a", KEY), "use": "enc"}]},
        {"keys": 3},
        [],
    ],
)
async def test_a_useless_key_set_changes_nothing(document: Any) -> None:
    """A broken answer of the issuer locks nobody out who was in."""
    issuer, clock = Issuer(a=KEY), Clock()
    answers: list[Any] = [await issuer.fetch(JWKS), document]

    async def fetch(_: str) -> Mapping[str, Any]:
        given: Mapping[str, Any] = answers.pop(0) if len(answers) > 1 else answers[0]
        return given

    keys = KeySet(JWKS, fetch, clock=clock)
    assert await keys.get("a")
    clock.now += 600
    await keys.get("a")
    await settle()
    assert await keys.get("a")


@pytest.mark.parametrize(
    "address",
    [
        "http://issuer.example",
        "https://localhost",
        "https://issuer.localhost",
        "https://127.0.0.1",
        "https://127.1",
        "https://2130706433",
        "https://0x7f.1",
        "https://0.0.0.0",
        "https://10.0.0.1",
        "https://100.64.0.1",
        "https://169.254.169.254",
        "https://172.16.0.1",
        "https://192.168.1.1",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://[64:ff9b::7f00:1]",
        "https://[fd00::1]",
        "https://[fe80::1%25eth0]",
        "https://issuer.internal",
        "https://printer.local",
        "https://user@issuer.example",
        "ftp://issuer.example",
        "https://",
        "issuer.example",
    ],
)
def test_only_a_public_https_issuer_is_trusted_in_production(address: str) -> None:
    """A development issuer signs whatever it is asked to."""
    for trusted in (
        TrustedIssuer(address, "api", JWKS),
        TrustedIssuer(ISSUER, "api", f"{address}/jwks.json"),
    ):
        with pytest.raises(IssuerError, match="set one that is public https"):
            TokenVerifier([trusted], environment=Environment.PRODUCTION, fetch=Issuer().fetch)
        TokenVerifier([trusted], environment=Environment.DEVELOPMENT, fetch=Issuer().fetch)


@pytest.mark.parametrize("address", ["https://a.example", "https://8.8.8.8", "https://[2606::1]/x"])
def test_a_public_issuer_is_trusted(address: str) -> None:
    """The check refuses nothing that is public."""
    TrustedIssuer(address, "api", f"{address}/keys").check(Environment.PRODUCTION)


def test_an_issuer_has_one_source_of_keys() -> None:
    """Two sources would be an ambiguity, none an open question."""
    for url, key in ((None, None), (JWKS, KEY.public_key())):
        with pytest.raises(IssuerError, match="either jwks_url or key"):
            TrustedIssuer(ISSUER, "api", url, key)


def test_an_empty_audience_is_refused() -> None:
    """An empty name would match nothing, or everything."""
    with pytest.raises(IssuerError, match="may not be empty"):
        TrustedIssuer(ISSUER, "", JWKS)


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", "BEARER  abc "])
def test_the_scheme_is_written_in_any_case(header: str) -> None:
    """RFC 9110, section 11.1."""
    assert bearer(header) == "abc"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "abc"])
def test_without_a_token_the_problem_says_how_to_send_one(header: str | None) -> None:
    """Somebody who sent nothing learns what to send."""
    with pytest.raises(ProblemError) as caught:
        bearer(header)
    assert (caught.value.status, caught.value.slug) == (401, "missing-token")
    assert caught.value.headers["WWW-Authenticate"] == "Bearer"
