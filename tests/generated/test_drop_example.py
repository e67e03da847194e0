"""The example is a leaf: without it the project migrates, starts and passes."""

import re
from pathlib import Path

import pytest

from tests.generated.conftest import Project, shared

FOLDERS = {
    "web": ("web/approvals", "tests/web/approvals"),
    "api": ("api/webhooks", "tests/api/webhooks"),
}


@pytest.fixture
def scratch(project: Project, tmp_path: Path) -> Project:
    """A clone of the project: a checkout, and so a database, of its own."""
    clone = tmp_path / "orders"
    project.run(f"git clone -q . {clone}")
    cloned = Project(clone, project.plan, {**project.environment, **shared(project.plan)})
    cloned.run("uv sync --locked")
    return cloned


WEB_MODEL = """\"\"\"Notes.\"\"\"

from django.db import models


class Note(models.Model):
    \"\"\"A note.\"\"\"

    text = models.TextField()

    def __str__(self) -> str:
        return self.text
"""
WEB_APP = """\"\"\"Notes.\"\"\"

from django.apps import AppConfig


class NotesConfig(AppConfig):
    \"\"\"Notes.\"\"\"

    name = "web.notes"
"""
API_MODEL = """\"\"\"Notes.\"\"\"

from uuid import UUID, uuid4

from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base


class Note(Base):
    \"\"\"A note.\"\"\"

    __tablename__ = "note"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    text: Mapped[str]
"""


def grow_a_table(project: Project, half: str) -> None:
    """Add a model of the team's own beside the example; both halves find it by themselves."""
    folder = project.path / half / "notes"
    (folder / "migrations").mkdir(parents=True)
    (folder / "__init__.py").write_text('"""Notes."""\n')
    if half == "web":
        (folder / "migrations/__init__.py").write_text("")
        (folder / "apps.py").write_text(WEB_APP)
        (folder / "models.py").write_text(WEB_MODEL)
    else:
        (folder / "migrations").rmdir()
        (folder / "models.py").write_text(API_MODEL)


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
    """A repository whose database never had the example needs `git rm` and its contract again."""
    scratch.run("git rm -rq " + " ".join(dropped(scratch)))
    scratch.run("uv run just generate && git add -A")
    scratch.run("git commit -qm 'drop by hand'")

    check(scratch)


def test_dropped_after_a_migration_of_the_team(scratch: Project) -> None:
    """The recipe takes the tables first, also with the team's own migrations beside the example."""
    scratch.run("uv run just migrate")
    for half in scratch.halves:
        grow_a_table(scratch, half)
        scratch.run(f"uv run just migration {half} 'add notes'")
    scratch.run("git add -A && git commit -qm notes && uv run just migrate")

    scratch.run("uv run just drop-example")

    assert [] == [f for f in dropped(scratch) if (scratch.path / f).exists()]
    readme = (scratch.path / "README.md").read_text()
    told = ("approvals", "webhook", "deliver", "drop-example", "<!--")
    assert [] == [word for word in told if word in readme.lower()]
    scratch.run("git add -A && git commit -qm dropped")
    check(scratch)


def test_it_refuses_to_delete_uncommitted_work(scratch: Project) -> None:
    """Work inside the example that git does not know yet is named, not deleted."""
    folder = dropped(scratch)[0]
    mine = scratch.path / folder / "mine.py"
    mine.write_text('"""Mine."""\n')

    output = scratch.run("uv run just drop-example", fails=True)

    assert folder in output
    assert mine.is_file()
