"""The cache that several processes share."""

import pytest

from chassis import cache
from chassis.cache import Cache, CacheError
from lender import Lender


async def test_a_value_is_found_until_it_expires(connect: Lender) -> None:
    """By any process, since it lies in the database."""
    shared = Cache(connect)
    assert await shared.get("report") is None
    await shared.put("report", b"\x00one", seconds=60)
    assert await Cache(connect).get("report") == b"\x00one"
    await shared.put("report", b"two", seconds=60)
    assert await shared.get("report") == b"two"
    await shared.put("report", b"two", seconds=0)
    assert await shared.get("report") is None


async def test_a_value_can_be_forgotten(connect: Lender) -> None:
    """Whoever changes what it was made from says so."""
    shared = Cache(connect)
    await shared.put("report", b"one", seconds=60)
    await shared.forget("report")
    assert await shared.get("report") is None


async def test_too_much_is_refused(connect: Lender) -> None:
    """In one sentence, and not by the database."""
    shared = Cache(connect)
    with pytest.raises(CacheError, match="'report' has 65537 bytes"):
        await shared.put("report", b"x" * 65537, seconds=60)
    for key in ("", "x" * 201, "a\0b"):
        with pytest.raises(CacheError, match="A key has 1 to 200 characters"):
            await shared.get(key)


async def test_purging_keeps_it_small(connect: Lender) -> None:
    """What has expired goes first, then what would expire next."""
    shared = Cache(connect)
    await shared.put("old", b"", seconds=0)
    for number in range(5):
        await shared.put(f"k{number}", b"", seconds=60 + number)
    async with connect() as connection:
        assert await cache.purge(connection, most=3) == 3
    assert await connect.rows("SELECT key FROM platform.cache ORDER BY key") == [
        ("k2",),
        ("k3",),
        ("k4",),
    ]
