"""Finding a Python for a generated service: candidates are run, not believed."""

import subprocess
import sys
from pathlib import Path

import pytest

from roadbed.toolchain import interpreters
from roadbed.toolchain.interpreters import Interpreter


def fake(folder: Path, name: str, words: str) -> str:
    """An executable that answers like a Python of some version."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {words}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any Python that would do, and without uv."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setattr(interpreters, "_PLACES", ())
    monkeypatch.setattr(sys, "executable", fake(tmp_path, "ours", "cpython final 3 11"))
    return tmp_path


def pyenv(bare: Path, version: str, words: str) -> str:
    """A version of pyenv's."""
    return fake(bare / "pyenv/versions" / version / "bin", "python", words)


def test_none(bare: Path) -> None:
    """Nothing suitable: uv is asked for 3.13, which it can download."""
    fake(bare / "bin", "python3.13", "cpython final 3 9")
    assert interpreters.find("no-uv") is None
    assert "3.13" == interpreters.request("no-uv")


def test_preferred(bare: Path) -> None:
    """3.13 wins over 3.12 and 3.14, wherever it is."""
    pyenv(bare, "3.12.1", "cpython final 3 12")
    wanted = pyenv(bare, "3.13.0", "cpython final 3 13")
    fake(bare / "bin", "python3.14", "cpython final 3 14")
    assert Interpreter(wanted, (3, 13)) == interpreters.find("no-uv")


def test_second_best(bare: Path) -> None:
    """Without 3.13 the older of what is new enough."""
    fake(bare / "bin", "python3.14", "cpython final 3 14")
    wanted = pyenv(bare, "3.12.1", "cpython final 3 12")
    assert wanted == interpreters.request("no-uv")


@pytest.mark.parametrize(
    "words",
    ["cpython candidate 3 13", "pypy final 3 13", "nonsense", "'' ; exit 1", "'' ; sleep 99"],
)
def test_refused(bare: Path, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pre-release, another implementation, a broken or a hanging one is passed over."""
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: run(*a, **{**k, "timeout": 1}))
    pyenv(bare, "3.13.0", words)
    assert interpreters.find("no-uv") is None


def test_uv_is_asked(bare: Path) -> None:
    """What uv knows comes first."""
    known = fake(bare / "uv-python", "python", "cpython final 3 13")
    uv = fake(bare, "uv", known)
    pyenv(bare, "3.13.0", "cpython final 3 13")
    assert known == interpreters.request(uv)


def test_this_machine() -> None:
    """Where there is one, what is found really is one."""
    found = interpreters.find("uv")
    if found is None:
        pytest.skip("this machine has no Python that would do")
    assert found == interpreters.ask(found.path)
    assert found.version >= interpreters.MINIMUM
