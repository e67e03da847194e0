"""Where `roadbed update` works all the same: unusual repositories, folders and names."""

import os
import shutil
from pathlib import Path

import pytest

from roadbed.errors import Exit
from tests.cli.conftest import Cli, Ran, commit, git
from tests.update.services import State, files

METRICS = ".roadbed/chassis/src/chassis/metrics.py"


def updated(service: Path) -> Ran:
    """Update to the second release, which has to work."""
    ran = Cli(service, dict(os.environ)).run("update", "--no-lock", "--to", "v1.1.0")
    assert Exit.FINE == ran.code, ran.err
    assert (service / METRICS).is_file()
    return ran


def test_a_shallow_clone(service: Path, tmp_path: Path) -> None:
    """CI clones one commit, and an update needs no more."""
    (service / "README.md").write_text("# Ours\n")
    commit(service, "Work")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{service}", str(shallow))

    updated(shallow)

    assert "1" == git(shallow, "rev-list", "--count", "HEAD")
    git(shallow, "commit", "--quiet", "-m", "Update")


def test_a_submodule(service: Path, tmp_path: Path) -> None:
    """A service in a submodule is updated there; the repository around it sees other bytes only."""
    outer = tmp_path / "outer"
    git(tmp_path, "init", "--quiet", "-b", "main", str(outer))
    allowed = ("-c", "protocol.file.allow=always")
    git(outer, *allowed, "submodule", "--quiet", "add", str(service), "orders")
    commit(outer, "Add the service")
    git(outer / "orders", "switch", "--quiet", "main")
    head = git(outer, "rev-parse", "HEAD")

    updated(outer / "orders")

    assert head == git(outer, "rev-parse", "HEAD")
    assert "M orders" == git(outer, "status", "--porcelain", "--ignore-submodules=none")
    assert (outer / "orders/.git").is_file()


def test_a_service_with_a_submodule(service: Path, tmp_path: Path) -> None:
    """A submodule of the team's inside the service stays as it is."""
    library = tmp_path / "library"
    git(tmp_path, "init", "--quiet", str(library))
    (library / "code.txt").write_text("shared\n")
    commit(library, "Code")
    git(service, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library))
    commit(service, "Use a library")
    before = git(service, "ls-files", "--stage", "library")

    updated(service)

    assert before == git(service, "ls-files", "--stage", "library")
    assert "shared\n" == (service / "library/code.txt").read_text()


def test_another_work_tree(service: Path, tmp_path: Path) -> None:
    """`git worktree`: the one is updated, the other does not notice."""
    second = tmp_path / "second"
    git(service, "worktree", "add", "--quiet", "-b", "platform", str(second))
    before = State.of(service).beside_journal()

    updated(second)

    assert before == State.of(service).beside_journal()
    abort = Cli(second, dict(os.environ)).run("update", "--abort")
    assert (Exit.FINE, "") == (abort.code, git(second, "status", "--porcelain"))


def test_a_folder_of_a_larger_repository(service: Path, tmp_path: Path) -> None:
    """The service's folder changes, and nothing beside it, dirty or not."""
    root = tmp_path / "everything"
    shutil.copytree(service, root / "services/orders", ignore=shutil.ignore_patterns(".git"))
    (root / "other.txt").write_text("another service\n")
    git(tmp_path, "init", "--quiet", "-b", "main", str(root))
    commit(root, "All")
    (root / "other.txt").write_text("being edited\n")

    updated(root / "services/orders")

    staged = git(root, "diff", "--cached", "--name-only").splitlines()
    assert {"services"} == {path.split("/")[0] for path in staged}
    assert "being edited\n" == (root / "other.txt").read_text()
    assert "other.txt" == git(root, "diff", "--name-only")


@pytest.mark.parametrize("name", ["Aufträge & Größe", "日本 語", "it's #1 $HOME", "-dash"])
def test_a_name_to_be_quoted(service: Path, tmp_path: Path, name: str) -> None:
    """The service's folder and the team's files bear any name."""
    odd = tmp_path / name / "orders"
    odd.parent.mkdir()
    shutil.move(service, odd)
    for path in ("web/Größe und Maß.txt", '.roadbed/"quoted"\t.txt', "line\nbreak.txt"):
        (odd / path).write_text("ours\n")
    commit(odd, "Work")
    before = files(odd)

    updated(odd)

    after = files(odd)
    ours = [path for path in before if before[path][1] == b"ours\n"]
    assert (3, []) == (len(ours), [path for path in ours if before[path] != after.get(path)])


def test_a_linked_folder(service: Path, tmp_path: Path) -> None:
    """A path through a link leads to the same service."""
    (tmp_path / "link").symlink_to(service)

    ran = Cli(tmp_path, dict(os.environ)).run("update", "link", "--no-lock", "--to", "v1.1.0")

    assert (Exit.FINE, True) == (ran.code, (service / METRICS).is_file())


def test_line_ends_of_a_machine(service: Path) -> None:
    """With `core.autocrlf` files are written as git would check them out, and are not dirty."""
    git(service, "config", "core.autocrlf", "true")
    git(service, "rm", "-r", "--cached", "--quiet", ".")
    git(service, "reset", "--quiet", "--hard")

    updated(service)

    assert b"\r\n" in (service / METRICS).read_bytes()
    assert "" == git(service, "diff", "--name-only")
    git(service, "commit", "--quiet", "-m", "Update")
    assert b"\r\n" not in git(service, "cat-file", "blob", f"HEAD:{METRICS}").encode()


def test_line_ends_that_git_overlooks(service: Path) -> None:
    """With `text=auto` a file may lie here with other line ends than git has; undone, it does."""
    with (service / ".gitattributes").open("a") as attributes:
        attributes.write("* text=auto eol=lf\n")
    for path in ("compose.yaml", METRICS.replace("metrics", "logs"), "web/settings.py"):
        text = (service / path).read_bytes()
        (service / path).write_bytes(text.replace(b"\n", b"\r\n"))
    commit(service, "Work")
    before = State.of(service).beside_journal()

    updated(service)

    assert b"postgres:18.6\n" in (service / "compose.yaml").read_bytes()
    assert b"\r\n" in (service / "web/settings.py").read_bytes()
    assert "" == git(service, "diff", "--name-only")
    assert Exit.FINE == Cli(service, dict(os.environ)).run("update", "--abort").code
    assert [] == before.differences(State.of(service).beside_journal())
