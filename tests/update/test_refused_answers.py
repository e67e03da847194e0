"""What `roadbed update` refuses because of answers, versions or the template: one sentence each."""

import os
from pathlib import Path

import pytest

from roadbed.errors import Exit
from tests.cli.conftest import Cli, commit, git
from tests.update.conftest import Refused
from tests.update.history.releases import VERSIONS
from tests.update.services import Nursery, State

ANSWERS = ".copier-answers.yml"


def test_a_fixed_choice(refused: Refused) -> None:
    """An answer that cannot change later is not changed by -d."""
    refused(Exit.USAGE, "web_api", "was set to 'ninja'", options=("-d", "web_api=none"))


def test_an_unknown_answer(refused: Refused) -> None:
    """-d answers questions that there are, with values that there are."""
    refused(Exit.USAGE, "color", options=("-d", "color=red"))
    refused(Exit.USAGE, "ci", "jenkins", options=("-d", "ci=jenkins"))


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("ci: github\n", "ci: github\ncolor: red\n", "color"),
        ("ci: github\n", "ci: 7\n", "ci"),
        ("ci: github\n", "ci: [github]\n", "ci"),
        ("project_name: Orders\n", "project_name: {a: 1}\n", "project_name"),
        ("ejected: []\n", "ejected: 1\n", "ejected"),
        ("_commit: v1.0.0\n", "_commit: 1.0\n", "_commit"),
        ("plan: hybrid\n", "plan: monorail\n", "plan"),
        ("plan: hybrid\n", "plan: [\n", "YAML"),
    ],
)
def test_a_broken_answers_file(
    service: Path, refused: Refused, old: str, new: str, word: str
) -> None:
    """Unknown questions and wrong types are named, where Copier drops them without a word."""
    text = (service / ANSWERS).read_text()
    assert old in text
    (service / ANSWERS).write_text(text.replace(old, new, 1))
    commit(service, "Edit the answers by hand")

    refused(Exit.USAGE, word, ANSWERS)


def test_a_vanished_template(service: Path, refused: Refused, tmp_path: Path) -> None:
    """The address where the template was is named, and --source."""
    point_at(service, str(tmp_path / "gone"))
    refused(Exit.USAGE, str(tmp_path / "gone"), "--source")


def test_a_version_the_template_does_not_have(
    service: Path, refused: Refused, history: Path, tmp_path: Path
) -> None:
    """A template that was restored from an old copy: nothing tells what the team had changed."""
    old = tmp_path / "old"
    git(tmp_path, "clone", "--quiet", "--branch", "v1.0.0", str(history), str(old))
    git(old, "reset", "--quiet", "--hard")
    for version in VERSIONS[1:]:
        git(old, "tag", "--delete", version)
    point_at(service, str(old))
    text = (service / ANSWERS).read_text()
    commit_line = next(line for line in text.splitlines() if line.startswith("_commit_hash"))
    text = text.replace(commit_line, f"_commit_hash: {'1' * 40}").replace("v1.0.0", "v9.0.0")
    (service / ANSWERS).write_text(text)
    commit(service, "A newer version")

    refused(Exit.USAGE, "v9.0.0", "--source")


@pytest.mark.usefixtures("home")
def test_backwards(history: Path, nursery: Nursery, tmp_path: Path) -> None:
    """An update only goes forward."""
    service = nursery.born(history, "v2.0.0", tmp_path / "later", plan="hybrid")
    before = State.of(service)

    ran = Cli(service, dict(os.environ)).run("update", "--to", "v1.1.0")

    ran.refused(Exit.USAGE, "v1.1.0", "v2.0.0", "forward")
    assert before == State.of(service)


def test_an_unknown_version(refused: Refused) -> None:
    """A version that is not there is named."""
    refused(Exit.USAGE, "v7.7.7", "--to", options=("--to", "v7.7.7"))


@pytest.mark.usefixtures("home")
def test_a_moved_tag(history: Path, nursery: Nursery, tmp_path: Path) -> None:
    """The recorded commit is believed, and said: a team's edit is not measured by another tag."""
    template = tmp_path / "template"
    git(tmp_path, "clone", "--quiet", str(history), str(template))
    service = nursery.born(template, "v1.0.0", tmp_path / "orders", plan="hybrid")
    git(template, "tag", "--force", "v1.0.0", "v1.2.0")

    ran = Cli(service, dict(os.environ)).run("update", "--no-lock", "--to", "v1.1.0")

    assert Exit.FINE == ran.code, ran.err
    assert "The tag v1.0.0" in ran.out
    assert "NAMES" in (service / ".roadbed/chassis/src/chassis/metrics.py").read_text()


def point_at(service: Path, source: str) -> None:
    """Record another address of the template."""
    lines = (service / ANSWERS).read_text().splitlines(keepends=True)
    kept = [f"_src_path: {source}\n" if line.startswith("_src_path") else line for line in lines]
    (service / ANSWERS).write_text("".join(kept))
    commit(service, "Move the template")
