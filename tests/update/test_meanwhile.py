"""What happens around an update while it is worked out, written, or lies interrupted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from roadbed.commands.update import run
from roadbed.errors import CouldNotRunError, Exit, RoadbedError, UsageError
from roadbed.git.objects import Store
from roadbed.git.repository import open_repository
from roadbed.git.worktree import draft_path
from roadbed.service.interruption import MARKER
from roadbed.update import apply, journal
from roadbed.update.apply import exclusive_access, write_update
from roadbed.update.prepare import Update, UpdateRequest, prepared_update
from tests.cli.conftest import Cli, commit, git
from tests.update.services import Nursery, State
from tests.update.services import roadbed as roadbed_here


@contextmanager
def prepared(service: Path) -> Iterator[tuple[Update, Store]]:
    """An update to the next release, worked out and not yet written."""
    with prepared_update(UpdateRequest(service, to="v1.1.0")) as work:
        yield work


def refused(service: Path, error: type[RoadbedError], *words: str) -> None:
    """Writing is refused, and nothing changes."""
    with prepared(service) as (work, store):
        for word in words:
            _happen(service, word)
        before = State.of(service)
        with pytest.raises(error):
            write_update(work.repository, work.pending, store)
    assert before == State.of(service)


def _happen(service: Path, what: str) -> None:
    with (service / "pyproject.toml").open("a") as file:
        file.write("# a colleague's\n")
    if what == "commit":
        commit(service, "A colleague's")


@pytest.mark.parametrize("what", ["edit", "commit"])
def test_somebody_works_meanwhile(service: Path, what: str) -> None:
    """What is edited or committed while an update is worked out is not written over."""
    refused(service, UsageError, what)
    assert "a colleague's" in (service / "pyproject.toml").read_text()


def interrupt(service: Path) -> None:
    """Leave an update as a kill right after its beginning does."""
    with prepared(service) as (work, store):
        journal.begin(work.repository, work.pending, store)


def half(service: Path) -> None:
    """The same, with the mark that writing begins with."""
    interrupt(service)
    (service / MARKER).touch()


def test_a_commit_after_an_interruption(service: Path, roadbed: Cli) -> None:
    """The interrupted update cannot go on, and is forgotten without a word written."""
    interrupt(service)
    git(service, "commit", "--quiet", "--allow-empty", "-m", "On we go")
    before = State.of(service).beside_journal()

    roadbed.run("update").refused(Exit.USAGE, "--abort")
    roadbed.run("update", "--continue").refused(Exit.USAGE, "--abort")
    ran = roadbed.run("update", "--abort")

    assert (Exit.FINE, True) == (ran.code, "is forgotten" in ran.out)
    assert before == State.of(service).beside_journal()
    assert Exit.FINE == roadbed.run("update", "--no-lock", "--to", "v1.1.0").code


def test_other_verbs_after_an_interruption(service: Path, roadbed: Cli) -> None:
    """Half an update cannot be checked, fixed or handed over: the ways out are named."""
    half(service)
    before = State.of(service)
    for words in (
        ["check"],
        ["check", "--fix"],
        ["lost-edits"],
        ["eject", "compose.yaml"],
    ):
        roadbed.run(*words).refused(Exit.USAGE, "--continue", "--abort")
    assert before == State.of(service)


def test_the_report_of_an_interrupted_update(
    service: Path, roadbed: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the killed command could not print any more, the one that finishes it prints."""

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(apply, "write_index", die)
        patch.chdir(service)
        with pytest.raises(KeyboardInterrupt):
            run(UpdateRequest(service, to="v1.1.0"), lock=False, as_json=False)
    finished = roadbed.run("update", "--continue")
    assert Exit.FINE == roadbed.run("update", "--abort").code
    whole = roadbed.run("update", "--no-lock", "--to", "v1.1.0")
    assert "Next (" in whole.out
    assert f"The update to v1.1.0 is finished.\n\n{whole.out}" == finished.out


def test_two_writers(service: Path, roadbed: Cli) -> None:
    """While a command writes, another one that would write waits for nobody."""
    (service / ".roadbed/policy.toml").unlink()
    with exclusive_access(open_repository(service)):
        roadbed.run("check", "--fix").refused(Exit.COULD_NOT_RUN, "Another roadbed command")
    assert Exit.FINE == roadbed.run("check", "--fix").code


def test_the_repository_moves(service: Path, roadbed: Cli, tmp_path: Path) -> None:
    """An update is undone wherever the repository lies by then."""
    before = State.of(service).beside_journal()
    roadbed.run("update", "--no-lock", "--to", "v1.1.0")
    moved = service.rename(tmp_path / "elsewhere")
    assert Exit.FINE == Cli(moved, roadbed.environment).run("update", "--abort").code
    assert before == State.of(moved).beside_journal()


def test_a_file_that_cannot_be_written(service: Path, roadbed: Cli) -> None:
    """An update that ends half-way says how to finish and how to undo it; both work."""
    before = State.of(service).beside_journal()
    obstacle = draft_path(service / "pyproject.toml")
    with prepared(service) as (work, store):
        obstacle.mkdir()
        with pytest.raises(CouldNotRunError, match="--continue") as error:
            write_update(work.repository, work.pending, store)
    assert "--abort" in str(error.value)
    obstacle.rmdir()

    assert Exit.FINE == roadbed.run("update", "--abort").code
    assert before == State.of(service).beside_journal()


def test_a_plan_of_a_dirty_tree(service: Path, roadbed: Cli) -> None:
    """A plan is made of what is committed, whatever lies in the work tree and wherever HEAD is."""
    git(service, "switch", "--quiet", "--detach")
    with (service / "README.md").open("a") as file:
        file.write("being written\n")
    before = State.of(service)
    assert Exit.FINE == roadbed.run("update", "--dry-run", "--to", "v1.1.0").code
    assert before == State.of(service)


def test_an_update_keeps_the_plan(
    home: Path, history: Path, nursery: Nursery, tmp_path: Path
) -> None:
    """A larger plan by -d would bring half of a half: the sentence names the verb that grows."""
    assert home
    service = nursery.born(history, "v1.0.0", tmp_path / "monolith", plan="django-monolith")
    ran = roadbed_here("update", service, "--dry-run", "-d", "plan=hybrid")
    ran.refused(Exit.USAGE, "roadbed grow hybrid")


def test_an_update_that_waits_for_its_commit(service: Path, roadbed: Cli) -> None:
    """A second update names the first one, which is written and not committed."""
    assert Exit.FINE == roadbed.run("update", "--no-lock", "--to", "v1.1.0").code
    before = State.of(service)
    roadbed.run("update", "--no-lock").refused(Exit.USAGE, "v1.1.0", "commit", "--abort")
    assert before == State.of(service)


def test_markers_that_were_committed(service: Path, roadbed: Cli) -> None:
    """Whoever commits a conflict as it lies is told by the next check."""
    place = service / "compose.yaml"
    text = place.read_text()
    place.write_text(f"<<<<<<< yours\n{text}=======\n{text}>>>>>>> v1.1.0\n")
    commit(service, "Done")
    ran = roadbed.run("check")
    assert (Exit.FINDINGS, True) == (ran.code, "compose.yaml  unsettled" in ran.out)
