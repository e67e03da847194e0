"""What is found around the manifest: what it once named, what git ignores, what was handed over."""

import json
import re
from pathlib import Path

import pytest

from roadbed.service.manifest import manifest_text, read_manifest
from tests.cli.conftest import Cli, commit, git

MANIFEST = ".roadbed/MANIFEST"
RUFF = ".roadbed/ruff.toml"
Found = list[tuple[str, str]]


def found(cli: Cli, *arguments: str) -> Found:
    """The paths and states that `check` reports of the service."""
    report = json.loads(cli.run("check", "orders", "--json", *arguments).out)
    return [(finding["path"], finding["state"]) for finding in report["findings"]]


def update(service: Path, *, without: str) -> None:
    """Commit a manifest of a later release that names one file less; the file stays."""
    entries = [entry for entry in read_manifest(service) if entry.path != without]
    (service / MANIFEST).write_text(manifest_text(entries))
    commit(service, "Update")


def test_orphan(cli: Cli, service: Path) -> None:
    """What an earlier manifest named is told from what somebody put there."""
    update(service, without=RUFF)
    (service / ".roadbed/hotfix.py").touch()

    ran = cli.run("check", "orders")

    assert [(".roadbed/hotfix.py", "unexpected"), (RUFF, "orphan")] == found(cli)
    assert "1 orphan, 1 unexpected, of 3 managed files." in ran.out
    assert "orphan: delete it, or move" in ran.out


def test_orphan_of_a_sub_folder(cli: Cli, service: Path) -> None:
    """A service that is a folder of a larger repository has a history too."""
    (service / ".git").rename(cli.folder / ".git")
    commit(cli.folder, "Move into the one repository")
    update(service, without=RUFF)

    assert [(RUFF, "orphan")] == found(cli)


def test_orphan_after_a_damaged_manifest(cli: Cli, service: Path) -> None:
    """A manifest of the past that is full of conflict markers still says what it names."""
    text = (service / MANIFEST).read_text()
    (service / MANIFEST).write_text(text.replace("# roadbed", "<<<<<<< yours\n# roadbed"))
    commit(service, "Oh no")
    git(service, "checkout", "--quiet", "--orphan", "fresh")
    commit(service, "All that is left")
    (service / MANIFEST).write_text(text)
    update(service, without=RUFF)

    assert [(RUFF, "orphan")] == found(cli)


def test_no_history(cli: Cli, service: Path) -> None:
    """Before the first commit nothing is known of the past."""
    git(service, "update-ref", "-d", "HEAD")
    entries = [entry for entry in read_manifest(service) if entry.path != RUFF]
    (service / MANIFEST).write_text(manifest_text(entries))

    assert [(RUFF, "unexpected")] == found(cli)


@pytest.mark.parametrize("tracked", [True, False])
@pytest.mark.parametrize("pattern", [".roadbed/", "*.toml", "/.roadbed/**"])
def test_ignored(cli: Cli, service: Path, pattern: str, tracked: bool) -> None:
    """A managed file that git is told to ignore is named with the pattern to take out.

    An update refuses such a repository also where git knows the file: not so a new one beside it.
    """
    if not tracked:
        git(service, "rm", "-r", "--quiet", "--cached", ".roadbed")
    (service / ".gitignore").write_text(f"# ours\n{pattern}\n")

    ran = cli.run("check", "orders")

    ignored = {path for path, state in found(cli) if state == "ignored"}
    assert 1 == ran.code
    assert RUFF in ignored
    assert (MANIFEST in ignored) == (pattern != "*.toml")
    said = re.sub(" +", " ", ran.out)
    assert f"{RUFF} ignored by '{pattern}' in .gitignore, line 2\n" in said
    assert "ignored: remove the pattern and add the file with `git add`" in ran.out


def test_not_ignored_after_all(cli: Cli, service: Path) -> None:
    """A later pattern that brings a file back counts."""
    (service / ".gitignore").write_text("*.toml\n!/.roadbed/*.toml\n!/pyproject.toml\n")
    assert [] == found(cli)


def test_ignored_and_diverged(cli: Cli, service: Path) -> None:
    """Both are said: each wants a remedy of its own."""
    git(service, "rm", "--quiet", "--cached", RUFF)
    (service / ".git/info/exclude").write_text(f"/{RUFF}\n")
    (service / RUFF).write_text("# ours\n")

    assert [(RUFF, "diverged"), (RUFF, "ignored")] == found(cli)


def test_in_an_ignored_folder(cli: Cli, service: Path) -> None:
    """A repository that ignores the whole service does not keep it, so nothing is amiss."""
    git(cli.folder, "init", "--quiet")
    (cli.folder / ".gitignore").write_text("/orders/\n")
    (service / ".git").rename(cli.folder / "aside")
    (service / ".roadbed/hotfix.py").touch()

    assert [(".roadbed/hotfix.py", "unexpected")] == found(cli)


def test_ejected(cli: Cli, service: Path) -> None:
    """A file that was handed over is listed, whatever became of it, and nothing fails."""
    assert 0 == cli.run("eject", f"orders/{RUFF}", "orders/.roadbed/justfile").code
    (service / RUFF).write_text("# ours\n")
    (service / ".roadbed/justfile").unlink()

    ran = cli.run("check", "orders")

    assert [(".roadbed/justfile", "ejected"), (RUFF, "ejected")] == found(cli)
    assert 0 == ran.code
    assert ran.out.splitlines()[-1] == (
        "2 managed files are as the template (v1.0.0) made them; 2 ejected."
    )


def test_ejected_is_no_orphan(cli: Cli, service: Path) -> None:
    """When the template drops a file that was handed over, it stays the team's."""
    cli.run("eject", f"orders/{RUFF}")
    update(service, without=RUFF)

    assert [(RUFF, "ejected")] == found(cli)


def test_many_other_files(cli: Cli, service: Path) -> None:
    """Files outside of what is managed are neither listed nor classified."""
    for number in range(300):
        (service / f"file-{number}").touch()
    trace = cli.folder / "trace"

    ran = cli.run("check", "orders", GIT_TRACE2_EVENT=str(trace))

    assert 0 == ran.code
    listing, _check_ignore = [
        event["argv"]
        for line in trace.read_text().splitlines()
        if (event := json.loads(line))["event"] == "start"
    ]
    assert listing[listing.index("--") + 1 :] == [".roadbed", ".github/workflows"]
