"""Limits that several processes share."""

import asyncio
import subprocess
import sys

import pytest

from chassis import throttle
from chassis.problems import ProblemError
from chassis.throttle import Limit
from lender import Lender

THREE = Limit("sign-in", 3, 3600)


async def allowed(connect: Lender, times: int, *who: str, limit: Limit = THREE) -> int:
    """Try at once; count what was allowed."""
    tries = (throttle.take(connect, limit, *who) for _ in range(times))
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert {type(item) for item in done} <= {type(None), ProblemError}
    return done.count(None)


async def test_the_burst_is_allowed_and_no_more(connect: Lender) -> None:
    """However many try at the same moment."""
    assert await allowed(connect, 12, "198.51.100.7", "ada") == 3
    assert await allowed(connect, 2, "198.51.100.7", "ada") == 0


async def test_everybody_has_a_bucket_of_their_own(connect: Lender) -> None:
    """Another account, another limit, another way to split the same letters: another bucket."""
    assert await allowed(connect, 4, "a", "bc") == 3
    assert await allowed(connect, 1, "ab", "c") == 1
    assert await allowed(connect, 1, "a", "b") == 1
    assert await allowed(connect, 1, "a", "bc", limit=Limit("reset", 3, 3600)) == 1


async def test_the_problem_says_when_to_come_back(connect: Lender) -> None:
    """A third of an hour is a third of the bucket."""
    await allowed(connect, 3, "ada")
    with pytest.raises(ProblemError) as caught:
        await throttle.take(connect, THREE, "ada")
    problem = caught.value
    assert (problem.status, problem.slug) == (429, "too-many-tries")
    assert 1190 <= int(problem.headers["Retry-After"]) <= 1200


async def test_a_bucket_fills_again_evenly(connect: Lender) -> None:
    """After a third of the time there is one more try, after all of it a whole burst."""
    await allowed(connect, 3, "ada")
    back = "UPDATE platform.throttle SET full_at = full_at - interval '20 minutes'"
    await connect.rows(back)
    assert await allowed(connect, 3, "ada") == 1
    for _ in range(9):
        await connect.rows(back)
    assert await allowed(connect, 5, "ada") == 3


async def test_a_refused_try_costs_nothing(connect: Lender) -> None:
    """Who keeps knocking does not wait longer for it."""
    await allowed(connect, 3, "ada")
    before = await connect.rows("SELECT full_at FROM platform.throttle")
    await allowed(connect, 5, "ada")
    assert await connect.rows("SELECT full_at FROM platform.throttle") == before


async def test_the_table_names_nobody(connect: Lender) -> None:
    """Addresses of people are kept as a hash."""
    await allowed(connect, 1, "198.51.100.7", "ada@example.org\0\ud800")
    [[key]] = await connect.rows("SELECT key FROM platform.throttle")
    assert (len(key), b"ada" in key) == (32, False)


async def test_full_buckets_are_purged(connect: Lender) -> None:
    """A flood of names does not stay."""
    await allowed(connect, 1, "ada")
    await allowed(connect, 1, "eve", limit=Limit("sign-in", 1, 0.001))
    await asyncio.sleep(0.01)
    async with connect() as connection:
        assert await throttle.purge(connection) == 1


PROCESS = """
import asyncio, sys
sys.path.insert(0, sys.argv[2])
from test_throttle import allowed
from lender import Lender
print(asyncio.run(allowed(Lender(sys.argv[1]), 3, "ada")))
"""


@pytest.mark.usefixtures("connect")
def test_processes_count_together(database: str) -> None:
    """Two workers of a server have one limit, not one each."""
    command = [sys.executable, "-c", PROCESS, database, __file__.rpartition("/")[0]]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    counted = [int(process.communicate()[0]) for process in running]
    assert sum(counted) == 3


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:", "unix:"),
    ],
)
def test_a_client_is_counted_by_what_it_cannot_choose(address: str, network: str) -> None:
    """Of IPv6 a customer has a whole network of addresses."""
    assert throttle.network(address) == network
