"""Files of the platform that the team took over: an answer that plain Copier respects."""

import subprocess
from pathlib import Path

import pytest
import yaml
from pytest_copier.plugin import CopierFixture

from roadbed.service.manifest import MANIFEST_FILE, parse_manifest
from roadbed.service.ownership import OWNERSHIP_FILE
from tests.variants import PLANS

ROOT = Path(__file__).parents[2]
RUFF = ".roadbed/ruff.toml"
NEEDED = (MANIFEST_FILE, OWNERSHIP_FILE)


def files(root: Path) -> set[str]:
    """The paths of all files below `root`, relative."""
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_nothing_is_ejected_at_birth(copier: CopierFixture, tmp_path: Path) -> None:
    """The answer is recorded, and never asked for."""
    project = copier.copy(tmp_path / "out")

    assert [] == project.answers["ejected"]


@pytest.mark.parametrize("ejected", [f"[{RUFF}]", f"- {RUFF}\n- .editorconfig\n"])
def test_an_ejected_file_is_not_rendered(
    copier: CopierFixture, tmp_path: Path, ejected: str
) -> None:
    """No operation writes it, and every other file is there."""
    whole = copier.copy(tmp_path / "whole")
    project = copier.copy(tmp_path / "out", ejected=ejected)

    assert set(yaml.safe_load(ejected)) == files(whole.path) - files(project.path)


def test_plain_copier_leaves_an_ejected_file_alone(copier: CopierFixture, tmp_path: Path) -> None:
    """Neither an update nor a recopy that overwrites everything touches it."""
    project = copier.copy(tmp_path / "out")
    answers = project.path / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("ejected: []", f"ejected:\n- {RUFF}"))
    (project.path / RUFF).write_text("# ours\n")
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "eject"]):
        subprocess.run(["git", *arguments], cwd=project.path, check=True)

    for operation in ("update", "recopy"):
        command = ["copier", operation, "--defaults", "--quiet"]
        command += ["--overwrite"] if operation == "recopy" else []
        subprocess.run(command, cwd=project.path, check=True)
        assert "# ours\n" == (project.path / RUFF).read_text()
        assert "" == project.run("git status --porcelain")


@pytest.mark.parametrize("plan", PLANS)
def test_every_managed_file_may_be_ejected(
    plan: str, copier: CopierFixture, tmp_path: Path
) -> None:
    """All but the two by which the others are known; the answer stays as it was given."""
    entries = parse_manifest((ROOT / "templates" / plan / MANIFEST_FILE).read_text())
    managed = sorted({entry.path for entry in entries} - {*NEEDED})

    project = copier.copy(tmp_path / "out", plan=plan, ejected=yaml.safe_dump(managed))

    assert managed == project.answers["ejected"]
    assert set() == set(managed) & files(project.path)


@pytest.mark.parametrize(
    "path",
    [
        *NEEDED,
        "web/urls.py",
        "pyproject.toml",
        "/.roadbed/ruff.toml",
        ".roadbed/",
        ".roadbed/../web/urls.py",
        ".roadbed/*",
        ".roadbed/ruff.toml\n/web",
        "",
        7,
    ],
)
def test_what_is_not_managed_is_refused(
    copier: CopierFixture, tmp_path: Path, path: object
) -> None:
    """A path that is not the platform's, or that a pattern would read otherwise, is quoted."""
    with pytest.raises(ValueError, match="cannot be ejected; give the paths of platform files"):
        copier.copy(tmp_path / "out", ejected=yaml.safe_dump([RUFF, path]))

    assert not list(tmp_path.glob("out/*"))


@pytest.mark.parametrize("answer", [RUFF, "{a: b}", "7"])
def test_what_is_no_list_is_refused(copier: CopierFixture, tmp_path: Path, answer: str) -> None:
    """One path alone would be read letter by letter."""
    with pytest.raises(ValueError, match="is not a list of files; give their paths"):
        copier.copy(tmp_path / "out", ejected=answer)
