"""What `roadbed adopt` refuses, in one sentence, with nothing changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from roadbed.errors import Exit
from tests.update.handwritten import ANSWERS, DJANGO, NINJA, Written
from tests.update.services import State, roadbed

pytestmark = pytest.mark.xdist_group("adopt")  # what is rendered is kept for the session


def adopting(repository: Path, template: Path, *words: str) -> Callable[..., None]:
    """Assert that an adoption is refused by one sentence, and that nothing changes."""

    def refused(*messages: str) -> None:
        before = State.of(repository)
        ran = roadbed("adopt", repository, "--source", template, *(words or ("--defaults",)))
        ran.refused(Exit.USAGE, *messages)
        assert before == State.of(repository)

    return refused


def test_nothing_to_guess(written: Written, history: Path) -> None:
    """Neither framework: a plan has to be named."""
    adopting(written({"main.go": "package main\n"}), history)("-d plan=", "Django or FastAPI")


def test_a_follower(adopted: Path, history: Path) -> None:
    """What follows a template already is updated, not adopted."""
    adopting(adopted, history)(ANSWERS, "`roadbed update`")


def test_a_dirty_tree(written: Written, history: Path) -> None:
    """Uncommitted changes could not be told from what is written."""
    repository = written(NINJA)
    (repository / "manage.py").write_text("edited\n")
    adopting(repository, history)("manage.py", "git stash")


def test_an_untracked_file_in_the_way(written: Written, history: Path) -> None:
    """What git does not know is never overwritten."""
    repository = written(DJANGO)
    (repository / ".roadbed").mkdir()
    (repository / ".roadbed/policy.toml").write_text("mine\n")
    adopting(repository, history)(".roadbed/policy.toml", "commit it, or move it away")


def test_an_ignored_platform(written: Written, history: Path) -> None:
    """A pattern that hides the platform's files from git is named."""
    repository = written({**DJANGO, ".gitignore": ".*\n"})
    adopting(repository, history)("'.*' in .gitignore, line 1")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-d", "color=red"), "'color'"),
        (("-d", "plan=flask"), "'flask'"),
        (("-d", "plan=fastapi-service", "-d", "web_api=none"), "has no question 'web_api'"),
    ],
)
def test_wrong_answers(
    written: Written, history: Path, words: tuple[str, ...], message: str
) -> None:
    """An answer to no question, or none of its choices."""
    adopting(written(NINJA), history, "--defaults", *words)(message)


def test_no_terminal(written: Written, history: Path) -> None:
    """Where nobody can be asked, --defaults is named."""
    adopting(written(NINJA), history, "-d", "ci=gitlab")("--defaults")


def test_another_manifest(written: Written, history: Path) -> None:
    """A manifest of no release would be compared with another's files."""
    repository = written({**NINJA, ".roadbed/MANIFEST": "# roadbed manifest 1.\n"})
    adopting(repository, history)(".roadbed/MANIFEST", "--ref", "delete .roadbed")


def test_no_folder(home: Path, history: Path, tmp_path: Path) -> None:
    """A folder that is not there, or in no repository."""
    assert home
    (tmp_path / "plain").mkdir()
    for name, said in (("nowhere", "There is no folder"), ("plain", "git init")):
        ran = roadbed("adopt", tmp_path / name, "--defaults", "--source", history)
        ran.refused(Exit.USAGE, said)
