"""The example is a leaf: without it the project migrates, starts and passes."""

import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.generated.conftest import Project

FOLDERS = {
    "web": ("web/approvals", "tests/web/approvals"),
    "api": ("api/webhooks", "tests/api/webhooks"),
}


@pytest.fixture
def scratch(project: Project) -> Iterator[Project]:
    """The project, put back as it was afterwards, its database included."""
    yield project
    project.run("git reset -q --hard")
    project.run("git clean -fdq web api tests contracts 2>/dev/null || true")


def check(project: Project) -> None:
    """What a team does next works: format, lint, migrate, test."""
    project.run("uv run just fmt")
    assert project.run("git diff --stat -- web api tests '*.py'") == ""
    project.run("uv run just lint")
    project.run("uv run just migrate")
    output = project.run("uv run just test")
    assert re.search(r"\d+ passed", output), output


def dropped(project: Project) -> list[str]:
    """The example's folders that this project had."""
    return [folder for half in project.halves for folder in FOLDERS[half]]


def test_removed_by_hand_before_any_migration(scratch: Project) -> None:
    """A repository whose database never had the example needs plain `git rm` only."""
    scratch.run("git rm -rq " + " ".join(dropped(scratch)))
    scratch.run("git commit -qm 'drop by hand' --no-verify")
    try:
        check(scratch)
    finally:
        scratch.run("git reset -q --hard HEAD~1")


def test_dropped_after_a_migration_of_the_team(scratch: Project) -> None:
    """The recipe takes the tables first, also with the team's own migrations beside the example."""
    scratch.run("uv run just migrate")
    before = scratch.run("git rev-parse HEAD").strip()
    for half in scratch.halves:
        scratch.run(f"uv run just migration {half} 'ours'")
    scratch.run("git add -A && git commit -qm ours --no-verify && uv run just migrate")
    try:
        scratch.run("uv run just drop-example")
        assert [f for f in dropped(scratch) if (scratch.path / f).exists()] == []
        scratch.run("git add -A && git commit -qm dropped --no-verify")
        check(scratch)
    finally:
        subprocess.run(["git", "reset", "-q", "--hard", before], cwd=scratch.path, check=True)


def test_it_refuses_to_delete_uncommitted_work(scratch: Project) -> None:
    """Work inside the example that git does not know yet is named, not deleted."""
    folder = dropped(scratch)[0]
    (scratch.path / folder / "mine.py").write_text('"""Mine."""\n')
    try:
        output = scratch.run("uv run just drop-example", fails=True)
        assert folder in output
        assert (scratch.path / folder / "mine.py").is_file()
    finally:
        (scratch.path / folder / "mine.py").unlink()
