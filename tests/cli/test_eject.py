"""`roadbed eject`: a managed file becomes the team's, and the platform's again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, commit, git

RUFF = ".roadbed/ruff.toml"
JUSTFILE = ".roadbed/justfile"
ANSWERS = ".copier-answers.yml"


def copier(cli: Cli, service: Path, *arguments: str) -> None:
    """Run plain Copier in the service."""
    program = Path(sys.executable).with_name("copier")
    subprocess.run(
        [program, *arguments, "--defaults", "--quiet"],
        cwd=service,
        env=dict(cli.environment),
        check=True,
        capture_output=True,
    )


def test_eject(cli: Cli, service: Path) -> None:
    """The answer is recorded, the file stays as it is, and what that means is said."""
    before = (service / RUFF).read_bytes()

    ran = cli.run("eject", f"orders/{RUFF}", f"orders/{JUSTFILE}")

    assert (0, "") == (ran.code, ran.err)
    assert before == (service / RUFF).read_bytes()
    assert f"M {ANSWERS}" == git(service, "status", "--porcelain")
    assert f"ejected:\n- {JUSTFILE}\n- {RUFF}\n" in (service / ANSWERS).read_text()
    assert f"Yours from now on: {RUFF} {JUSTFILE}" == ran.out.splitlines()[0]
    assert f"Commit {ANSWERS}." in ran.out


def test_as_copier_would_write_it(cli: Cli, service: Path) -> None:
    """Copier, asked to do nothing, leaves the file byte for byte as we wrote it."""
    answers = service / ANSWERS
    answers.write_text(
        answers.read_text().replace("name: orders", "name: 'Größe: 日本 " + "x" * 90 + "'")
    )
    copier(cli, service, "recopy", "--overwrite")
    commit(service, "A name that YAML has to quote and wrap")
    cli.run("eject", f"orders/{RUFF}")
    ours = answers.read_bytes()

    copier(cli, service, "recopy", "--overwrite")

    assert ours == answers.read_bytes()
    assert ours.startswith(b"# Copier's.\n")
    assert f"M {ANSWERS}" == git(service, "status", "--porcelain")


def test_undo_restores_the_bytes(cli: Cli, service: Path) -> None:
    """Undone, the answers file is what it was, and the file is compared again."""
    before = (service / ANSWERS).read_bytes()
    cli.run("eject", f"orders/{RUFF}", f"orders/{JUSTFILE}")
    (service / RUFF).write_text("# ours\n")

    ran = cli.run("eject", "--undo", f"orders/{RUFF}", f"orders/{JUSTFILE}")

    assert 0 == ran.code
    assert before == (service / ANSWERS).read_bytes()
    assert f"The platform's again: {RUFF} {JUSTFILE}" == ran.out.splitlines()[0]
    assert 1 == cli.run("check", "orders").code
    assert 0 == cli.run("check", "--fix", "orders").code


def test_updates_leave_it_alone(cli: Cli, service: Path, released: Path) -> None:
    """Plain Copier neither changes nor restores it; what is not ejected moves."""
    cli.run("eject", f"orders/{RUFF}", f"orders/{JUSTFILE}")
    (service / RUFF).write_text("# ours\n")
    (service / JUSTFILE).unlink()
    commit(service, "Take them over")
    clone = cli.folder / "template"
    git(cli.folder, "clone", "--quiet", str(released), str(clone))
    for name in ("ruff.toml", "justfile", "ownership.toml"):
        with (clone / "templates/_service/.roadbed" / name).open("a") as file:
            file.write("# theirs\n")
    commit(clone, "Release")
    git(clone, "tag", "v1.1.0")
    answers = service / ANSWERS
    answers.write_text(answers.read_text().replace(str(released), str(clone)))
    commit(service, "Another template")

    copier(cli, service, "update")

    assert "# ours\n" == (service / RUFF).read_text()
    assert not (service / JUSTFILE).exists()
    assert "# theirs\n" in (service / ".roadbed/ownership.toml").read_text()
    assert f"ejected:\n- {JUSTFILE}\n- {RUFF}\n" in answers.read_text()


@pytest.mark.parametrize(
    ("where", "file"),
    [
        (".", RUFF),
        (".", f"./.roadbed/../{RUFF}"),
        (".roadbed", "ruff.toml"),
        ("..", f"orders/{RUFF}"),
        ("..", "{service}/" + RUFF),
    ],
)
def test_spellings(cli: Cli, service: Path, where: str, file: str) -> None:
    """A file is named as the shell completes it, from anywhere."""
    here = Cli(Path(os.path.normpath(service / where)), cli.environment)
    assert 0 == here.run("eject", file.format(service=service)).code
    assert f"- {RUFF}\n" in (service / ANSWERS).read_text()


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (".roadbed/MANIFEST", ["cannot be ejected", "Name the file"]),
        (".roadbed/ownership.toml", ["cannot be ejected"]),
        ("server.py", ["server.py is not managed, so it is yours"]),
        (".roadbed/mine.py", ["is not managed"]),
        (".roadbed", ["is not managed"]),
        ("../elsewhere", ["does not exist", "run this in the folder of a generated service"]),
        (".copier-answers.yml", ["is not managed"]),
    ],
)
def test_refused(cli: Cli, service: Path, file: str, words: list[str]) -> None:
    """What is not managed, or needed to know what is, is refused in a sentence; nothing changes."""
    ran = cli.run("eject", f"orders/{RUFF}", f"orders/{file}")
    if file.startswith(".."):
        ran = cli.run("eject", file)
    ran.refused(2, *words)
    assert "" == git(service, "status", "--porcelain")


def test_another_service(cli: Cli, service: Path, released: Path) -> None:
    """Files of two services are not ejected at once."""
    cli.run("new", "hybrid", "other", "--defaults", "--no-install", f"--source={released}")
    cli.run("eject", f"orders/{RUFF}", f"other/{RUFF}").refused(2, "is not managed")
    assert "" == git(service, "status", "--porcelain")


def test_of_another_choice(cli: Cli, service: Path) -> None:
    """A file that these answers do not have is not managed here."""
    answers = service / ANSWERS
    answers.write_text(answers.read_text().replace("ci: github", "ci: gitlab"))
    cli.run("eject", "orders/.github/workflows/_test.yml").refused(2, "is not managed")


def test_twice(cli: Cli, service: Path) -> None:
    """What is ejected already, or never was, is said with the way out."""
    cli.run("eject", "--undo", f"orders/{RUFF}").refused(2, "is not ejected")
    cli.run("eject", f"orders/{RUFF}", f"orders/{RUFF}")
    commit(service, "Eject")

    cli.run("eject", f"orders/{RUFF}").refused(2, "ejected already", f"--undo {RUFF}")
    cli.run("eject", "--undo", f"orders/{JUSTFILE}").refused(2, "is not ejected", RUFF)
    assert "" == git(service, "status", "--porcelain")
