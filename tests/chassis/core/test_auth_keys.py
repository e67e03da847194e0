"""The keys of an issuer while it is slow, broken or away."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from chassis.auth.keys import KeySet, KeysUnavailableError
from issuer import JWKS, KEY, OTHER, Issuer, jwk


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


async def test_old_keys_raise_the_alarm_in_time() -> None:
    """A failed fetch is a warning; keys that have not been refreshed for an hour are an error,
    long before the day is over and nobody gets in."""
    issuer, clock = Issuer(a=KEY), Clock()
    keys = KeySet(JWKS, issuer.fetch, clock=clock)
    await keys.get("a")
    issuer.failure = OSError("down")
    with capture_logs() as lines:
        for seconds in (600, 3 * 3600):
            clock.now += seconds
            await keys.get("a")
            await settle()
    assert [line["log_level"] for line in lines] == ["warning", "error"]
    assert (lines[1]["hours_old"], lines[1]["refused_after_hours"]) == (3.2, 24)
