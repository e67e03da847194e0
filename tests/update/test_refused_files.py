"""What `roadbed update` refuses because of a file: one sentence, and nothing has changed."""

import shutil
from pathlib import Path

from roadbed.errors import Exit
from tests.cli.conftest import commit, git
from tests.update.conftest import Refused
from tests.update.services import files


def test_an_ignored_managed_folder(service: Path, refused: Refused) -> None:
    """A managed path that git ignores could not be kept: the pattern is named, with its line."""
    with (service / ".gitignore").open("a") as ignore:
        ignore.write("/.github/\n")
    git(service, "rm", "-r", "--cached", "--quiet", ".github")
    commit(service, "Ignore the platform")

    refused(Exit.USAGE, ".github/workflows/_test.yml", "'/.github/'", ".gitignore", "line 8")


def test_an_untracked_file_in_the_way(service: Path, refused: Refused) -> None:
    """What git does not know could not be brought back."""
    (service / ".roadbed/chassis/src/chassis/metrics.py").write_text("mine\n")
    refused(Exit.USAGE, "metrics.py", "commit")


def test_an_ignored_file_in_the_way(service: Path, refused: Refused) -> None:
    """Nor could what git is told to ignore."""
    with (service / ".git/info/exclude").open("a") as exclude:
        exclude.write("renovate.json5\n")
    (service / "renovate.json5").write_text("mine\n")
    refused(Exit.USAGE, "renovate.json5")


def test_a_file_for_a_folder(service: Path, refused: Refused) -> None:
    """A file of the team's own stands where the platform needs a folder."""
    (service / ".gitlab").write_text("mine\n")
    commit(service, "Mine")
    refused(Exit.USAGE, ".gitlab/_test.yml", "rename yours", options=("-d", "ci=gitlab"))


def test_a_link_for_a_folder(service: Path, refused: Refused, tmp_path: Path) -> None:
    """Nothing is written through a link that leads out of the service."""
    (tmp_path / "elsewhere").mkdir()
    shutil.move(service / ".roadbed/chassis", tmp_path / "elsewhere")
    (service / ".roadbed/chassis").symlink_to(tmp_path / "elsewhere/chassis")
    commit(service, "Keep the chassis elsewhere")
    outside = files(tmp_path / "elsewhere")

    refused(Exit.USAGE, ".roadbed/chassis")

    assert outside == files(tmp_path / "elsewhere")


def test_names_that_differ_in_case(service: Path, refused: Refused) -> None:
    """Where git is told that the file system ignores case, two such names cannot both be."""
    git(service, "config", "core.ignoreCase", "true")
    (service / "Renovate.JSON5").write_text("mine\n")
    commit(service, "Mine")
    refused(Exit.USAGE, "Renovate.JSON5", "renovate.json5")
