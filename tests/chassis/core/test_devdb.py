"""The development database as processes of different users meet it."""

import os
import signal
import socket
import stat

import psycopg
import pytest

from people import Person, eventually, is_running, leave

LEFT_BEHIND = ("data/postmaster.pid", "run/.s.PGSQL.5432.lock")


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


def test_a_child_that_outlives_a_killed_owner_holds_nothing(person: Person) -> None:
    """Programs that were started meanwhile do not inherit the hold."""
    owner, pid = person.hold(WITH_SLEEPER="yes")
    owner.kill()
    owner.communicate()
    person.look()
    assert eventually(lambda: not is_running(pid))


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


@pytest.mark.parametrize("value", ["production", None])
def test_refuses_to_run_in_production(person: Person, value: str | None) -> None:
    """Unset means production."""
    assert "does not run in production" in person.fails(ENVIRONMENT=value)


def test_the_address_is_computed_without_side_effects(person: Person) -> None:
    """Reading settings starts nothing and makes no folder."""
    output, errors = person.start("url").communicate(timeout=60)
    assert output.startswith("postgresql://web@/web?host=/"), errors
    assert list(person.cache.iterdir()) == []
