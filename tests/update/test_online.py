"""`roadbed check --online`: what only the template can say."""

import json
from pathlib import Path

import pytest

from roadbed.errors import Exit
from tests.cli.conftest import git
from tests.update.services import Nursery, roadbed

pytestmark = pytest.mark.usefixtures("home")


def states(service: Path, *options: str) -> tuple[int, dict[str, str]]:
    """The exit code, and what was found about which file."""
    ran = roadbed("check", service, "--online", "--json", *options)
    found = json.loads(ran.out)["findings"]
    return ran.code, {it["path"]: f"{it['state']} {it['detail']}".strip() for it in found}


def test_a_newer_release_that_matters(history: Path, nursery: Nursery, tmp_path: Path) -> None:
    """A service is behind when the newest release changes a managed or merged file of it."""
    service = nursery.born(history, "v1.1.0", tmp_path / "orders", plan="fastapi-service")
    code, found = states(service)
    assert Exit.FINDINGS == code
    assert found[".copier-answers.yml"].startswith("behind v2.2.0, which changes ")


def test_a_newer_release_that_does_not(history: Path, nursery: Nursery, tmp_path: Path) -> None:
    """v1.3.0 changes nothing for a Django service, so that one is not behind."""
    template = tmp_path / "template"
    git(tmp_path, "clone", "--quiet", str(history), str(template))
    git(template, "tag", "--delete", "v2.0.0", "v2.1.0", "v2.2.0")
    service = nursery.born(history, "v1.2.0", tmp_path / "orders", plan="django-monolith")
    answers = service / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace(str(history), str(template)))
    assert (Exit.FINE, {}) == states(service)


def test_a_better_seed(history: Path, nursery: Nursery, tmp_path: Path) -> None:
    """An improved seed is told, shown with --diff, and fails nothing by itself."""
    service = nursery.born(history, "v1.0.0", tmp_path / "orders", plan="django-monolith")
    _, found = states(service)
    assert "stale-seed v2.2.0 has a newer version" == found["web/settings.py"]
    shown = roadbed("check", service, "--online", "--diff").out
    assert "+++ now/web/settings.py" in shown


def test_an_edited_manifest(history: Path, nursery: Nursery, tmp_path: Path) -> None:
    """Who edits the manifest to hide an edit is found out."""
    service = nursery.born(history, "v2.2.0", tmp_path / "orders", plan="django-monolith")
    manifest = service / ".roadbed/MANIFEST"
    manifest.write_text(manifest.read_text() + f"{'0' * 40}  zz.txt\n")
    code, found = states(service)
    assert Exit.FINDINGS == code
    assert "tampered differs from the one of v2.2.0" == found[".roadbed/MANIFEST"]


def test_a_moved_tag(history: Path, nursery: Nursery, tmp_path: Path) -> None:
    """A tag that is another commit by now is found out."""
    template = tmp_path / "template"
    git(tmp_path, "clone", "--quiet", str(history), str(template))
    service = nursery.born(template, "v2.2.0", tmp_path / "orders", plan="django-monolith")
    git(template, "tag", "--force", "v2.2.0", "v2.0.0")
    code, found = states(service)
    assert Exit.FINDINGS == code
    assert "tampered the tag v2.2.0 points to another commit now" == found[".copier-answers.yml"]


def test_no_template(history: Path, nursery: Nursery, tmp_path: Path) -> None:
    """A template out of reach is no drift, and one sentence."""
    template = tmp_path / "template"
    git(tmp_path, "clone", "--quiet", str(history), str(template))
    service = nursery.born(template, "v2.2.0", tmp_path / "orders", plan="django-monolith")
    template.rename(tmp_path / "gone")
    ran = roadbed("check", service, "--online")
    ran.refused(ran.code, "There is no template at", "--source")
    assert ran.code in {Exit.USAGE, Exit.COULD_NOT_RUN}
