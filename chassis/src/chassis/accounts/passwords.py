"""Password hashes with Argon2, computed a few at a time and never on the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chassis.problems import ProblemError

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
# A hash takes 64 MiB and a core. More at once, or a long queue, would let attackers stop us.
_AT_ONCE = 2
_WAITING = 32

_hasher = PasswordHasher()
_threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")
DUMMY_HASH = _hasher.hash(uuid4().hex)
"""A hash of no password. An unknown account is compared with it, so that this takes as long."""
_waiting = 0


class PasswordError(Exception):
    """A password is too short or too long; the text does not contain it."""


def check(password: str) -> None:
    """Raise PasswordError unless the length of `password` is allowed.

    NIST SP 800-63B asks for a length and for no rules about characters.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise PasswordError(
            f"The password needs {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; "
            "choose another."
        )


async def hash_password(password: str) -> str:
    """Return the Argon2id hash. Raises ProblemError 503 `busy` when too many are waiting."""
    return await _in_thread(lambda: _hasher.hash(_bytes(password)))


async def matches(hashed: str, password: str) -> bool:
    """Return whether `password` has this hash. Raises ProblemError 503 `busy`."""
    return await _in_thread(lambda: _verify(hashed, password[: LONGEST_PASSWORD + 1]))


def is_outdated(hashed: str) -> bool:
    """Return whether a hash was made with another cost than the current one."""
    return _hasher.check_needs_rehash(hashed)


def _verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


def _bytes(password: str) -> bytes:
    # JSON may carry half of a surrogate pair, which UTF-8 alone refuses
    return password.encode("utf-8", "surrogatepass")


async def _in_thread[Result](work: Callable[[], Result]) -> Result:
    global _waiting  # noqa: PLW0603 - one event loop, one process, one count
    if _waiting >= _WAITING:
        detail = "Too many sign-ins at once; try again in a moment."
        raise ProblemError(503, "busy", detail, headers={"Retry-After": "2"})
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _waiting -= 1
