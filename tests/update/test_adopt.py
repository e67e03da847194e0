"""`roadbed adopt`: a repository comes under a plan, and nothing of the team's changes."""

import os
import shlex
import shutil
import tomllib
from pathlib import Path

import pexpect
import pytest

from roadbed.errors import Exit
from tests.cli.conftest import Cli, commit, git
from tests.update.handwritten import (
    ANSWERS,
    BASELINE,
    DJANGO,
    FASTAPI,
    NINJA,
    Written,
    answers,
)
from tests.update.history.releases import replace
from tests.update.services import State, files, guide, roadbed

pytestmark = pytest.mark.xdist_group("adopt")  # what is rendered is kept for the session


def test_a_django_repository(written: Written, real: Path) -> None:
    """Plan, API, name and team are guessed; the platform's files come, and pass the check."""
    repository = written(DJANGO)
    before = files(repository)

    ran = roadbed("adopt", repository, "--defaults", "--source", real)

    assert Exit.FINE == ran.code, ran.err
    expected = {
        "plan": "django-monolith",
        "project_name": "Corner shop",
        "project_slug": "shop",
        "description": "Corner shop, a service of acme/shop",
        "owner": "acme/shop",
        "web_api": "drf",
        "tenancy": "single",
        "ci": "github",
        "ejected": [],
    }
    assert expected == answers(repository)
    after = files(repository)
    assert dict(before) == {path: after[path] for path in before}
    arrived = git(repository, "diff", "--cached", "--name-only").splitlines()
    assert set(after) - set(before) == set(arrived)
    assert {".editorconfig", BASELINE, ANSWERS} == {
        path for path in arrived if not path.startswith((".roadbed/", ".github/workflows/_"))
    }
    checked = roadbed("check", repository)
    assert (Exit.FINE, 1) == (checked.code, len(checked.out.splitlines())), checked.out


def test_a_fastapi_repository(written: Written, real: Path) -> None:
    """A file of the team's in a managed place goes on record, stays, and does not fail."""
    repository = written(FASTAPI)

    ran = roadbed("adopt", repository, "--defaults", "--source", real)

    assert Exit.FINE == ran.code, ran.err
    given = answers(repository)
    assert ("fastapi-service", "sqlmodel", "rest", "oidc", "gitlab") == tuple(
        given[key] for key in ("plan", "orm", "api_shape", "auth", "ci")
    )
    assert ("Parcel tracker", "parcel-tracker", "Where parcels are") == tuple(
        given[key] for key in ("project_name", "project_slug", "description")
    )
    assert "  .editorconfig: diverged\n" in ran.out
    assert FASTAPI[".editorconfig"] == (repository / ".editorconfig").read_text()
    checked = roadbed("check", repository)
    assert (Exit.FINE, [".editorconfig", "diverged,", "on", "record"]) == (
        checked.code,
        checked.out.splitlines()[0].split(),
    )


def test_what_remains_can_be_typed(written: Written, history: Path) -> None:
    """The plan's own lies beside: to compare with what is there, and to copy what is not."""
    repository = written(NINJA)

    ran = roadbed("adopt", repository, "--defaults", "--source", history, "--ref", "v1.0.0")

    remains = ran.out.partition("Left for you")[2].partition("\n\n")[0]
    commands = [line.strip() for line in remains.splitlines() if line.startswith("  ")]
    assert f"cd {repository}" == commands[0]
    assert "git diff --no-index pyproject.toml .git/roadbed/plan/pyproject.toml" in commands
    assert "cp -R .git/roadbed/plan/web web" in commands
    copied = [command for command in commands if command.startswith("cp ")]
    for command in copied:
        source, target = (repository / word for word in command.split()[-2:])
        assert not target.exists()
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    assert "Dockerfile" in git(repository, "status", "--porcelain")


def test_the_guide(written: Written, history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands of the guide, typed in a repository that was never generated."""
    repository = written(NINJA)
    monkeypatch.chdir(repository)
    look, adopt, after = guide("adopt.md")
    source = ("--source", str(history))

    assert Exit.FINE == roadbed(*look[0].split()[1:], *source).code
    assert "" == git(repository, "status", "--porcelain")
    assert Exit.FINE == roadbed(*adopt[0].split()[1:], *source, "--defaults").code
    check, save = after
    assert Exit.FINE == roadbed(*check.split()[1:]).code
    git(repository, *shlex.split(save)[1:])
    assert "Follow the platform" == git(repository, "log", "-1", "--format=%s")


def test_updates_follow(adopted: Path) -> None:
    """An update brings what is managed; a shared file that is the team's own stays apart."""
    before = files(adopted)

    ran = roadbed("update", adopted, "--no-lock", "--to", "v1.1.0")

    assert Exit.FINE == ran.code, ran.out + ran.err
    assert (adopted / ".roadbed/chassis/src/chassis/metrics.py").is_file()
    assert {path: before[path] for path in NINJA} == {path: files(adopted)[path] for path in NINJA}
    old, new = (f".git/roadbed/{side}/pyproject.toml" for side in ("old", "new"))
    assert f"  git diff --no-index {old} {new}\n" in ran.out
    assert '"coverage"' in (adopted / new).read_text()
    assert '"coverage"' not in (adopted / old).read_text()
    assert Exit.FINE == roadbed("check", adopted).code


def test_a_shared_file_is_merged_once_it_is_shared(adopted: Path) -> None:
    """A copy of the platform's is merged from then on, and so is what leaves the baseline."""
    plan = adopted / ".git/roadbed/plan"
    shutil.copy(plan / "compose.yaml", adopted)
    theirs = (plan / "pyproject.toml").read_text()
    (adopted / "pyproject.toml").write_text(theirs.replace('    "pytest",\n', ""))
    replace(adopted / BASELINE, '[[excluded]]\npath = "pyproject.toml"\n', "")
    commit(adopted, "Share two files")

    ran = roadbed("update", adopted, "--no-lock", "--to", "v1.1.0")

    assert Exit.FINE == ran.code, ran.out + ran.err
    changed = git(adopted, "diff", "--cached", "--name-only").splitlines()
    assert {"compose.yaml", "pyproject.toml"} <= set(changed)
    assert ".gitignore" not in changed
    groups = tomllib.loads((adopted / "pyproject.toml").read_text())["dependency-groups"]
    assert ["coverage", "mypy", "ruff"] == groups["dev-platform"]


def test_drift_after_adoption(adopted: Path, history: Path) -> None:
    """What was there passes, what is new fails, and what is fixed has to leave the baseline."""
    assert Exit.FINE == roadbed("check", adopted).code

    (adopted / ".roadbed/policy.toml").write_text("ours\n")
    drifted = roadbed("check", adopted)
    git(adopted, "checkout", ".roadbed/policy.toml")
    theirs = git(history, "show", "v1.0.0:templates/_shared/editorconfig")
    (adopted / ".editorconfig").write_text(f"{theirs}\n")
    mended = roadbed("check", adopted)

    assert (Exit.FINDINGS, Exit.FINDINGS) == (drifted.code, mended.code)
    assert ".roadbed/policy.toml  diverged" in drifted.out
    assert "baseline-fixed .editorconfig (diverged)" in mended.out


def test_a_plan_writes_nothing(written: Written, history: Path) -> None:
    """--dry-run says what would come, and leaves no trace."""
    repository = written(NINJA)
    before = State.of(repository)

    ran = roadbed("adopt", repository, "--defaults", "--dry-run", "--source", history)

    assert Exit.FINE == ran.code
    assert "would be a django-monolith" in ran.out
    assert "Nothing is written yet" in ran.out
    assert before == State.of(repository)
    assert not (repository / ".git/roadbed").exists()


def test_abort_undoes_it(written: Written, history: Path) -> None:
    """Until it is committed, an adoption is undone byte for byte."""
    repository = written(NINJA)
    before = State.of(repository)
    roadbed("adopt", repository, "--defaults", "--source", history)

    undone = roadbed("update", repository, "--abort")

    after = State.of(repository)
    assert Exit.FINE == undone.code
    assert (before.files, before.head, before.index) == (after.files, after.head, after.index)


def test_in_a_larger_repository(written: Written, history: Path) -> None:
    """A folder of a repository comes under a plan, and nothing beside it changes."""
    repository = written({f"services/shop/{path}": text for path, text in NINJA.items()})
    service = repository / "services/shop"

    ran = roadbed("adopt", service, "--defaults", "--source", history)

    assert Exit.FINE == ran.code, ran.err
    assert "diff --no-index pyproject.toml ../../.git/roadbed/plan/pyproject.toml" in ran.out
    touched = git(repository, "status", "--porcelain").splitlines()
    assert [] == [line for line in touched if not line.startswith("A  services/shop/")]
    commit(repository, "Follow the platform")
    assert Exit.FINE == roadbed("check", service).code
    assert "Corner shop" == answers(service)["project_name"]


def test_questions(written: Written, real: Path) -> None:
    """On a terminal everything is asked as by Copier, with the guesses as what Enter means."""
    cli = Cli(written(FASTAPI), {**os.environ, "TERM": "xterm"})
    program, *arguments = cli.command("adopt", ".", "--source", str(real))
    terminal = pexpect.spawn(
        program,
        arguments,
        cwd=str(cli.folder),
        env=dict(cli.environment),
        dimensions=(40, 80),
        encoding="utf-8",
        timeout=60,
    )
    terminal.expect("Which plan")
    terminal.send("\r")
    terminal.expect("What is the name of the service")
    terminal.expect("Parcel tracker")
    terminal.send("\x15Parcels\r")
    for question in ("Which team", "defines the models", "issues the tokens", "REST and GraphQL"):
        terminal.expect(question)
        terminal.send("\r")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert 0 == terminal.exitstatus
    given = answers(cli.folder)
    expected = {"plan": "fastapi-service", "orm": "sqlmodel", "ci": "gitlab"}
    assert {**given, **expected, "project_name": "Parcels"} == given
    assert ("parcel-tracker", "Where parcels are") == (given["project_slug"], given["description"])
