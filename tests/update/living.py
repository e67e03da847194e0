"""One update of a life: Roadbed's, judged, and plain Copier's beside it; conflicts are settled."""

import contextlib
import io
import json
import logging
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import copier
import yaml

from roadbed.drift.check import check_service
from roadbed.drift.findings import DIVERGED, MISSING
from roadbed.errors import Exit
from roadbed.service.manifest import MANIFEST_FILE
from roadbed.service.ownership import OWNERSHIP_FILE
from tests.cli.conftest import Ran, git
from tests.update import oracle
from tests.update.edits import ANSWERS
from tests.update.oracle import Outcome
from tests.update.services import Files, State, files, roadbed

MARKS = (b"<<<<<<< ", b"||||||| ", b"=======", b">>>>>>> ")
FIGURES = {Exit.FINE: "fine", Exit.CONFLICTS: "conflicts", Exit.LOST_EDITS: "lost, and said so"}


@dataclass(frozen=True)
class Step:
    """An update of a service: the files of both releases, and the words that ask for it."""

    service: Path
    old: Files
    new: Files
    words: tuple[str, ...]

    def ready(self) -> bool:
        """Whether the update is not refused because a file stands where a folder is to come.

        Otherwise the team moves its files out of the way.
        """
        before = State.of(self.service)
        ways = {path for path in before.files if self._is_in_the_way(path, before.files)}
        if not ways or self._run("--dry-run").code != Exit.USAGE:
            return True
        self._run().refused(Exit.USAGE, "way")
        assert before == State.of(self.service)
        for path in ways:
            (self.service / path).unlink()
        keep(self.service, "Make way")
        return False

    def _is_in_the_way(self, path: str, before: Files) -> bool:
        coming = self.new.keys() - before.keys()
        return any(it.startswith(f"{path}/") or path.startswith(f"{it}/") for it in coming)

    def live(self, *, asking: bool, aborting: bool) -> Counter[str]:
        """Update and judge everything; `asking` makes a dry run before, `aborting` repeats it."""
        before = State.of(self.service).beside_journal()
        promised = self._run("--dry-run") if asking else None
        assert before == State.of(self.service).beside_journal(), "--dry-run wrote something"
        ran = self._run()
        assert ran.out, ran.err
        after = State.of(self.service).beside_journal()
        report = json.loads(ran.out)
        self._judge(before, after, ran, report)
        assert ran.code == (promised or ran).code, "--dry-run said something else"
        if not report["changes"]:
            return Counter(["nothing to do"])
        if aborting:
            self._abort(before, after)
        return Counter(["steps", FIGURES[Exit(ran.code)], *["undone"] * aborting])

    def _run(self, *more: str) -> Ran:
        return roadbed("update", self.service, "--no-lock", "--json", *self.words, *more)

    def _abort(self, before: State, after: State) -> None:
        assert Exit.FINE == roadbed("update", self.service, "--abort").code
        undone = State.of(self.service).beside_journal()
        assert before == undone, f"--abort: {before.differences(undone)}"
        self._run()
        again = State.of(self.service).beside_journal()
        assert after == again, f"the second time: {after.differences(again)}"

    def _judge(
        self, before: State, after: State, ran: Ran, report: Mapping[str, list[dict[str, str]]]
    ) -> None:
        assert (before.head, before.refs) == (after.head, after.refs), "HEAD or a branch moved"
        stages = oracle.stages(self.service)
        named = frozenset(loss["path"] for loss in report["lost"])
        outcome = Outcome(before.files, after.files, self.old, self.new, stages, named)
        if report["changes"]:
            for loss in report["lost"]:
                logging.info("named as lost: %s", loss)
                _judge_loss(loss, after.files)
            broken = outcome.broken()
            assert not broken, "\n".join(broken)
            self._judge_answers(after)
        else:
            assert before == after
        wanted = Exit.LOST_EDITS if named else Exit.CONFLICTS if stages else Exit.FINE
        assert wanted == ran.code
        assert stages.keys() == {it["path"] for it in report["conflicts"]}
        self._judge_git(stages)
        self._judge_check(outcome)

    def _judge_answers(self, after: State) -> None:
        expected, actual = (yaml.safe_load(it[ANSWERS][1]) for it in (self.new, after.files))
        assert expected == actual

    def _judge_git(self, stages: Mapping[str, object]) -> None:
        git(self.service, "status")
        # a team may make a folder of `.gitattributes`, which fsck complains of and git commits
        git(
            self.service,
            "-c",
            "fsck.gitattributesBlob=ignore",
            "fsck",
            "--no-dangling",
            "--no-progress",
        )
        differing = set(git(self.service, "diff", "--name-only", "--relative", "-z").split("\0"))
        assert differing <= {*stages, ""}, "the index is not what was written"

    def _judge_check(self, outcome: Outcome) -> None:
        if any(outcome.is_edited(path) for path in (MANIFEST_FILE, OWNERSHIP_FILE)):
            return  # what `check` compares with is the team's own then
        for found in check_service(self.service).findings:
            bound = outcome.is_bound(found.path) and found.state in {DIVERGED, MISSING}
            assert not bound, f"{found.path} is {found.state}"


def _judge_loss(loss: Mapping[str, object], after: Files) -> None:
    """Some line that the audit names has to be gone from its file, or the alarm is false."""
    _, content = after.get(str(loss["path"]), ("", b""))
    lines = [str(line).encode() for line in cast("list[str]", loss["lines"])]
    gone = [line for line in lines if line not in content.split(b"\n")]
    assert gone or not lines, f"a false alarm: {loss}"


def keep(service: Path, message: str) -> None:
    """Commit everything; also nothing, because an edit may have changed nothing."""
    git(service, "add", "-A")
    git(service, "commit", "--quiet", "--allow-empty", "-m", message)


def settle(service: Path) -> None:
    """Settle every conflict as a careful team does: both sides stay, the marks go."""
    for path in oracle.stages(service):
        file = service / path
        if file.is_file() and not file.is_symlink() and b"\0" not in file.read_bytes():
            lines = file.read_bytes().splitlines(keepends=True)
            file.write_bytes(b"".join(line for line in lines if not line.startswith(MARKS)))


def beside(service: Path, version: str, answers: Mapping[str, str]) -> dict[str, int]:
    """Let plain Copier update a copy of the service, and count what it lost without a word."""
    before = files(service)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(git(service, "rev-parse", "--show-toplevel"))
        copy = Path(shutil.copytree(root, f"{scratch}/root", symlinks=True))
        place = copy / service.relative_to(root)
        try:
            with (
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                copier.run_update(
                    place,
                    data=dict(answers),
                    vcs_ref=version,
                    defaults=True,
                    overwrite=True,
                    quiet=True,
                )
        except Exception:
            return {"Copier": 1, "Copier failed": 1}
        outcome = Outcome(before, files(place), {}, {}, oracle.stages(place), frozenset())
        return {"Copier": 1, "Copier lost silently": int(any(outcome.tokens_lost()))}
