"""`kill -9` at any moment of an update: it can be finished, or taken back, byte for byte.

In CI twelve moments, the same ones each time as far as a machine allows. For more of them:

    UPDATE_KILLS=200 pytest tests/update/test_killed.py --log-cli-level INFO
"""

import itertools
import logging
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from roadbed.errors import Exit
from tests.cli.conftest import Cli, commit, git
from tests.update.conftest import kept
from tests.update.history import releases
from tests.update.services import Nursery, State

KILLS = int(os.environ.get("UPDATE_KILLS", "12"))
MODULES = 150  # so that writing takes long enough to be hit
FIRST, SECOND = "v3.0.0", "v3.1.0"
UPDATE = ("update", "--no-lock", "--to", SECOND)
WAYS_OUT = ("--continue", "--abort")


def build(root: Path) -> None:
    """A history of two releases with many managed files, of which the second changes each."""
    shutil.copytree(releases.HERE / "v1", root, symlinks=True)
    releases.git(root, "init", "--quiet", "-b", "main")
    folder = root / "chassis/src/chassis"
    _modules(folder, FIRST)
    releases.release(root, FIRST)
    _modules(folder, SECOND)
    releases.replace(folder / "logs.py", '    "duration",\n', '    "seconds",\n')
    (folder / "legacy.py").unlink()
    (folder / "arrived.py").write_text('"""New."""\n')
    releases.release(root, SECOND)


def _modules(folder: Path, version: str) -> None:
    for number in range(MODULES):
        (folder / f"m{number}.py").write_text(f'"""Module {number}."""\n\nV = "{version}"\n')


@pytest.fixture(scope="session")
def wide(pytestconfig: pytest.Config) -> Path:
    """That history as a repository; read only."""
    return kept(pytestconfig, "wide", build)


@dataclass(frozen=True)
class Rehearsal:
    """The same update without a kill: both states, its exit code, and how long it took.

    `writing` are the seconds from its journal to the end of what it wrote.
    """

    before: State
    after: State
    code: int
    seconds: float
    writing: float


@dataclass
class Victim:
    """A service in the middle of an update that somebody kills."""

    folder: Path
    rehearsal: Rehearsal
    chance: random.Random

    @property
    def roadbed(self) -> Cli:
        """The command in the service's folder."""
        return Cli(self.folder, dict(os.environ))

    def state(self) -> State:
        """What there is now, without the journal."""
        return State.of(self.folder).beside_journal()

    def kill(self, *arguments: str, aimed: bool) -> bool:
        """Run the command and kill it with all its children; returns whether it was still alive.

        The moment is anywhere, or `aimed` at the time after the journal was written.
        """
        process = self.roadbed.start(*arguments)
        if aimed:
            wait_for(lambda: bool(journals(self.folder)) or process.poll() is not None)
        bound = self.rehearsal.writing if aimed else self.rehearsal.seconds
        time.sleep(self.chance.uniform(0, bound))
        alive = process.poll() is None
        if alive:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return alive

    def unfinished(self) -> bool:
        """Whether the command says so; where a file has changed, git has to say so too."""
        before = State.of(self.folder)
        said = self.roadbed.run("update", "--no-lock", "--to", releases.VERSIONS[0])
        status = git(self.folder, "status")
        assert before == State.of(self.folder)
        told = all(way in said.err for way in WAYS_OUT)
        mixed = self.state() not in (self.rehearsal.before, self.rehearsal.after)
        shown = all(way in status for way in WAYS_OUT)
        assert told or not mixed, f"half an update, and nothing said so: {said.err}"
        assert shown or not mixed, f"half an update, and git status does not say so: {status}"
        return told or shown

    def end(self, way: str) -> None:
        """Finish it, or take it back, and compare; at times that is killed as well."""
        if self.chance.random() < 1 / 3:
            self.kill("update", way, aimed=True)
        done = self.roadbed.run("update", way)
        again = "No update was interrupted" in done.err or "no update to undo" in done.err
        finished, undone = (self.rehearsal.code, Exit.FINE)
        assert again or done.code == (finished if way == "--continue" else undone), done.err
        wanted = self.rehearsal.after if way == "--continue" else self.rehearsal.before
        assert wanted == self.state(), f"{way}: {wanted.differences(self.state())}"


def journals(service: Path) -> list[Path]:
    """The journals of updates, as git keeps them."""
    return [path for path in (service / ".git/refs/roadbed").rglob("*") if path.suffix != ".lock"]


def marked(service: Path) -> bool:
    """Whether git would show that an update is being written."""
    return any("INTERRUPTED" in place.name for place in service.iterdir())


def wait_for(true: Callable[[], bool]) -> None:
    """Wait until something is true, a millisecond at a time."""
    while not true():
        time.sleep(0.001)


def leftovers(service: Path) -> list[str]:
    """Locks and drafts that a dead process left behind; our own lock is only a file to hold."""
    found = (path.relative_to(service).as_posix() for path in service.rglob("*"))
    odd = (".lock", "roadbed-new", "INTERRUPTED")
    names = [path for path in found if any(word in path for word in odd)]
    return names + [p.name for p in (service / ".git/roadbed").glob("index*")]


def rehearse(born: Path, folder: Path) -> Rehearsal:
    """Run the update once without a kill, with everything in the cache, and take its times."""
    for name in ("warm", "measured"):
        service = shutil.copytree(born, folder / name, symlinks=True)
        before, begun = State.of(service), time.monotonic()
        process = Cli(service, dict(os.environ)).start(*UPDATE)
        wait_for(lambda: bool(journals(service)) or process.poll() is not None)  # noqa: B023
        written = time.monotonic()
        for shown in (True, False):  # the marker of a write under way comes, and goes
            wait_for(lambda: marked(service) is shown or process.poll() is not None)  # noqa: B023
        marked_until = time.monotonic()
        _, err = process.communicate()
        ended = time.monotonic()
    assert Exit.CONFLICTS == process.returncode, err
    after = State.of(service).beside_journal()
    return Rehearsal(before, after, process.returncode, ended - begun, marked_until - written)


@pytest.mark.usefixtures("home")
def test_killed(wide: Path, nursery: Nursery, tmp_path: Path) -> None:
    """HEAD stays, what is half done is named, --continue and --abort are exact, nothing is left."""
    born = nursery.born(wide, FIRST, tmp_path / "born", plan="hybrid")
    live(born)
    rehearsal = rehearse(born, tmp_path)
    figures: Counter[str] = Counter()
    for number in itertools.count():
        if figures["killed"] == KILLS:
            break
        service = shutil.copytree(born, tmp_path / "orders", symlinks=True)
        victim = Victim(service, rehearsal, random.Random(number))  # noqa: S311
        if victim.kill(*UPDATE, aimed=number % 2 == 0):
            figures["killed"] += 1
            figures[judge(victim, ("--continue", "--abort")[number // 2 % 2])] += 1
        shutil.rmtree(service)
    logging.info(
        "%s of %.2f s, %.2f s of it writing", dict(figures), rehearsal.seconds, rehearsal.writing
    )


def live(service: Path) -> None:
    """A team's edits: one that merges, one that conflicts, one that the update must not see."""
    folder = service / ".roadbed/chassis/src/chassis"
    releases.replace(folder / "logs.py", '    "duration",\n', '    "duration_ms",\n')
    with (folder / "m7.py").open("a") as module:
        module.write("\n\nOURS = 1\n")
    (service / "web/urls.py").write_text("ours\n")
    commit(service, "Work")


def judge(victim: Victim, way: str) -> str:
    """Assert everything about a killed update and end it; returns where it was hit."""
    service, rehearsal = victim.folder, victim.rehearsal
    assert git(service, "rev-parse", "HEAD") in rehearsal.before.head, "HEAD moved"
    state = victim.state()
    hit = "in the middle"
    if state == rehearsal.before:
        hit = "before any file"
    elif state == rehearsal.after:
        hit = "after every file"
    if victim.unfinished():
        victim.end(way)
    else:
        assert hit != "in the middle"
    assert [] == leftovers(service)
    assert git(service, "rev-parse", "HEAD") in rehearsal.before.head, "HEAD moved"
    git(service, "fsck", "--no-dangling", "--no-progress")
    git(service, "add", "-A")
    subprocess.run(["git", "commit", "--allow-empty", "-qm", "On"], cwd=service, check=True)
    return hit
