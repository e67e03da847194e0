"""Invariants of the template repository itself: links, Jinja's share, ignore files."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from roadbed.service.manifest import MANIFEST_FILE, managed_files
from tests.conftest import Render
from tests.variants import PLANS, covering

ROOT = Path(__file__).parents[2]

# The names that GitHub's ignore files for Python and Node hit, as of November 2026.
OFTEN_IGNORED = """
*$py.class *.aof *.cover *.egg *.egg-info/ *.lcov *.log *.manifest *.mo *.pid *.pot *.py[cod] *.rdb
*.seed *.so *.spec *.tgz *.tsbuildinfo .Python .cache/ .coverage .coverage.* .eggs/ .env .env.*
.envrc .next .nox/ .npm .nuxt .output .temp .tox/ .venv /site ENV/ MANIFEST __pycache__/
bower_components build/ cover/ coverage coverage.xml develop-eggs/ dist/ docs/_build/ downloads/
eggs/ env/ htmlcov/ instance/ lib-cov lib/ lib64/ local_settings.py logs node_modules/ out parts/
pids profile_default/ sdist/ share/python-wheels/ target/ var/ venv/ web_modules/ wheels/
""".split()


def tracked_links() -> list[Path]:
    """Every symbolic link that git knows here."""
    listing = subprocess.run(
        ["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / line.split("\t")[1] for line in listing.splitlines() if line[:6] == "120000"]


def test_every_link_resolves_inside_the_repository() -> None:
    """A link that dangles or leaves the repository would break a render or be refused."""
    links = tracked_links()

    assert links
    broken = [link for link in links if not link.exists()]
    leaving = [link for link in links if not link.resolve().is_relative_to(ROOT)]
    absolute = [link for link in links if Path(os.readlink(link)).is_absolute()]
    assert ([], [], []) == (broken, leaving, absolute)


def test_git_files_are_linked_under_another_name() -> None:
    """Git warns at every command about a linked .gitignore or .gitattributes."""
    names = {link.name for link in tracked_links()}

    assert set() == names & {".gitignore", ".gitattributes"}


@pytest.mark.parametrize("plan", ["django-monolith", "fastapi-service"])
def test_python_in_templates_is_plain(plan: str) -> None:
    """At least 95 % of a plan's Python lines stand in plain .py files; Jinja lines are at most 2 %."""
    plain = jinja = control = lines = 0
    for path in (ROOT / "templates" / plan).rglob("*"):
        if not path.is_file() or ".roadbed/chassis" in path.as_posix():
            continue
        text = path.read_text("utf-8")
        lines += text.count("\n")
        if path.suffix == ".py":
            plain += text.count("\n")
        if path.suffix == ".jinja":
            control += len(re.findall(r"^.*\{%.*$", text, re.MULTILINE))
            jinja += text.count("\n") if path.stem.endswith(".py") else 0

    assert plain > 500
    assert plain / (plain + jinja) >= 0.95
    assert control / lines <= 0.02, f"{control} control lines of {lines}"


def test_no_answer_is_written_into_python() -> None:
    """Plain .py sources hold no template expression that someone hoped would be rendered."""
    sources = (ROOT / "templates").rglob("*.py")

    hoped = [path for path in sources if re.search(r"\{%|\{\{ *\w+ *\}\}", path.read_text("utf-8"))]

    assert [] == hoped


@pytest.mark.parametrize("plan", PLANS)
def test_often_used_ignore_files_hit_no_managed_path(
    plan: str, render: Render, tmp_path: Path
) -> None:
    """A team that takes GitHub's ignore file keeps every managed file under git."""
    out = render(covering(plan)[0])
    managed = [MANIFEST_FILE, *managed_files(out)]
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["cp", "-r", f"{out}/.", tmp_path], check=True)
    with (tmp_path / ".gitignore").open("a") as ignore:
        ignore.write("\n".join(OFTEN_IGNORED))

    hit = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=tmp_path,
        input="\n".join(managed),
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()

    assert [] == hit


@pytest.mark.parametrize("plan", PLANS)
def test_the_example_is_small(plan: str) -> None:
    """An example is read in one sitting: 900 lines of Python a slice, tests and migrations apart."""
    for half, slice_ in (("web", "approvals"), ("api", "webhooks")):
        folder = ROOT / "templates" / plan / half / slice_
        if folder.exists():
            written = [p for p in folder.rglob("*.py") if "migrations" not in p.parts]
            lines = {p: p.read_text("utf-8").count("\n") for p in written}
            # a service has the models of one ORM and one API; the longest counts
            either = {p: n for p, n in lines.items() if "{%" in str(p.relative_to(folder))}
            longest: dict[str, int] = {}
            for path, count in either.items():
                longest[path.name] = max(count, longest.get(path.name, 0))
            used = sum(lines.values()) - sum(either.values()) + sum(longest.values())
            assert 0 < used <= 900


def test_no_task_asks_for_trust() -> None:
    """Tasks, migrations and extensions would need --trust."""
    text = (ROOT / "copier.yml").read_text()

    assert [] == re.findall(r"^_(?:tasks|migrations|jinja_extensions)\b", text, re.MULTILINE)
