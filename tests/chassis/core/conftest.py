"""Somebody who uses the development database."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import make_service
from people import NOBODY, PEOPLE, Person


@pytest.fixture(params=PEOPLE)
def person(request: pytest.FixtureRequest) -> Iterator[Person]:
    """Give a person with a fresh home; as root also one who is not root."""
    uid, gid = os.geteuid(), os.getegid()
    if request.param == "ordinary":
        uid, gid = NOBODY.pw_uid, NOBODY.pw_gid
        _need_readable_python()
    # pytest's own folders are closed to everybody else
    home = Path(tempfile.mkdtemp(prefix="devdb-", dir="/tmp"))
    home.chmod(0o755)
    made = Person(uid, gid, home, home / "checkout")
    make_service(made.checkout, "web", "api")
    made.cache.mkdir()
    for path in (home, made.cache, made.checkout):
        made.own(path)
    yield made
    for child in made.children:
        child.kill()
        child.communicate()
    made.start("stop").communicate(timeout=60)
    shutil.rmtree(home)


def _need_readable_python() -> None:
    try:
        probe = subprocess.run(
            [sys.executable, "-c", "import chassis"],
            user=NOBODY.pw_uid,
            capture_output=True,
            check=False,
            cwd="/",
        )
        readable = probe.returncode == 0
    except PermissionError:
        readable = False
    if not readable:
        pytest.skip("this Python lies where an ordinary user cannot read it")
