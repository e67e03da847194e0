"""Plain `copier update`, no CLI, no --trust: the team's work stays, the platform moves."""

import subprocess
import tomllib
from pathlib import Path

import pytest

from roadbed.drift.check import check_service
from roadbed.template import build_manifest
from tests.variants import PLANS

HALVES = {
    "django-monolith": ("web",),
    "fastapi-service": ("api",),
    "hybrid": ("web", "api"),
}
SEED = {"web": "web/settings.py", "api": "api/main.py"}
EXAMPLE = {"web": "web/approvals", "api": "api/webhooks"}
DEV_GROUP = '    {include-group = "dev-platform"},\n'


def run(folder: Path, *command: str) -> str:
    """Run a command in `folder` and give its output; failure shows the output."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def commit(folder: Path, message: str) -> None:
    """Commit everything in `folder`."""
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-qm", message)


@pytest.fixture
def template(copier_template: Path, tmp_path: Path) -> Path:
    """A template repository of our own, tagged 1.0.0, that a test may release from."""
    clone = tmp_path / "template"
    run(tmp_path, "git", "clone", "-q", str(copier_template), str(clone))
    run(clone, "git", "tag", "1.0.0")
    return clone


def born(template: Path, plan: str) -> Path:
    """A service generated from release 1.0.0 and committed."""
    out = template.parent / "orders"
    source = f"git+file://{template}"
    run(template, "copier", "copy", "-q", "--defaults", "-d", f"plan={plan}", source, str(out))
    run(out, "git", "init", "-q", "-b", "main")
    commit(out, "born")
    return out


def live(service: Path, plan: str) -> None:
    """A year of a team's work: edits in seeds, in merged files, new files, the example deleted."""
    for half in HALVES[plan]:
        seed = service / SEED[half]
        seed.write_text(seed.read_text() + "\nOURS = 1\n")
        (service / half / "orders").mkdir()
        (service / half / "orders/__init__.py").write_text("")
        run(service, "git", "rm", "-rq", EXAMPLE[half])
    pyproject = service / "pyproject.toml"
    text = pyproject.read_text()
    assert DEV_GROUP in text
    pyproject.write_text(text.replace(DEV_GROUP, f'{DEV_GROUP}    "hypothesis>=6",\n'))
    with (service / ".gitignore").open("a") as ignore:
        ignore.write("/exports/\n")
    (service / "README.md").write_text("# Ours\n")
    commit(service, "a year of work")


def release(template: Path) -> None:
    """Release 2.0.0: seeds, managed and merged files change, a managed file is added."""
    shared = template / "templates/_shared"
    for seed in ("django-monolith/web/settings.py", "fastapi-service/api/main.py"):
        path = template / "templates" / seed
        path.write_text(path.read_text() + "\nTHEIRS = 2\n")
    with (shared / ".roadbed/policy.toml").open("a") as policy:
        policy.write("\n[release]\nsecond = true\n")
    with (template / "chassis/src/chassis/__init__.py").open("a") as chassis:
        chassis.write("\nSECOND = True\n")
    (template / "chassis/src/chassis/brand_new.py").write_text('"""New in 2.0.0."""\n')
    for pyproject in template.glob("templates/*/pyproject.toml.jinja"):
        text = pyproject.read_text()
        assert '    "mypy",\n' in text
        pyproject.write_text(text.replace('    "mypy",\n', '    "mypy",\n    "platform-tool",\n'))
    build_manifest.main(["--write", "--source", str(template)])
    commit(template, "release 2.0.0")
    run(template, "git", "tag", "2.0.0")


@pytest.mark.parametrize("plan", PLANS)
def test_an_update_moves_the_platform_and_nothing_else(template: Path, plan: str) -> None:
    """Seeds stay untouched, deleted ones stay deleted, managed files are new, merged hold both."""
    service = born(template, plan)
    live(service, plan)
    before = run(service, "git", "ls-files", "web", "api", "tests", "docs", "README.md", "-s")
    release(template)

    run(service, "copier", "update", "-q", "--defaults")
    commit(service, "update")

    after = run(service, "git", "ls-files", "web", "api", "tests", "docs", "README.md", "-s")
    assert before == after
    assert "second = true" in (service / ".roadbed/policy.toml").read_text()
    assert (service / ".roadbed/chassis/src/chassis/brand_new.py").is_file()
    groups = tomllib.loads((service / "pyproject.toml").read_text())["dependency-groups"]
    assert "platform-tool" in groups["dev-platform"]
    assert "hypothesis>=6" in groups["dev"]
    assert "/exports/" in (service / ".gitignore").read_text()
    assert check_service(service).findings == ()
