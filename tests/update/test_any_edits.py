"""Lives of services: any edits, any releases, and after every update nothing is lost.

In CI about forty updates, the same ones each time. For a longer run, name how many:

    UPDATE_STEPS=2000 pytest tests/update/test_any_edits.py --log-cli-level INFO

Another UPDATE_SEED lives other lives. Plain Copier updates a copy at every tenth step; the figures
say how often it lost something of the team's without a word.
"""

import itertools
import logging
import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import pytest
import yaml
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from tests.cli.conftest import commit, git
from tests.update.edits import ANSWERS, EDITS, Place, candidates
from tests.update.history.releases import NEWEST, PLANS, VERSIONS
from tests.update.living import Step, beside, keep, settle
from tests.update.oracle import Renders
from tests.update.services import Nursery

WANTED = int(os.environ.get("UPDATE_STEPS", "40"))
SEED = int(os.environ.get("UPDATE_SEED", "1"))
LIVES = 5  # of one run of Hypothesis
PHASES = [Phase.generate] + [Phase.shrink] * (os.environ.get("UPDATE_SHRINK") != "0")

_numbers = st.integers(0, 9999)
_edits = st.lists(
    st.tuples(st.sampled_from(sorted(EDITS)), _numbers, _numbers), min_size=1, max_size=6
)
_answers = st.sampled_from(
    [{}, {}, {}, {}, {}, {"description": "Aufträge"}, {"ci": "gitlab"}, {"ci": "github"}]
)


class Life(RuleBasedStateMachine):
    """A service from its birth at some release to the newest."""

    nursery: ClassVar[Nursery]
    renders: ClassVar[Renders]
    folder: ClassVar[Path]
    figures: ClassVar[Counter[str]]

    @initialize(
        plan=st.sampled_from(PLANS), version=st.sampled_from(VERSIONS[:2]), inner=st.booleans()
    )
    def begin(self, plan: str, version: str, inner: bool) -> None:
        """A service in a repository of its own, or in a folder of a larger one."""
        self.plan, self.inner, self.token = plan, inner, 0
        self.bear(version)

    def bear(self, version: str) -> None:
        """Make a fresh service from a release."""
        self.figures["lives"] += 1
        self.service = self.folder / f"life-{self.figures['lives']}" / "orders"
        self.nursery.born(self.renders.template, version, self.service, plan=self.plan)
        if self.inner:
            shutil.rmtree(self.service / ".git")
            (self.service.parent / "other.txt").write_text("another service\n")
            git(self.service.parent, "init", "--quiet", "-b", "main")
            commit(self.service.parent, "Start")

    def teardown(self) -> None:
        """Leave no service behind: a long run lives hundreds of lives."""
        if hasattr(self, "service"):
            shutil.rmtree(self.service.parent)

    @rule(edits=_edits)
    def edit(self, edits: Sequence[tuple[str, int, int]]) -> None:
        """The team works and commits."""
        for name, which, number in edits:
            paths = candidates(self.service)
            self.token += 1
            coming = self.renders.of(NEWEST, {"plan": self.answers()["plan"]})
            place = Place(
                self.service, paths[which % len(paths)], f"ours-{self.token:06}", number, coming
            )
            EDITS[name](place)
        keep(self.service, "Work")

    @rule(jump=st.sampled_from([1, 1, 2, 3]), answers=_answers, often=st.integers(0, 3))
    def update(self, jump: int, answers: Mapping[str, str], often: int) -> None:
        """The team updates, by several releases at times, or only for an answer."""
        known = self.answers()
        if known["_commit"] == NEWEST:  # nothing comes any more, so another service is born
            self.teardown()
            self.bear(VERSIONS[0])
            return
        at = VERSIONS.index(str(known["_commit"]))
        version = VERSIONS[min(at + jump, len(VERSIONS) - 1)]
        old = self.renders.of(VERSIONS[at], _given(known))
        new = self.renders.of(version, {**_given(known), **answers})
        words = [word for pair in answers.items() for word in ("-d", "=".join(pair))]
        step = Step(self.service, old, new, ("--to", version, *words))
        if not step.ready():
            self.figures["refused"] += 1
            return
        if self.figures["steps"] % 10 == 0:
            self.figures.update(beside(self.service, version, answers))
        self.figures.update(step.live(asking=often == 0, aborting=often == 1))
        settle(self.service)
        keep(self.service, "Update")

    def answers(self) -> dict[str, object]:
        """What the service records."""
        recorded: dict[str, object] = yaml.safe_load((self.service / ANSWERS).read_text())
        return recorded


def _given(answers: Mapping[str, object]) -> dict[str, object]:
    return {key: it for key, it in answers.items() if key != "recorded" and key[0] != "_"}


@pytest.mark.usefixtures("home")
def test_any_edits(history: Path, nursery: Nursery, tmp_path: Path) -> None:
    """Nothing is lost, no seed changes, unedited files are the release's, git works on."""
    Life.nursery, Life.renders = nursery, Renders(history, tmp_path)
    Life.folder, Life.figures = tmp_path, Counter()
    bounds = settings(
        max_examples=LIVES,
        stateful_step_count=24,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
        phases=PHASES,
    )
    for number in itertools.count(SEED):
        run_state_machine_as_test(seed(number)(Life), settings=bounds)
        logging.info("%s, lost without a word: 0", dict(Life.figures))
        if Life.figures["steps"] >= WANTED:
            break
