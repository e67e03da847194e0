"""What `roadbed update` refuses because of the repository: one sentence, and nothing changes."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from roadbed.errors import Exit
from tests.cli.conftest import Cli, commit, git
from tests.update.conftest import Refused
from tests.update.services import State, files

ANSWERS = ".copier-answers.yml"


class Unprivileged(Cli):
    """The command of a user to whom permissions mean something; root's pass over them."""

    def command(self, *arguments: str) -> list[str]:
        """The command line, under a root that lost this right."""
        lost = ["--bounding-set=-dac_override", "--inh-caps=-dac_override"]
        prefix = [] if os.geteuid() else ["setpriv", *lost]
        return [*prefix, *super().command(*arguments)]


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nobody may write in the folder while the block lasts."""
    subprocess.run(["chmod", "-R", "a-w", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)


def test_a_dirty_tree(service: Path, refused: Refused) -> None:
    """Uncommitted changes of tracked files, staged or not, cannot be told from an update's."""
    with (service / "web/settings.py").open("a") as settings:
        settings.write("DIRTY = 1\n")

    refused(Exit.USAGE, "web/settings.py", "git stash")
    git(service, "add", "-A")
    refused(Exit.USAGE, "web/settings.py", "git stash")


def test_a_detached_head(service: Path, refused: Refused) -> None:
    """On no branch the update's commit would be lost by the next switch."""
    git(service, "checkout", "--quiet", "--detach")

    refused(Exit.USAGE, "detached", "git switch -c")


def test_an_unborn_branch(service: Path, roadbed: Cli) -> None:
    """Without a commit nothing says what the team has."""
    shutil.rmtree(service / ".git")
    git(service, "init", "--quiet")
    before = files(service)

    roadbed.run("update").refused(Exit.USAGE, "no commit")

    assert before == files(service)


@pytest.mark.parametrize("verb", ["merge", "rebase", "cherry-pick"])
def test_a_merge_in_progress(service: Path, refused: Refused, verb: str) -> None:
    """What is under way is finished first, even when its conflicts are settled."""
    git(service, "switch", "--quiet", "-c", "other")
    (service / "README.md").write_text("theirs\n")
    commit(service, "Theirs")
    git(service, "switch", "--quiet", "main")
    (service / "README.md").write_text("ours\n")
    commit(service, "Ours")
    with pytest.raises(subprocess.CalledProcessError):
        git(service, verb, "other")
    (service / "README.md").write_text("ours\n")
    git(service, "add", "README.md")

    refused(Exit.USAGE, verb, f"git {verb} --abort")


def test_a_bare_repository(service: Path, roadbed: Cli, tmp_path: Path) -> None:
    """A bare repository has no files to update."""
    git(tmp_path, "clone", "--quiet", "--bare", str(service), "bare.git")
    bare = tmp_path / "bare.git"
    shutil.copy(service / ANSWERS, bare)
    before = files(bare), git(bare, "for-each-ref")

    roadbed.run("update", str(bare)).refused(Exit.USAGE, "bare")

    assert before == (files(bare), git(bare, "for-each-ref"))


def test_no_repository(service: Path, roadbed: Cli) -> None:
    """Without git nothing could be taken back."""
    shutil.rmtree(service / ".git")
    before = files(service)

    roadbed.run("update", GIT_CEILING_DIRECTORIES=str(service.parent)).refused(
        Exit.USAGE, "git init"
    )

    assert before == files(service)


def test_no_service(roadbed: Cli, tmp_path: Path) -> None:
    """A folder that was never generated is none of ours."""
    (tmp_path / "empty").mkdir()
    roadbed.run("update", str(tmp_path / "empty")).refused(Exit.USAGE, ANSWERS)
    roadbed.run("update", str(tmp_path / "nowhere")).refused(Exit.USAGE, "nowhere")


def test_an_old_git(refused: Refused, tmp_path: Path) -> None:
    """git before 2.38 cannot merge trees."""
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    real = shutil.which("git")
    fake.write_text(
        '#!/bin/sh\nfor word; do [ "$word" = merge-tree ] && exit 129; done\n'
        'case "$1" in version|--version) echo git version 2.37.4; exit;; esac\n'
        f'exec {real} "$@"\n'
    )
    fake.chmod(0o755)
    refused(Exit.COULD_NOT_RUN, "2.37.4", "2.38", PATH=f"{fake.parent}:{os.environ['PATH']}")


def test_two_at_once(service: Path, roadbed: Cli) -> None:
    """Of two updates at the same time one works, and the other is refused or has nothing to do."""
    runs = [roadbed.start("update", "--no-lock", "--to", "v1.1.0") for _ in range(2)]
    codes = []
    for run in runs:
        _, err = run.communicate(timeout=300)
        codes.append(run.returncode)
        assert "Traceback" not in err
    assert Exit.FINE in codes
    assert set(codes) <= {Exit.FINE, Exit.USAGE, Exit.COULD_NOT_RUN}
    alone = service.parent / "alone"
    git(service.parent, "clone", "--quiet", str(service), str(alone))
    Cli(alone, roadbed.environment).run("update", "--no-lock", "--to", "v1.1.0")
    assert State.of(alone).files == State.of(service).files


def test_an_unfinished_update(service: Path, roadbed: Cli) -> None:
    """Not committed yet: the next update is refused, as it could not be told from the first."""
    assert Exit.FINE == roadbed.run("update", "--no-lock", "--to", "v1.1.0").code
    before = State.of(service)

    roadbed.run("update", "--no-lock").refused(Exit.USAGE, "commit")

    assert before == State.of(service)


def test_an_index_lock(service: Path, refused: Refused) -> None:
    """Another git command is at work, or was killed."""
    (service / ".git/index.lock").touch()
    refused(Exit.COULD_NOT_RUN, "index.lock")
    (service / ".git/index.lock").unlink()


@pytest.mark.skipif(not (os.geteuid() or shutil.which("setpriv")), reason="root, without setpriv")
def test_a_read_only_checkout(service: Path, roadbed: Cli) -> None:
    """A folder that cannot be written is refused before anything is."""
    before = State.of(service)
    with read_only(service):
        ran = Unprivileged(service, roadbed.environment).run("update", "--no-lock")
    ran.refused(Exit.COULD_NOT_RUN, "written")
    assert before == State.of(service)
