"""The ten cases in which plain `copier update` loses work and exits 0, and what Roadbed does.

Each test lives the same edit in two services, and asserts Copier's loss too: the day it loses no
longer, the test says so.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from roadbed.errors import Exit
from tests.cli.conftest import commit, git
from tests.update.naive.releases import NAMES, PICTURE
from tests.update.services import Nursery, State, conflicted, copier_update, files, roadbed

OURS = PICTURE + b"the team's own"


@dataclass(frozen=True)
class Pair:
    """The same service twice: one for plain Copier, one for Roadbed."""

    copier: Path
    roadbed: Path

    def write(self, name: str, content: bytes) -> None:
        """The team writes a file and commits it."""
        for service in (self.copier, self.roadbed):
            (service / name).parent.mkdir(exist_ok=True)
            (service / name).write_bytes(content)
            commit(service, f"Edit {name}")

    def replace(self, name: str, old: str, new: str) -> None:
        """The team edits a line of a text and commits it."""
        text = (self.copier / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new).encode())

    def update(self, *answers: str) -> Exit:
        """Update both; Copier always says that all is well. What Roadbed's exit code was."""
        plain = copier_update(self.copier, *answers)
        assert (0, "") == (plain.code, plain.err)
        ours = roadbed("update", self.roadbed, "--no-lock", *answers)
        assert ours.code in {Exit.FINE, Exit.CONFLICTS, Exit.LOST_EDITS}, ours.err
        return Exit(ours.code)


@pytest.fixture
def pair(home: Path, naive: Path, nursery: Nursery, tmp_path: Path) -> Pair:
    """Two services of the naive template at its first release."""
    assert home
    return Pair(
        nursery.born(naive, "v1.0.0", tmp_path / "copier", plan="service"),
        nursery.born(naive, "v1.0.0", tmp_path / "roadbed", plan="service"),
    )


def anywhere(service: Path, text: str) -> list[str]:
    """The files of the working tree that hold this text."""
    return [path for path, (_, content) in files(service).items() if text.encode() in content]


def test_the_template_removes_an_edited_file(pair: Pair) -> None:
    """1. Copier deletes the team's paragraph; Roadbed leaves the file, in conflict."""
    pair.replace("handbook.md", "Wake up.", "Wake up, then call Ada.")

    code = pair.update()

    assert [] == anywhere(pair.copier, "call Ada")
    assert ["handbook.md"] == anywhere(pair.roadbed, "call Ada")
    assert (Exit.CONFLICTS, {"handbook.md"}) == (code, conflicted(pair.roadbed))


def test_the_template_renames_an_edited_file(pair: Pair) -> None:
    """2. Copier deletes the edit with the old name; Roadbed merges it into the new one."""
    pair.replace("settings.toml", "port = 8000", "port = 8443")

    code = pair.update()

    assert [] == anywhere(pair.copier, "port = 8443")
    assert ["config/settings.toml"] == anywhere(pair.roadbed, "port = 8443")
    assert "seconds = 60" in (pair.roadbed / "config/settings.toml").read_text()
    assert (Exit.FINE, False) == (code, (pair.roadbed / "settings.toml").exists())


def test_an_answer_renames_a_package(pair: Pair) -> None:
    """3. Copier leaves the edit behind in no file; Roadbed moves it, and a file of the team's."""
    pair.replace("src/orders/orders.py", "return 100", "return 250")
    pair.write("src/orders/invoices.py", b'"""The team\'s own module."""\n')

    code = pair.update("-d", "package=shop")

    assert [] == anywhere(pair.copier, "return 250")
    assert ["src/shop/orders.py"] == anywhere(pair.roadbed, "return 250")
    assert ["src/shop/invoices.py"] == anywhere(pair.roadbed, "own module")
    assert (Exit.FINE, False) == (code, (pair.roadbed / "src/orders").exists())


def test_a_binary_file_is_the_teams(pair: Pair) -> None:
    """4. Copier puts back a picture that it did not even change; Roadbed keeps the team's."""
    pair.write("logo.png", OURS)

    code = pair.update()

    assert PICTURE + b"the template's" == (pair.copier / "logo.png").read_bytes()
    assert OURS == (pair.roadbed / "logo.png").read_bytes()
    assert (Exit.FINE, set()) == (code, conflicted(pair.roadbed))


def test_a_binary_file_is_changed_by_both(pair: Pair) -> None:
    """5. Copier takes its own picture; Roadbed leaves the team's, in conflict."""
    pair.write("badge.png", OURS)

    code = pair.update()

    assert PICTURE + b"the template's second" == (pair.copier / "badge.png").read_bytes()
    assert OURS == (pair.roadbed / "badge.png").read_bytes()
    assert (Exit.CONFLICTS, {"badge.png"}) == (code, conflicted(pair.roadbed))


def test_bytes_that_are_not_utf8(pair: Pair) -> None:
    """6. Copier drops the bytes of a Latin-1 text that it cannot read; Roadbed merges bytes."""
    pair.write("names.txt", f"François\n{NAMES}".encode("latin-1"))

    code = pair.update()

    assert b"Franois\n" == (pair.copier / "names.txt").read_bytes()[:8]
    merged = f"François\n{NAMES}Björn\n".encode("latin-1")
    assert merged == (pair.roadbed / "names.txt").read_bytes()
    assert Exit.FINE == code


def test_an_answer_switches_a_feature_off(pair: Pair) -> None:
    """7. Copier deletes what the team wrote for the feature; Roadbed leaves it, in conflict."""
    pair.replace("handouts/guide.md", "For people", "For the people of Lund")

    code = pair.update("-d", "handouts=false")

    assert [] == anywhere(pair.copier, "people of Lund")
    assert ["handouts/guide.md"] == anywhere(pair.roadbed, "people of Lund")
    assert (Exit.CONFLICTS, {"handouts/guide.md"}) == (code, conflicted(pair.roadbed))


def test_a_seed_is_retired(pair: Pair) -> None:
    """8. Copier deletes the team's code where the template stops shipping it; Roadbed does not."""
    pair.write("server.py", b'"""A year of our code."""\n')

    code = pair.update()

    assert [] == anywhere(pair.copier, "year of our code")
    assert ["server.py"] == anywhere(pair.roadbed, "year of our code")
    assert Exit.FINE == code


def test_the_teams_git_settings(home: Path, pair: Pair) -> None:
    """9. `apply.whitespace=fix` makes Copier rewrite the team's text; Roadbed does not read it."""
    pair.replace("notes.md", "First.\n", "First,  \nwith a break.\n")
    with (home / ".gitconfig").open("a") as config:
        config.write("[apply]\nwhitespace = fix\n")

    code = pair.update()

    assert ["notes.md"] == anywhere(pair.copier, "First,\n")
    merged = "# Notes\n\nFirst,  \nwith a break.\n\nSecond.\n\nThird and last.\n"
    assert merged == (pair.roadbed / "notes.md").read_text()
    assert Exit.FINE == code


def test_a_managed_folder_is_ignored(pair: Pair) -> None:
    """10. Copier wipes a managed folder that git ignores; Roadbed refuses in one sentence."""
    for service in (pair.copier, pair.roadbed):
        (service / ".gitignore").write_text(".roadbed/\n")
        git(service, "rm", "-r", "--cached", "--quiet", ".roadbed")
        commit(service, "Ignore the platform")
        (service / ".roadbed/policy.toml").write_text("months = 24\n")
    before = State.of(pair.roadbed)

    plain = copier_update(pair.copier)
    ours = roadbed("update", pair.roadbed, "--no-lock")

    assert 0 == plain.code
    assert not (pair.copier / ".roadbed/justfile").exists()
    assert "months = 24" not in (pair.copier / ".roadbed/policy.toml").read_text()
    ours.refused(Exit.USAGE, ".roadbed", "ignore")
    assert before == State.of(pair.roadbed)
