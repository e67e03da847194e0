"""Each supported release of the real templates, in all its variants, updated to what lies here.

Plain Copier takes three times as long: it updates one variant of each plan, and Roadbed all.
"""

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import copier
import pytest

from roadbed.drift.check import check_service
from roadbed.errors import Exit
from roadbed.service.answers import ANSWERS_FILE
from roadbed.service.ownership import read_ownership
from tests.cli.conftest import commit, git
from tests.conftest import Render
from tests.update import matrix
from tests.update.matrix import NEXT, VERSIONS, Step
from tests.update.services import Files, Nursery, files, roadbed
from tests.update.story import EXAMPLES, HALVES
from tests.variants import PLANS, VARIANTS, Answers, covering, label

Tool = Callable[[Path], Exit]
MANAGED = ".roadbed/policy.toml"
OURS = "a line of the team's"


pytestmark = pytest.mark.usefixtures("home")


@dataclass(frozen=True)
class Birth:
    """A service that somebody may have: made by which release, with which answers."""

    version: str
    answers: Answers

    def __str__(self) -> str:
        return f"{self.version}-{label(self.answers)}"


@dataclass(frozen=True)
class Case:
    """A committed service of an old version, and what its update is about."""

    folder: Path
    step: Step


def by_roadbed(service: Path) -> Exit:
    """Update with Roadbed, which loses nothing by its own account."""
    ran = roadbed("update", service, "--no-lock")
    assert ran.code in {Exit.FINE, Exit.CONFLICTS}, ran.out + ran.err
    return Exit(ran.code)


def by_copier(service: Path) -> Exit:
    """Update with plain Copier, which is not trusted, and audit what it did."""
    copier.run_update(service, defaults=True, overwrite=True, quiet=True, unsafe=False)
    audit = roadbed("lost-edits", service)
    assert Exit.FINE == audit.code, audit.out + audit.err
    return Exit.FINE


def cases(variants: Iterable[Answers], *more: Tool) -> list[object]:
    """Each version with each variant; one worker has all tests of a variant and shares renders."""
    births = [Birth(version, answers) for version in VERSIONS for answers in variants]
    return [
        pytest.param(
            birth,
            *more,
            marks=pytest.mark.xdist_group(f"matrix {birth}"),
            id="-".join([str(birth), *(tool.__name__ for tool in more)]),
        )
        for birth in births
    ]


each_birth = pytest.mark.parametrize("birth", cases(VARIANTS))
each_update = pytest.mark.parametrize(
    ("birth", "update"),
    cases(VARIANTS, by_roadbed) + cases([covering(plan)[1] for plan in PLANS], by_copier),
)


@pytest.fixture
def case(released: Path, nursery: Nursery, render: Render, tmp_path: Path, birth: Birth) -> Case:
    """A service as it was born."""
    service = nursery.born(released, birth.version, tmp_path / "orders", **birth.answers)
    fresh = render(birth.answers)
    step = Step(
        files(service),
        _as_next(files(fresh), released),
        read_ownership(service),
        read_ownership(fresh),
    )
    return Case(service, step)


def _as_next(fresh: Files, released: Path) -> Files:
    """A render of what lies here, as if it came from the next release."""
    kind, content = fresh[ANSWERS_FILE]
    text = content.decode()
    commit_hash = git(released, "rev-parse", NEXT)
    said = {"_commit": NEXT, "_commit_hash": commit_hash, "_src_path": str(released)}
    for key, value in said.items():
        text = re.sub(rf"(?m)^{key}: .*$", f"{key}: {value}", text)
    return {**fresh, ANSWERS_FILE: (kind, text.encode())}


@each_update
def test_an_untouched_service(case: Case, update: Tool) -> None:
    """What is the platform's is as in a fresh render, answers included; seeds are the old ones."""
    step = case.step
    spared = update is by_roadbed and step.changes_nothing()

    code = update(case.folder)

    assert (step.born if spared else step.expected()) == files(case.folder)
    assert (Exit.FINE, ()) == (code, check_service(case.folder).findings)


@each_update
def test_an_edited_service(case: Case, update: Tool, birth: Birth) -> None:
    """The team's own stays as it is, and each shared file holds what both wrote."""
    step = case.step
    edit(case, birth.answers["plan"])
    before = files(case.folder)

    update(case.folder)

    (shared, own), (after, kept) = apart(step, before), apart(step, files(case.folder))
    expected = apart(step, step.expected())[0]
    edited = {path for path in shared if shared[path] != step.born[path]}
    ours = {path: added(step.born[path], shared[path]) for path in edited}
    theirs = {path: lines(step.fresh[path]) for path in edited & step.fresh.keys()}
    assert own == kept
    assert ({}, {}) == (lacking(after, ours), lacking(after, theirs))
    assert without(edited, expected) == without(edited, after)
    assert [MANAGED] == [finding.path for finding in check_service(case.folder).findings]


def edit(case: Case, plan: str) -> None:
    """The team writes into every file that is not the platform's alone, and into one that is; it
    drops the example, and has files of its own."""
    for path in case.step.born:
        if case.step.old.classify(path) in {"merged", "seeded"} or path == MANAGED:
            with (case.folder / path).open("a") as file:
                file.write(f"{'//' if path.endswith('.json5') else '#'} {OURS}\n")
    for half in HALVES[plan]:
        shutil.rmtree(case.folder / EXAMPLES[half])
        (case.folder / half / "orders.py").write_text('"""Orders."""\n')
    commit(case.folder, "A year of work")


def apart(step: Step, files: Files) -> tuple[Files, Files]:
    """The files that the platform writes too, and the team's own; the answers file is neither."""
    shared = {path: it for path, it in files.items() if step.is_platform(path)}
    return shared, {p: it for p, it in files.items() if p not in {*shared, ANSWERS_FILE}}


def without(paths: set[str], files: Files) -> Files:
    """The files at other paths."""
    return {path: it for path, it in files.items() if path not in paths}


def lines(file: tuple[str, bytes]) -> Counter[bytes]:
    """How often a file holds each line."""
    return Counter(file[1].splitlines())


def added(old: tuple[str, bytes], new: tuple[str, bytes]) -> Counter[bytes]:
    """The lines that came into a file."""
    return lines(new) - lines(old)


def lacking(files: Files, wanted: dict[str, Counter[bytes]]) -> dict[str, Counter[bytes]]:
    """The wanted lines that are not there, by file."""
    missing = {path: it - lines(files.get(path, ("", b""))) for path, it in wanted.items()}
    return {path: it for path, it in missing.items() if it}


@each_birth
def test_paths_stay(case: Case) -> None:
    """No path of the platform's vanishes undeclared, and none of the team's is taken over."""
    assert ([], []) == (case.step.vanished(), case.step.taken())


@pytest.mark.parametrize("version", VERSIONS)
def test_questions_stay(released: Path, version: str) -> None:
    """What a service of the version has answered is still asked, and takes the same answers."""
    old, new = (git(released, "show", f"{name}:copier.yml") for name in (version, NEXT))

    assert [] == matrix.lost_questions(old, new)
