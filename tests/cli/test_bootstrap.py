"""`bootstrap.py`: from a bare machine to a command that runs."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = """#!/bin/sh
echo "$@" >> "$CALLS"
pwd > "${CALLS%calls}cwd"
echo "$PATH" > "${CALLS%calls}path"
echo "$PYTHONDONTWRITEBYTECODE" > "${CALLS%calls}uncompiled"
case "$*" in
  *"${FAILS:-nothing}"*) exit "${CODE:-1}" ;;
  *"${HANGS:-nothing}"*) exec sleep 60 ;;
esac
exit 0
"""


@dataclass(frozen=True)
class Clone:
    """A checkout with bootstrap.py and a uv that only writes down what it is asked."""

    folder: Path
    path: Path
    python: str = sys.executable

    def run(self, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """Run bootstrap.py to its end, from the checkout."""
        return self.run_in(self.folder, *arguments, **env)

    def run_in(
        self, folder: Path, *arguments: str, **env: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run bootstrap.py to its end, from another folder."""
        return subprocess.run(
            self.command(*arguments),
            cwd=folder,
            env=self.environment(**env),
            capture_output=True,
            text=True,
            check=False,
        )

    def command(self, *arguments: str) -> list[str]:
        """The command line."""
        return [self.python, str(self.folder / "bootstrap.py"), *arguments]

    def environment(self, **env: str) -> dict[str, str]:
        """The environment of the command; the fake uv reads FAILS, CODE and HANGS."""
        fake = {"CALLS": str(self.folder / "calls"), "FAILS": "", "HANGS": ""}
        inherited = {key: value for key, value in os.environ.items() if key != "UV"}
        return {**inherited, **fake, "PATH": str(self.path), **env}

    @property
    def calls(self) -> list[str]:
        """What uv was asked to do, interpreters aside."""
        lines = (self.folder / "calls").read_text().splitlines()
        return [line for line in lines if not line.startswith("python find")]


def put(folder: Path, name: str, text: str) -> None:
    """Write an executable."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path) -> Clone:
    """A clone on a machine with git and a shell, but without uv."""
    (tmp_path / "cli/roadbed").mkdir(parents=True)
    (tmp_path / "tests/chassis").mkdir(parents=True)
    shutil.copy(ROOT / "bootstrap.py", tmp_path)
    shutil.copy(ROOT / "cli/roadbed/interpreters.py", tmp_path / "cli/roadbed")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("git", "sh", "sleep"):
        found = shutil.which(name)
        assert found
        (tools / name).symlink_to(found)
    return Clone(tmp_path, tools)


@pytest.fixture
def clone(bare: Clone) -> Clone:
    """A clone on a machine with uv."""
    put(bare.path, "uv", UV)
    return bare


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
    assert "could not be made" in ran.stderr
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


@pytest.fixture
def managed_python(tmp_path: Path) -> Path:
    """A Python whose distribution forbids pip to touch it (PEP 668), without the venv module."""
    scratch = tmp_path / "usr"
    version = f"python3.{sys.version_info.minor}"
    library = scratch / "lib" / version
    library.mkdir(parents=True)
    for part in Path(sysconfig.get_path("stdlib")).iterdir():
        if part.name not in {"EXTERNALLY-MANAGED", "venv", "ensurepip"}:
            (library / part.name).symlink_to(part)
    (library / "EXTERNALLY-MANAGED").write_text("[externally-managed]\nError=Ask your system.\n")
    (scratch / "bin").mkdir()
    program = scratch / "bin" / version
    shutil.copy(Path(sys.base_prefix) / "bin" / version, program)
    return program


def wheel(folder: Path, version: str, program: str) -> None:
    """A wheel called uv, whose script is the program."""
    folder.mkdir(exist_ok=True)
    info = f"uv-{version}.dist-info"
    with zipfile.ZipFile(folder / f"uv-{version}-py3-none-any.whl", "w") as archive:
        script = zipfile.ZipInfo(f"uv-{version}.data/scripts/uv")
        script.external_attr = 0o100755 << 16  # a file that may be run
        archive.writestr(script, program)
        metadata = f"Metadata-Version: 2.1\nName: uv\nVersion: {version}\n"
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


def test_externally_managed(bare: Clone, managed_python: Path) -> None:
    """Where pip may not touch the system (PEP 668), bootstrap gets a uv that it knows."""
    wheel(bare.folder / "wheels", "0.13.9", UV)
    wheel(bare.folder / "wheels", "0.14.0", "#!/bin/sh\nexit 1\n")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(bare.folder / "wheels")}
    refused = subprocess.run(
        [managed_python, "-m", "pip", "install", "uv"],
        env=bare.environment(**offline),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "externally-managed-environment" in refused.stderr

    ran = Clone(bare.folder, bare.path, str(managed_python)).run("setup", **offline)

    assert 0 == ran.returncode, ran.stderr
    assert "bootstrap: installing uv into .tools" in ran.stdout
    assert (bare.folder / ".tools/bin/uv").is_file()
    assert [f"sync --quiet --locked --compile-bytecode --python {managed_python}"] == bare.calls


def test_no_uv_to_be_had(bare: Clone) -> None:
    """When pip cannot bring uv: one sentence after pip's own words."""
    env = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(bare.folder), "PIP_CONFIG_FILE": os.devnull}
    base = Clone(bare.folder, bare.path, sys._base_executable)  # type: ignore[attr-defined]
    ran = base.run("setup", **env)
    assert 1 == ran.returncode
    assert "uv could not be installed by pip" in ran.stderr.splitlines()[-1]
