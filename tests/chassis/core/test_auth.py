"""Verification of tokens, as an attacker tries it."""

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from jwt.algorithms import HMACAlgorithm

from chassis.auth import SINGLE_TENANT, TokenVerifier, TrustedIssuer, bearer
from chassis.environment import Environment
from chassis.problems import ProblemError
from issuer import ISSUER, JWKS, KEY, OTHER, TENANT, Issuer, claims, jwk, token


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
    value = token(scope="a b", permissions=["b", "c"], sid="s1")
    principal = await verifier(Issuer(a=KEY)).verify(value)
    assert (principal.issuer, principal.subject) == (ISSUER, "somebody")
    assert principal.permissions == {"a", "b", "c"}
    assert principal.tenant == UUID(TENANT)
    assert principal.session == "s1"


@pytest.mark.parametrize("tenant", [None, TENANT, "acme"])
async def test_an_issuer_of_a_single_tenant_is_asked_for_none(tenant: str | None) -> None:
    """Somebody has to say so; then no claim of its tokens leads to another tenant."""
    trusted = TrustedIssuer(
        "https://one.example", "api", key=OTHER.public_key(), single_tenant=True
    )
    value = token(OTHER, iss=trusted.issuer, tenant=tenant)
    principal = await verifier(Issuer(a=KEY), trusted).verify(value)
    assert principal.tenant == SINGLE_TENANT
    assert principal.permissions == frozenset()


async def test_an_issuer_names_the_tenant_in_a_claim_of_its_own() -> None:
    """The claim is the configured one; one of another name does not stand in for it."""
    trusted = TrustedIssuer(
        "https://org.example", "api", key=OTHER.public_key(), tenant_claim="org_id"
    )
    trusting = verifier(Issuer(a=KEY), trusted)
    value = token(OTHER, iss=trusted.issuer, tenant=None, org_id=TENANT)
    assert (await trusting.verify(value)).tenant == UUID(TENANT)
    with pytest.raises(ProblemError, match="it has no claim org_id"):
        await trusting.verify(token(OTHER, iss=trusted.issuer))


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
    "no tenant": token(tenant=None),
    "tenant is not a UUID": token(tenant="acme"),
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


@pytest.mark.parametrize("algorithm", ["RS512", "PS256"])
async def test_an_issuer_inside_the_service_has_the_same_one_algorithm(algorithm: str) -> None:
    """A bare key, unlike one of a key set, would go with several."""
    local = TrustedIssuer("https://local.example", "local", key=OTHER.public_key())
    given = claims(iss=local.issuer, aud="local")
    value = jwt.encode(given, OTHER, algorithm=algorithm, headers={"kid": "x"})
    with pytest.raises(ProblemError, match="algorithm is not allowed"):
        await verifier(Issuer(a=KEY), local).verify(value)


@pytest.mark.parametrize("error", [RecursionError, OverflowError])
async def test_what_no_parser_takes_is_refused(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """Some versions of Python cannot read JSON that is nested some thousand levels deep."""

    def parse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(jwt, "decode", parse)
    assert (await refusal(token())).status == 401


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
