"""What is remembered of a verified credential, and what ends that."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import Scope

from chassis.auth import SINGLE_TENANT, Principal, TokenVerifier, TrustedIssuer, Verified
from chassis.environment import Environment
from chassis.fastapi.security import authentication
from chassis.fastapi.security.authentication import Authentication, Tokens
from chassis.problems import ProblemError
from issuer import ISSUER, JWKS, KEY, OTHER, Issuer, token


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


def request(credential: str) -> Scope:
    """Make the scope of a request with a bearer token."""
    return {"type": "http", "headers": [(b"authorization", f"Bearer {credential}".encode())]}


class Counting(Tokens):
    """Counts what is verified for real."""

    examined = 0

    async def examine(self, credential: str) -> Verified:
        self.examined += 1
        return await super().examine(credential)


@pytest.fixture
def issuer() -> Issuer:
    """Give an issuer with one key."""
    return Issuer(a=KEY)


@pytest.fixture
def tokens(issuer: Issuer) -> Counting:
    """Give the scheme that trusts ``issuer``."""
    return Counting(verifier(issuer))


def verifier(issuer: Issuer, audience: str = "api") -> TokenVerifier:
    """Trust ``issuer`` for ``audience``."""
    trusted = TrustedIssuer(ISSUER, audience, JWKS)
    return TokenVerifier([trusted], environment=Environment.PRODUCTION, fetch=issuer.fetch)


@pytest.fixture
def clock() -> Clock:
    """Give the clock of the cache, wall and monotonic in one."""
    return Clock()


@pytest.fixture
def authenticate(tokens: Counting, clock: Clock) -> Callable[[str], Any]:
    """Give what turns a token into its principal."""
    made = Authentication([tokens], clock=clock, monotonic=clock)
    return lambda credential: made.authenticate(request(credential))


async def test_a_token_is_verified_once(authenticate: Any, tokens: Counting) -> None:
    """The second request with it costs no signature; another token is another matter."""
    first, second = token(), token(sub="else")
    assert (await authenticate(first)) == (await authenticate(first))
    assert tokens.examined == 1
    assert (await authenticate(second)).subject == "else"
    assert tokens.examined == 2


async def test_it_is_remembered_for_thirty_seconds(
    authenticate: Any, tokens: Counting, clock: Clock
) -> None:
    """So long may a revocation take."""
    known = token()
    await authenticate(known)
    clock.now += 29
    await authenticate(known)
    assert tokens.examined == 1
    clock.now += 2
    await authenticate(known)
    assert tokens.examined == 2


async def test_it_is_forgotten_when_it_expires(
    authenticate: Any, tokens: Counting, clock: Clock
) -> None:
    """A token that is known expires like any other."""
    known = token(exp=int(clock.now) + 10)
    await authenticate(known)
    clock.now += 11
    await authenticate(known)
    assert tokens.examined == 2


async def test_a_key_that_goes_takes_its_tokens_along(
    tokens: Counting, issuer: Issuer, clock: Clock
) -> None:
    """A good key set without the key refuses at once what that key signed."""
    made = Authentication([tokens], clock=clock, monotonic=clock)
    known = token()
    await made.authenticate(request(known))
    issuer.keys = {"b": OTHER}
    keys = tokens.verifier._keys[ISSUER]
    await keys._load()
    with pytest.raises(ProblemError, match="its key is not known"):
        await made.authenticate(request(known))


async def test_a_failed_fetch_takes_nothing_along(
    authenticate: Any, tokens: Counting, issuer: Issuer
) -> None:
    """An issuer that is down withdraws no key."""
    known = token()
    await authenticate(known)
    issuer.failure = OSError("down")
    await tokens.verifier._keys[ISSUER]._load()
    await authenticate(known)
    assert tokens.examined == 1


async def test_another_audience_is_asked_again(
    authenticate: Any, tokens: Counting, issuer: Issuer
) -> None:
    """Whoever changes what is trusted does not inherit what was trusted before."""
    known = token()
    await authenticate(known)
    tokens.verifier._issuers[ISSUER] = TrustedIssuer(ISSUER, "billing", JWKS)
    with pytest.raises(ProblemError, match="Audience"):
        await authenticate(known)


async def test_refusals_are_not_remembered(authenticate: Any, tokens: Counting) -> None:
    """A flood of bad tokens takes no memory."""
    for _ in range(2):
        with pytest.raises(ProblemError):
            await authenticate(token(OTHER))
    assert tokens.examined == 2


async def test_memory_is_bounded(tokens: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest goes first, and no credential is kept in clear."""
    monkeypatch.setattr(authentication, "_MOST", 2)
    made = Authentication([tokens])
    for name in ("a", "b", "c"):
        await made.authenticate(request(token(sub=name)))
    assert [known.principal.subject for known, _ in made._known.values()] == ["b", "c"]
    assert all(isinstance(key, bytes) and len(key) == 32 for key in made._known)


async def test_the_first_scheme_that_accepts_decides(tokens: Counting) -> None:
    """A credential with a prefix of its own never reaches the token verifier."""
    ada = Principal("us", "ada", SINGLE_TENANT, None, frozenset())

    class Keys:
        def accepts(self, credential: str) -> bool:
            return credential.startswith("rbk_")

        async def examine(self, credential: str) -> Verified:
            return Verified(ada, time.time() + 60)

    made = Authentication([Keys(), tokens], finders=[lambda scope: scope.get("cookie")])
    assert await made.authenticate(request("rbk_1")) == ada
    assert await made.authenticate({"headers": [], "cookie": "rbk_2"}) == ada
    assert tokens.examined == 0
