"""`roadbed check`: managed files against the manifest, offline."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from roadbed.service.manifest import read_manifest
from tests.cli.conftest import Cli

MANAGED = ".roadbed/ruff.toml"
WORKFLOW = ".github/workflows/_test.yml"


def test_clean(cli: Cli, service: Path) -> None:
    """A service as it was made: one line, 0, also from inside it."""
    ran = cli.run("check", "orders")
    inside = Cli(service, cli.environment).run("check")

    assert (ran.code, len(ran.out.splitlines())) == (0, 1)
    assert ran.out.strip() == "4 managed files are as the template (v1.0.0) made them."
    assert (inside.code, inside.out) == (ran.code, ran.out)


def test_findings(cli: Cli, service: Path) -> None:
    """An edited and a missing file are named with their state and what to do; 1."""
    (service / MANAGED).write_text("line-length = 120\n")
    (service / ".roadbed/justfile").unlink()

    ran = cli.run("check", "orders")

    assert ran.code == 1
    named = [line.split() for line in ran.out.splitlines()[:2]]
    assert named == [[".roadbed/justfile", "missing"], [".roadbed/ruff.toml", "diverged"]]
    assert "1 diverged, 1 missing, of 4 managed files." in ran.out
    assert "move the edit elsewhere (see .roadbed/README.md)" in ran.out


def test_advice(cli: Cli, service: Path) -> None:
    """What to do is said once for each state, with a command that can be typed as it stands."""
    for entry in read_manifest(service):
        (service / entry.path).unlink()

    advised = cli.run("check", "orders").out.splitlines()[6:]
    (found,) = re.findall(r"`roadbed (.*?)`", "\n".join(advised))

    assert ["missing"] == [line.partition(":")[0] for line in advised]
    assert 0 == cli.run(*shlex.split(found)).code


@pytest.mark.parametrize("repository", [True, False])
def test_unexpected(cli: Cli, service: Path, repository: bool) -> None:
    """A file added where the platform is at home is named, tracked or not, and where to put it."""
    if not repository:
        shutil.rmtree(service / ".git")
    (service / ".github/workflows/_mine.yml").touch()
    (service / ".roadbed/chassis/src").mkdir(parents=True)
    (service / ".roadbed/chassis/src/hotfix.py").touch()
    (service / "own.py").touch()

    ran = cli.run("check", "orders")
    found = json.loads(cli.run("check", "orders", "--json").out)["findings"]

    assert 1 == ran.code
    assert [".github/workflows/_mine.yml", ".roadbed/chassis/src/hotfix.py"] == [
        line.removesuffix("  unexpected").strip() for line in ran.out.splitlines()[:2]
    ]
    assert ran.out.splitlines()[-2].startswith("unexpected: move it out of the managed folders")
    assert "--fix" not in ran.out
    assert {"unexpected"} == {finding["state"] for finding in found}


def test_byproducts(cli: Cli, service: Path) -> None:
    """What Python leaves behind, and what git ignores, was not put there by anybody."""
    (service / ".gitignore").write_text("*.log\n")
    (service / ".roadbed/a.log").touch()
    for path in ("__pycache__/a.cpython-313.pyc", "chassis.egg-info/PKG-INFO"):
        (service / ".roadbed" / path).parent.mkdir()
        (service / ".roadbed" / path).touch()
    assert 0 == cli.run("check", "orders").code


@pytest.mark.parametrize("state", ["link", "folder"])
def test_not_a_file(cli: Cli, service: Path, state: str) -> None:
    """A link or a folder in the place of a managed file has diverged."""
    (service / MANAGED).unlink()
    if state == "link":
        (service / MANAGED).symlink_to("justfile")
    else:
        (service / MANAGED).mkdir()
    assert f"{MANAGED}" in cli.run("check", "orders").out
    assert cli.run("check", "orders").code == 1


def test_behind_a_link(cli: Cli, service: Path) -> None:
    """A folder that is a link may lead anywhere, so what it holds has diverged."""
    (service / ".github").rename(service / "elsewhere")
    (service / ".github").symlink_to("elsewhere")

    ran = cli.run("check", "orders")

    assert 1 == ran.code
    assert f"{WORKFLOW}  diverged behind the link .github" == ran.out.splitlines()[0]


def test_condition(cli: Cli, service: Path) -> None:
    """A file that exists only for ci=github is missed only when the answers say so."""
    (service / ".github/workflows/_test.yml").unlink()
    assert cli.run("check", "orders").code == 1

    answers = service / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("ci: github", "ci: gitlab"))
    ran = cli.run("check", "orders")

    assert (ran.code, ran.out[:15]) == (0, "3 managed files")


def test_json(cli: Cli, service: Path) -> None:
    """--json gives nothing but the report."""
    (service / MANAGED).unlink()

    ran = cli.run("check", "orders", "--json")

    report = json.loads(ran.out)
    assert (ran.code, ran.err) == (1, "")
    assert (
        report["schema"],
        report["service"]["plan"],
        report["service"]["version"],
        report["checked"],
    ) == (1, "hybrid", "v1.0.0", 4)
    assert [(f["path"], f["state"]) for f in report["findings"]] == [(MANAGED, "missing")]
    assert "`roadbed check --fix`" in report["findings"][0]["fix"]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"plan: [hybrid\n", "line 2 is not valid YAML"),
        (b"\xff\xfe", "not UTF-8"),
        (b"", "not a list of"),
        (b"- plan\n", "not a list of"),
        (b"plan: hybrid\n_src_path: /t\n", "`_commit` is missing"),
        (b"plan: 1\n_src_path: /t\n_commit: v1\n", "`plan` is missing or not text"),
        (b"plan: hybrid\n_src_path: /t\n_commit: v1\n", "`ci` is missing"),
        (b"plan: a\n_src_path: /t\n_commit: v1\nejected: x\n", "`ejected` is not a list"),
        (b"plan: a\n_src_path: /t\n_commit: v1\nejected: [1]\n", "`ejected` is not a list"),
        (b"!!python/object/apply:os.system [id]\n", "not valid YAML"),
    ],
)
def test_broken_answers(cli: Cli, service: Path, content: bytes, word: str) -> None:
    """A broken answers file: what is wrong with it, and how to get it back."""
    (service / ".copier-answers.yml").write_bytes(content)
    cli.run("check", "orders").refused(2, ".copier-answers.yml is broken", word, "git checkout")


def test_missing_answers(cli: Cli, service: Path) -> None:
    """Outside a service, and without the answers file, that is said."""
    (service / ".copier-answers.yml").unlink()
    cli.run("check", "orders").refused(2, ".copier-answers.yml does not exist")
    cli.run("check", "nowhere").refused(2, "There is no folder nowhere")


def test_inside_a_service(cli: Cli, service: Path) -> None:
    """Who stands in a folder of a service is told where it begins."""
    inner = Cli(service / ".github", cli.environment)
    inner.run("check").refused(2, f"is inside the service in {service.resolve()}")
    inner.run("update").refused(2, str(service.resolve()))


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("# roadbed manifest 1", "# something else", "line 1 does not name the format"),
        ("  .roadbed/justfile", "  ../../etc/passwd", "leaves the service"),
        ("  .roadbed/justfile", "  /etc/passwd", "leaves the service"),
        ("  .roadbed/justfile", " .roadbed/justfile", "not an id and a path"),
        ("  .roadbed/justfile", "", "not an id and a path"),
        ("# roadbed manifest", "<<<<<<< HEAD\n# roadbed manifest", "line 1"),
    ],
)
def test_broken_manifest(cli: Cli, service: Path, old: str, new: str, word: str) -> None:
    """A broken manifest: which line, and how to get it back."""
    path = service / ".roadbed/MANIFEST"
    path.write_text(path.read_text().replace(old, new))
    cli.run("check", "orders").refused(2, ".roadbed/MANIFEST is broken", word, "git checkout")


def test_missing_manifest(cli: Cli, service: Path) -> None:
    """Without a manifest nothing can be compared."""
    (service / ".roadbed/MANIFEST").unlink()
    cli.run("check", "orders").refused(2, ".roadbed/MANIFEST does not exist")


def test_offline_without_copier(service: Path) -> None:
    """Checking imports neither Copier nor anything that talks to a network."""
    code = (
        "import sys; from roadbed.__main__ import run; code = run(['check', sys.argv[1]]);"
        "found = {'copier', 'questionary', 'http.client', 'ssl'} & {*sys.modules};"
        "print(code, sorted(found))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(service)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "0 []"
