"""`roadbed check --fix`: the template's bytes come back, and no edit is lost."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from roadbed.git.worktree import draft_path
from roadbed.service.manifest import MANIFEST_FILE, read_manifest
from tests.cli.conftest import Cli, Ran, git

RUFF = ".roadbed/ruff.toml"
JUSTFILE = ".roadbed/justfile"
WORKFLOW = ".github/workflows/_test.yml"


def saved(service: Path) -> dict[str, Path]:
    """What was saved aside, by the path it had; all runs together."""
    root = service / ".git/roadbed/saved"
    files = [path for path in root.rglob("*") if not path.is_dir() or path.is_symlink()]
    return {"/".join(path.relative_to(root).parts[1:]): path for path in files}


def test_fix(cli: Cli, service: Path) -> None:
    """Edited and missing files are as they were made; edits lie in git's folder, and it says so."""
    (service / RUFF).write_bytes(b"# ours\r\n\xff")
    (service / RUFF).chmod(0o755)
    (service / WORKFLOW).unlink()
    (service / "justfile").write_text("# ours\n")

    ran = cli.run("check", "--fix", "orders")

    assert (0, "") == (ran.code, ran.err)
    assert "M justfile" == git(service, "status", "--porcelain")
    assert 0o644 == (service / RUFF).stat().st_mode & 0o777
    assert [RUFF] == [*saved(service)]
    assert b"# ours\r\n\xff" == saved(service)[RUFF].read_bytes()
    assert ran.out.splitlines() == [
        f"{WORKFLOW}  restored",
        f"{RUFF}  restored; your version is saved in {saved(service)[RUFF]}",
        "",
        "4 managed files are as the template (v1.0.0) made them.",
    ]


def test_nothing_to_fix(cli: Cli, service: Path) -> None:
    """Where nothing differs nothing is written, and twice is once."""
    (service / RUFF).unlink()
    cli.run("check", "--fix", "orders")
    before = {path: path.stat().st_mtime_ns for path in service.rglob("*")}

    assert 0 == cli.run("check", "--fix", "orders").code
    assert before == {path: path.stat().st_mtime_ns for path in service.rglob("*")}


def test_everything(cli: Cli, service: Path) -> None:
    """All but what says how things should be can be gone, folders included."""
    text = (service / MANIFEST_FILE).read_text()
    git(service, "rm", "-r", "--quiet", "--cached", ".roadbed", ".github")
    for entry in read_manifest(service):
        (service / entry.path).unlink()
    (service / MANIFEST_FILE).write_text(text)
    (service / ".github/workflows").rmdir()

    assert 0 == cli.run("check", "--fix", "orders").code


def test_json(cli: Cli, service: Path) -> None:
    """Machines read what was restored from which state, and where the edits are."""
    (service / RUFF).write_text("# ours\n")
    (service / WORKFLOW).unlink()

    report = json.loads(cli.run("check", "--fix", "--json", "orders").out)

    assert [] == report["findings"]
    assert report["restored"] == [
        {"path": WORKFLOW, "state": "missing", "saved": None},
        {"path": RUFF, "state": "diverged", "saved": str(saved(service)[RUFF])},
    ]


def test_link_and_folder(cli: Cli, service: Path) -> None:
    """What stands in the place of a file is saved as what it is; a link's end is not touched."""
    (service / RUFF).unlink()
    (service / RUFF).symlink_to("../justfile")
    (service / JUSTFILE).unlink()
    (service / JUSTFILE).mkdir()
    (service / JUSTFILE / "inner").write_text("ours\n")

    assert 0 == cli.run("check", "--fix", "orders").code

    assert "" == git(service, "status", "--porcelain")
    assert "../justfile" == str(saved(service)[RUFF].readlink())
    assert "ours\n" == saved(service)[f"{JUSTFILE}/inner"].read_text()


def test_what_stays(cli: Cli, service: Path) -> None:
    """Files that were added, or handed over, are left alone and stay reported."""
    (service / ".roadbed/hotfix.py").write_text("ours\n")
    cli.run("eject", f"orders/{JUSTFILE}")
    (service / JUSTFILE).write_text("# ours\n")
    (service / RUFF).unlink()

    ran = cli.run("check", "--fix", "orders")

    assert 1 == ran.code
    assert "ours\n" == (service / ".roadbed/hotfix.py").read_text()
    assert "# ours\n" == (service / JUSTFILE).read_text()
    assert "1 unexpected, 1 ejected, of 3 managed files." in ran.out


def test_sub_folder(cli: Cli, service: Path) -> None:
    """In a larger repository the bytes are found, and edits saved, in that one's git folder."""
    (service / ".git").rename(cli.folder / ".git")
    git(cli.folder, "add", "-A")
    (service / RUFF).write_text("# ours\n")

    assert 0 == cli.run("check", "--fix", "orders").code
    assert [RUFF] == [*saved(cli.folder)]


@pytest.mark.parametrize("blocked", ["link", "file"])
def test_blocked(cli: Cli, service: Path, blocked: str) -> None:
    """A folder that is a link, or a file, is named before anything is written."""
    (service / RUFF).write_text("# ours\n")
    (service / ".github").rename(service / "elsewhere")
    if blocked == "link":
        (service / ".github").symlink_to("elsewhere")
    else:
        (service / ".github").write_text("ours\n")
    (service / "elsewhere/workflows/_test.yml").unlink()

    ran = cli.run("check", "--fix", "orders")

    ran.refused(2, ".github is not a folder", "move it away")
    assert "# ours\n" == (service / RUFF).read_text()
    assert not (service / "elsewhere/workflows/_test.yml").exists()


@pytest.mark.parametrize("option", ["--fix", "--diff"])
def test_bytes_of_the_template(cli: Cli, service: Path, option: str) -> None:
    """What the service never committed comes from the template, which is kept for the next time."""
    shutil.rmtree(service / ".git")
    git(service, "init", "--quiet")
    theirs = (service / RUFF).read_text()
    (service / RUFF).write_text("# ours\n")

    report = json.loads(cli.run("check", option, "--json", "orders").out)

    if option == "--fix":
        assert [] == report["findings"]
        assert theirs == (service / RUFF).read_text()
    else:
        assert "-line-length = 100\n" in report["differences"][RUFF]


@pytest.mark.parametrize("option", ["--fix", "--diff"])
def test_bytes_that_are_nowhere(cli: Cli, service: Path, option: str) -> None:
    """A manifest that names what nobody has is said to do so, and no other file is touched."""
    text = (service / MANIFEST_FILE).read_text()
    blob = next(entry.blob for entry in read_manifest(service) if entry.path == RUFF)
    (service / MANIFEST_FILE).write_text(text.replace(blob, "0" * 40))
    (service / WORKFLOW).unlink()

    ran = cli.run("check", option, "orders")

    ran.refused(5, "000000000000", "restore .roadbed/MANIFEST")
    assert not (service / WORKFLOW).exists()


@pytest.mark.parametrize("option", ["--fix", "--diff"])
def test_template_out_of_reach(cli: Cli, service: Path, option: str) -> None:
    """Offline, what the service never committed cannot be had; no other file is touched."""
    shutil.rmtree(service / ".git")
    git(service, "init", "--quiet")
    answers = service / ".copier-answers.yml"
    answers.write_text(re.sub("_src_path: .*", "_src_path: /nowhere", answers.read_text()))
    (service / RUFF).write_text("# ours\n")
    (service / WORKFLOW).unlink()

    cli.run("check", option, "orders").refused(2, "There is no template at /nowhere")

    assert not (service / WORKFLOW).exists()


@pytest.mark.parametrize("option", ["--fix", "--diff"])
def test_no_repository(cli: Cli, service: Path, option: str) -> None:
    """Without a repository there are no bytes, and nothing could be saved aside."""
    (service / ".git").rename(cli.folder / "aside")
    (service / RUFF).write_text("# ours\n")

    cli.run("check", option, "orders").refused(2, "is not in a git repository", "git init")


@pytest.mark.parametrize("state", ["diverged", "missing"])
def test_disk_full(cli: Cli, service: Path, state: str) -> None:
    """Where nothing can be written, no edit is overwritten and no half of a file is left."""
    (service / RUFF).write_text("# ours\n")
    if state == "missing":
        (service / RUFF).unlink()
    before = set((service / ".roadbed").iterdir())
    full = ["sh", "-c", 'ulimit -f 0 && exec "$@"', "sh", *cli.command("check", "--fix", "orders")]

    done = subprocess.run(
        full, cwd=cli.folder, env=dict(cli.environment), capture_output=True, text=True, check=False
    )

    Ran(done.returncode, done.stdout, done.stderr).refused(5, "could not be ", "too large")
    assert before == set((service / ".roadbed").iterdir())
    assert state == "missing" or (service / RUFF).read_text() == "# ours\n"


def test_after_a_kill(cli: Cli, service: Path) -> None:
    """What a killed run left beside a file is gone after the next."""
    (service / RUFF).write_text("# ours\n")
    draft_path(service / RUFF).write_text("half of")

    assert 0 == cli.run("check", "--fix", "orders").code
    assert "" == git(service, "status", "--porcelain")
