"""`bootstrap.py`: from a bare machine to a command that runs."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.clones import ROOT, UV, Clone, put


def test_setup(clone: Clone) -> None:
    """setup makes the environment from the lock, with the Python that runs it."""
    ran = clone.run("setup")
    assert 0 == ran.returncode
    assert [f"sync --quiet --locked --compile-bytecode --python {sys.executable}"] == clone.calls
    assert "bootstrap: ready" in ran.stdout


@pytest.mark.parametrize(
    ("typed", "ran"),
    [
        (["demo"], "demo"),
        (["demo", "hybrid", "--keep", "out", "--once"], "demo hybrid --keep out --once"),
        (["roadbed", "new", "hybrid", "../a b", "-d", "ci=none"], "new hybrid ../a b -d ci=none"),
        (["roadbed", "--help"], "--help"),
    ],
)
def test_command_line(clone: Clone, typed: list[str], ran: str) -> None:
    """demo and roadbed pass their arguments on as they are, in the folder that the user is in."""
    here = clone.folder / "here"
    here.mkdir()

    clone.run_in(here, *typed)

    assert f"run --no-sync --project {clone.folder} roadbed {ran}" == clone.calls[-1]
    assert str(here) == (clone.folder / "cwd").read_text().strip()


def test_command_line_fails(clone: Clone) -> None:
    """The exit code of roadbed is bootstrap's."""
    assert 5 == clone.run("demo", "hybrid", FAILS="demo hybrid", CODE="5").returncode


def test_own_path(bare: Clone) -> None:
    """roadbed sees the user's PATH: a uv that only bootstrap knows must not look found."""
    put(bare.folder / ".tools", "none", "")
    put(bare.folder / ".tools/bin", "uv", UV)
    bare.run("roadbed", "check")
    assert str(bare.path) == (bare.folder / "path").read_text().strip()


def test_both_suites(clone: Clone) -> None:
    """test runs both suites, the chassis's on a newer Python, and closes with a line for each."""
    ran = clone.run("test", "-q")

    root, chassis = clone.calls[1:]
    assert "run --no-sync pytest -q" == root
    assert chassis.startswith(f"run --directory {clone.folder}/tests/chassis --python ")
    assert chassis.endswith("pytest -q")
    closing = ran.stdout.splitlines()[-2:]
    assert [True, True] == ["suite: passed in" in line for line in closing]


def test_bytecode_is_kept(clone: Clone) -> None:
    """What an image says against compiled Python does not reach the suites."""
    clone.run("test", PYTHONDONTWRITEBYTECODE="1")

    assert "\n" == (clone.folder / "uncompiled").read_text()


def test_every_core(clone: Clone) -> None:
    """A whole run shares the slow root suite between the cores."""
    clone.run("test")
    assert "run --no-sync pytest -n auto --dist loadgroup" == clone.calls[1]


@pytest.mark.parametrize(
    ("fails", "code", "expected", "word"),
    [
        ("no-sync pytest", "1", 1, "root suite: FAILED (exit code 1)"),
        ("--directory", "2", 2, "chassis suite: FAILED (exit code 2)"),
        ("--directory", "5", 5, "chassis suite: ran no test"),
    ],
)
def test_a_suite_fails(clone: Clone, fails: str, code: str, expected: int, word: str) -> None:
    """Either suite's failure is bootstrap's, and the other is run all the same."""
    ran = clone.run("test", FAILS=fails, CODE=code)
    assert expected == ran.returncode
    assert word in ran.stdout
    assert "suite: passed in" in ran.stdout


def test_selection(clone: Clone) -> None:
    """A path runs only its own suite; a selection may be empty in one of them."""
    (clone.folder / "tests/chassis/test_a.py").touch()
    (clone.folder / "tests/test_b.py").touch()
    clone.run("test", "tests/chassis/test_a.py::test_x")
    clone.run("test", "tests/test_b.py")

    suites = [call for call in clone.calls if "pytest" in call]
    assert 2 == len(suites)
    assert suites[0].endswith(f"pytest {clone.folder}/tests/chassis/test_a.py::test_x")
    assert f"run --no-sync pytest {clone.folder}/tests/test_b.py" == suites[1]
    assert 0 == clone.run("test", "-k", "x", FAILS="--directory", CODE="5").returncode


def test_no_network(clone: Clone) -> None:
    """An environment that cannot be made ends it, with a hint."""
    ran = clone.run("test", FAILS="sync --quiet")
    assert 1 == ran.returncode
    assert "could not be created" in ran.stderr
    assert "pytest" not in "".join(clone.calls)


def test_no_git(clone: Clone) -> None:
    """Without git: one sentence."""
    (clone.path / "git").unlink()
    ran = clone.run("setup")
    assert (5, 1) == (ran.returncode, len(ran.stdout.splitlines()))
    assert "git is not on PATH" in ran.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(clone: Clone, number: signal.Signals) -> None:
    """What stops bootstrap stops what it runs; it does not leave it behind."""
    process = subprocess.Popen(
        clone.command("demo", "hybrid"),
        cwd=clone.folder,
        env=clone.environment(HANGS="demo hybrid"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 20
    while "demo hybrid" not in "".join(clone.calls if (clone.folder / "calls").exists() else []):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.2)

    if number == signal.SIGINT:  # a terminal sends it to the whole group
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)

    said, _ = process.communicate(timeout=20)
    assert process.returncode not in {0, None}
    assert "Traceback" not in said
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_old_python() -> None:
    """A Python that is too old says so in one sentence, whatever syntax comes later."""
    code = (
        "import sys; sys.version_info = (3, 10, 2); sys.version = '3.10.2 (old)';"
        f"exec(compile(open({str(ROOT / 'bootstrap.py')!r}).read(), 'bootstrap.py', 'exec'))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (1, "") == (ran.returncode, ran.stdout)
    assert 1 == len(ran.stderr.splitlines())
    assert "Python 3.11 or newer, and this is 3.10.2" in ran.stderr
