"""A release is cut whole, or not at all."""

import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from roadbed.releases import changelog, release
from roadbed.template import build_manifest
from roadbed.toolchain import uv
from tests.cli.conftest import MINIATURE, Cli, Ran, commit, git

PROJECT = """\
[project]
name = "{}"
version = "{}"
requires-python = ">=3.11"
dependencies = []
"""
USING = """
[tool.uv]
package = false

[tool.uv.sources]
chassis = { path = "../../chassis", editable = true }
"""
NOTE = '[[change]]\nkind = "fixed"\nsummary = "A cookie is sent once."\n'
NEXT = release.NOTHING_YET + "\n" + NOTE
# prints, so that a test can see that it ran
GREEN = 'matrix:\n    @echo "every plan is green"\n'
REAL = "matrix:\n    uv run pytest tests/update tests/templates -q\n"
RED = "matrix:\n    @false\n"


@pytest.fixture(scope="session")
def unreleased(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small template repository that may be released: a plan that vendors a chassis."""
    root = tmp_path_factory.mktemp("unreleased") / "templates"
    plan = root / "templates/hybrid"
    plan.parent.mkdir(parents=True)
    subprocess.run(["cp", "-r", str(MINIATURE / "templates/_service"), str(plan)], check=True)
    questions = (MINIATURE / "copier.yml").read_text()
    one = questions.replace("[django-monolith, fastapi-service, hybrid]", "[hybrid]")
    files = {
        "copier.yml": one,
        "justfile": GREEN,
        "pyproject.toml": PROJECT.format("roadbed", "0.1.0"),
        "chassis/pyproject.toml": PROJECT.format("chassis", "0.1.0"),
        "chassis/code.py": "ONE = 1\n",
        "devissuer/pyproject.toml": PROJECT.format("devissuer", "0.1.0"),
        "tests/chassis/pyproject.toml": PROJECT.format("tests", "0").replace("[]", '["chassis"]')
        + USING,
        "releases/next.toml": NEXT,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (plan / ".roadbed/chassis").symlink_to("../../../chassis")
    for folder in (root, root / "tests/chassis"):
        assert "" == uv.lock(folder)
    git(root.parent, "init", "--quiet", "-b", "main", str(root))
    commit(root, "Draft")
    changelog.write(root)
    assert 0 == build_manifest.main(["--write", f"--source={root}"])
    commit(root, "Write what follows")
    return root


@pytest.fixture
def checkout(unreleased: Path, cli: Cli) -> Path:
    """A clone of it, on main, with an identity."""
    root = cli.folder / "templates"
    git(cli.folder, "clone", "--quiet", str(unreleased), str(root))
    return root


def start(cli: Cli, checkout: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start the maintainers' command on a checkout, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "roadbed.releases.release", f"--source={checkout}", *arguments],
        cwd=cli.folder,
        env=dict(cli.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def cut(cli: Cli, checkout: Path) -> Callable[..., Ran]:
    """The maintainers' command on the clone."""

    def run(*arguments: str) -> Ran:
        done = start(cli, checkout, *arguments)
        out, err = done.communicate()
        return Ran(done.returncode, out, err)

    return run


def state(checkout: Path) -> tuple[str, str, dict[str, bytes]]:
    """References, what git sees, and every file with its bytes."""
    files = {
        str(path): path.read_bytes()
        for path in checkout.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(checkout).parts
    }
    return git(checkout, "for-each-ref"), git(checkout, "status", "--porcelain=v2", "-b"), files


def version(checkout: Path, folder: str = ".") -> str:
    """The version that a project carries."""
    text = (checkout / folder / "pyproject.toml").read_text()
    return str(tomllib.loads(text)["project"]["version"])


def change(checkout: Path, name: str, text: str, *, noted: bool = True) -> None:
    """Commit a change of a file, with a note and what follows from both."""
    path = checkout / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if noted:
        (checkout / "releases/next.toml").write_text(NEXT)
        changelog.write(checkout)
        build_manifest.main(["--write", f"--source={checkout}"])
    commit(checkout, f"Change {name}")


def test_release(checkout: Path, cut: Callable[..., Ran]) -> None:
    """One commit and an annotated tag on it: versions, locks, notes, changelog, manifests."""
    before = git(checkout, "rev-parse", "HEAD")

    ran = cut("0.2.0")

    assert 0 == ran.code, ran.err
    assert "every plan is green" in ran.out
    assert "git push --atomic origin main v0.2.0" in ran.out
    assert ("", before) == (
        git(checkout, "status", "--porcelain"),
        git(checkout, "rev-parse", "HEAD~1"),
    )
    assert "tag" == git(checkout, "cat-file", "-t", "v0.2.0")
    assert git(checkout, "rev-parse", "HEAD") == git(checkout, "rev-parse", "v0.2.0^{commit}")
    assert ["0.2.0"] * 3 == [version(checkout, name) for name in (".", "chassis", "devissuer")]
    today = datetime.now(UTC).date()
    assert f"date = {today}\n\n{NOTE}" == (checkout / "releases/0.2.0.toml").read_text()
    assert release.NOTHING_YET == (checkout / "releases/next.toml").read_text()
    assert f"## 0.2.0 ({today})" in (checkout / "CHANGELOG.md").read_text()
    assert changelog.is_current(checkout)
    assert 0 == build_manifest.main(["--check", f"--source={checkout}"])
    for folder in (checkout, checkout / "tests/chassis"):
        subprocess.run([uv.find(), "lock", "--check", "--quiet"], cwd=folder, check=True)


def test_what_did_not_change_keeps_its_version(checkout: Path, cut: Callable[..., Ran]) -> None:
    """A vendored folder gets the version of a release in which it changed: else no file moves."""
    assert 0 == cut("0.2.0").code
    served = git(checkout, "rev-parse", "HEAD:templates/hybrid/.roadbed/MANIFEST")

    change(checkout, "cli.py", "NEW = 1\n")
    assert 0 == cut("0.3.0").code
    assert ["0.3.0", "0.2.0", "0.2.0"] == [version(checkout, n) for n in (".", *release.VENDORED)]
    assert served == git(checkout, "rev-parse", "HEAD:templates/hybrid/.roadbed/MANIFEST")

    change(checkout, "templates/hybrid/server.py", "# another seed\n")
    change(checkout, "chassis/code.py", "ONE = 2\n")
    assert 0 == cut("0.4.0").code
    assert ["0.4.0", "0.4.0", "0.2.0"] == [version(checkout, n) for n in (".", *release.VENDORED)]
    assert served != git(checkout, "rev-parse", "HEAD:templates/hybrid/.roadbed/MANIFEST")


def test_dry_run(checkout: Path, cut: Callable[..., Ran]) -> None:
    """--dry-run says the steps and takes none."""
    before = state(checkout)

    ran = cut("0.2.0", "--dry-run")

    assert (0, before) == (ran.code, state(checkout)), ran.err
    assert [
        "run `just matrix`",
        "write 0.2.0 as the version of roadbed, chassis, devissuer",
        "update the lock files",
        "move releases/next.toml to releases/0.2.0.toml",
        "write CHANGELOG.md",
        "write the manifests",
        "commit, and tag v0.2.0",
    ] == ran.out.splitlines()


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("justfile", RED, "The update matrix failed"),
        ("justfile", "matrix:\n    @touch left\n", "The checkout changed while the matrix ran"),
        ("releases/next.toml", release.NOTHING_YET, "has no note"),
        ("releases/next.toml", NEXT.replace("once", "twice"), "CHANGELOG.md is stale"),
        ("releases/next.toml", NEXT.replace("fixed", "new"), "change 1 needs a `kind`"),
        ("chassis/code.py", "ONE = 3\n", "A manifest is stale"),
        ("releases/0.2.0.toml", "date = 2026-01-31\n", "is not greater than the last release"),
    ],
)
def test_offence(
    checkout: Path, cut: Callable[..., Ran], name: str, text: str, sentence: str
) -> None:
    """What must not be released is refused in a sentence, and nothing changes."""
    change(checkout, name, text, noted=False)
    before = state(checkout)

    ran = cut("0.2.0")

    ran.refused(2, sentence)
    (checkout / "left").unlink(missing_ok=True)
    assert before == state(checkout)


@pytest.mark.parametrize("number", ["0.2", "v0.2.0", "0.2.0rc1", "00.2.0", "0.1.0", "0.0.9"])
def test_number(checkout: Path, cut: Callable[..., Ran], number: str) -> None:
    """A version is three numbers that come after those of the last tag."""
    git(checkout, "tag", "v0.1.0")
    before = state(checkout)
    cut(number).refused(2, number)
    assert before == state(checkout)


def test_where(checkout: Path, cut: Callable[..., Ran]) -> None:
    """Releases are cut from main, with nothing uncommitted."""
    (checkout / "mine").write_text("untracked\n")
    cut("0.2.0").refused(2, "uncommitted changes")
    (checkout / "mine").unlink()
    git(checkout, "switch", "--quiet", "-c", "topic")
    cut("0.2.0").refused(2, "cut from main")
    git(checkout, "switch", "--quiet", "--detach")
    cut("0.2.0").refused(2, "cut from main")


@pytest.mark.parametrize(
    ("hook", "code"),
    [("pre-commit", "exit 1"), ("reference-transaction", '! grep -q "refs/tags/v0.2.0$"')],
)
def test_failure_on_the_way(checkout: Path, cut: Callable[..., Ran], hook: str, code: str) -> None:
    """When the commit or the tag is refused by a hook, all is as it was."""
    before = state(checkout)
    path = checkout / ".git/hooks" / hook
    path.write_text(f"#!/bin/sh\n{code}\n")
    path.chmod(0o755)

    ran = cut("0.2.0")

    assert (5, before) == (ran.code, state(checkout)), ran.err
    assert "Traceback" not in ran.err


def test_interrupted(checkout: Path, cli: Cli) -> None:
    """Ctrl-C while it commits: all is as it was, and that is said."""
    before = state(checkout)
    hook, reached = checkout / ".git/hooks/pre-commit", checkout / ".git/reached"
    hook.write_text(f"#!/bin/sh\ntouch '{reached}'\nexec sleep 60\n")
    hook.chmod(0o755)

    running = start(cli, checkout, "0.2.0")
    while not reached.exists() and running.poll() is None:
        time.sleep(0.1)
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate()

    assert (130, before) == (running.returncode, state(checkout)), err
    assert "interrupted; the checkout is as it was" in err
    assert "Traceback" not in err


def test_our_own(copier_template: Path, checkout: Path, cut: Callable[..., Ran]) -> None:
    """This very repository can be released, once its matrix is green."""
    shutil.rmtree(checkout)
    git(checkout.parent, "clone", "--quiet", str(copier_template), str(checkout))
    git(checkout, "switch", "--quiet", "-C", "main")
    justfile = checkout / "justfile"
    assert REAL in justfile.read_text()
    (checkout / "releases/next.toml").write_text(NEXT)
    changelog.write(checkout)
    change(checkout, "justfile", justfile.read_text().replace(REAL, GREEN), noted=False)

    ran = cut("99.0.0")

    assert 0 == ran.code, ran.err
    assert ["99.0.0", "99.0.0"] == [version(checkout, folder) for folder in (".", "chassis")]
    assert "" == git(checkout, "status", "--porcelain")
