"""Forged and wrong tokens, through the whole application."""

import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import HMACAlgorithm

from chassis.auth import SINGLE_TENANT
from chassis.fastapi.settings import AUDIENCE
from with_fastapi.conftest import ISSUER

EVIL = generate_private_key(65537, 2048)


def claims(**changes: object) -> dict[str, Any]:
    """Give the claims of a good token with changes."""
    now = int(time.time())
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 60}
    return {**good, "scope": "things:read", "tenant": str(SINGLE_TENANT), **changes}


def signed(key: RSAPrivateKey, **changes: object) -> str:
    """Sign them."""
    return jwt.encode(claims(**changes), key, algorithm="RS256", headers={"kid": "1"})


def hmac(key: RSAPrivateKey) -> str:
    """Sign with the public key as if it were a shared secret."""
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head, payload, _ = signed(key).split(".")
    head = urlsafe_b64encode(b'{"alg":"HS256","kid":"1"}').rstrip(b"=").decode()
    mac = HMACAlgorithm(HMACAlgorithm.SHA256).sign(f"{head}.{payload}".encode(), public)
    return f"{head}.{payload}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"


ATTACKS: dict[str, Callable[[RSAPrivateKey], str]] = {
    "alg none": lambda _: jwt.encode(claims(), "", algorithm="none"),
    "HS256 with the public key": hmac,
    "another key": lambda _: signed(EVIL),
    "wrong issuer": lambda key: signed(key, iss="https://evil.example"),
    "wrong audience": lambda key: signed(key, aud="another"),
    "expired": lambda key: signed(key, exp=int(time.time()) - 60),
    "not yet valid": lambda key: signed(key, nbf=int(time.time()) + 600),
    "id token": lambda key: signed(key, token_use="id"),
    "id token of OpenID Connect": lambda key: signed(key, nonce="x", at_hash="x"),
    "refresh token": lambda key: signed(key, token_use="refresh"),
    "not a token": lambda _: "x",
    "an API key nobody made": lambda _: f"rbk_{'a' * 12}_short",
    "not ASCII": lambda _: "\xff\xfe",
    "endless": lambda _: "x" * 20_000,
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_no_forged_token_comes_in(
    client: httpx2.AsyncClient, key: RSAPrivateKey, logged: list[Any], name: str
) -> None:
    """Nor is it repeated, in the answer or in the log, whether or not there is such a path."""
    value = ATTACKS[name](key)
    sent = f"Bearer {value}".encode("latin-1")
    answer = await client.get("/nowhere", headers=[(b"authorization", sent)])
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    if len(value) > 2:
        assert value not in answer.text
        assert value not in str(logged)


async def test_a_good_token_is_taken_from_the_header_alone(
    client: httpx2.AsyncClient, key: RSAPrivateKey
) -> None:
    """Addresses are logged and remembered everywhere, and cookies come by themselves."""
    good = signed(key)
    answer = await client.get("/nowhere", headers={"Authorization": f"Bearer {good}"})
    assert answer.status_code == 404
    answer = await client.get("/nowhere", params={"access_token": good, "token": good})
    assert answer.status_code == 401
    answer = await client.get("/nowhere", headers={"Cookie": f"__Host-access={good}"})
    assert answer.status_code == 401
