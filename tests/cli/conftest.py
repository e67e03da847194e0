"""The real command on a miniature of the template repository, with a home of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from roadbed.template import build_manifest
from tests.cli.clones import ROOT, UV, Clone, put

MINIATURE = Path(__file__).parent / "miniature"
AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@localhost")


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    def refused(self, code: int, *words: str) -> None:
        """Assert one sentence on standard error with these words, this code, and no traceback."""
        said = self.err.strip().splitlines()
        sentences = [line for line in said if line.startswith("roadbed: ")]
        assert (code, 1) == (self.code, len(sentences)), self.err
        assert "Traceback" not in self.err
        assert sentences == said[-1:], "nothing may follow the sentence"
        for word in words:
            assert word in sentences[0]


@dataclass(frozen=True)
class Cli:
    """The `roadbed` command in a folder of its own, as a user with a git identity."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, **environment: str) -> Ran:
        """Run it to its end."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        """Start it in a process group of its own and let it run."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def command(self, *arguments: str) -> list[str]:
        """The command line, without a shell."""
        return [sys.executable, "-m", "roadbed", *arguments]

    def files(self) -> set[str]:
        """Everything in the folder, to see that nothing changed."""
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody; returns what it printed."""
    command = ["git", *AUTHOR, *arguments]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(folder: Path, message: str) -> None:
    """Commit everything in a repository."""
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", message)


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The miniature as a repository with its manifests and a release."""
    root = tmp_path_factory.mktemp("released") / "templates"
    shutil.copytree(MINIATURE, root, symlinks=True)
    git(root.parent, "init", "--quiet", "-b", "main", str(root))
    commit(root, "Draft")
    assert build_manifest.main(["--write", "--source", str(root)]) == 0
    commit(root, "Release")
    git(root, "tag", "v1.0.0")
    return root


@pytest.fixture
def template(released: Path, tmp_path: Path) -> Path:
    """A clone of the miniature that a test may change."""
    root = tmp_path / "template"
    git(tmp_path, "clone", "--quiet", str(released), str(root))
    return root


@pytest.fixture
def scratch() -> Iterator[Path]:
    """The command's folder for temporary files; pytest's own is closed to root's database."""
    with tempfile.TemporaryDirectory(prefix="roadbed-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def cli(tmp_path: Path, scratch: Path) -> Cli:
    """The command, in an empty folder."""
    return as_user(tmp_path, scratch)


def as_user(root: Path, scratch: Path) -> Cli:
    """Return the command in the new folder `work` of `root`, its user's home beside it."""
    home = root / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\nname = Test\nemail = test@localhost\n")
    folder = root / "work"
    folder.mkdir()
    ours = ("ROADBED", "GIT_", "VIRTUAL_ENV", "NO_COLOR", "XDG_")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    cache = os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv")
    return Cli(
        folder,
        {
            **inherited,
            # `just` is in our own environment, so that the miniature needs no network
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(home),
            "UV_CACHE_DIR": cache,
            "PYENV_ROOT": os.environ.get("PYENV_ROOT") or str(Path.home() / ".pyenv"),
            "TMPDIR": str(scratch),
        },
    )


@pytest.fixture(scope="session")
def newborn(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service made from the miniature, nothing installed; made once, to be copied."""
    with tempfile.TemporaryDirectory(prefix="roadbed-test-") as scratch:
        cli = as_user(tmp_path_factory.mktemp("newborn"), Path(scratch))
        words = ("--defaults", "--no-install", f"--source={released}")
        made = cli.run("new", "hybrid", "orders", *words)
    assert made.code == 0, made.err
    return cli.folder / "orders"


@pytest.fixture
def service(cli: Cli, newborn: Path) -> Path:
    """A service made from the miniature, nothing installed, which a test may change."""
    return Path(shutil.copytree(newborn, cli.folder / "orders", symlinks=True))


@pytest.fixture
def bare(tmp_path: Path) -> Clone:
    """A clone on a machine with git and a shell, but without uv."""
    (tmp_path / "cli/roadbed/toolchain").mkdir(parents=True)
    (tmp_path / "tests/chassis").mkdir(parents=True)
    shutil.copy(ROOT / "bootstrap.py", tmp_path)
    shutil.copy(ROOT / "cli/roadbed/toolchain/interpreters.py", tmp_path / "cli/roadbed/toolchain")
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
