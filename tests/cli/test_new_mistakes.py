"""What users and machines get wrong with `roadbed new`: one sentence, nothing changed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import roadbed
from tests.cli.conftest import Cli, Ran, git

NEW = ("new", "hybrid", "orders", "--defaults", "--no-install")


def refuse(cli: Cli, code: int, words: tuple[str, ...], *arguments: str, **env: str) -> Ran:
    """Run and see one sentence with these words, and every file as it was."""
    before = cli.files()
    ran = cli.run(*arguments, **env)
    ran.refused(code, *words)
    assert before == cli.files()
    return ran


def test_plan(cli: Cli, released: Path) -> None:
    """A wrong plan: the plans are listed."""
    words = ("'flask'", "django-monolith, fastapi-service or hybrid")
    refuse(cli, 2, words, "new", "flask", "orders", "--defaults", f"--source={released}")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("web_api", ("-d 'web_api'", "key=value")),
        ("=ninja", ("-d '=ninja'", "key=value")),
        ("color=red", ("'color'", "web_api or ci")),
        ("web_api=soap", ("'soap'", "-d web_api=ninja or none")),
        ("plan=hybrid", ("first argument",)),
        ("project_name={{ 1 }}", ("project_name: ", "holds a brace")),
    ],
)
def test_data(cli: Cli, released: Path, data: str, words: tuple[str, ...]) -> None:
    """A malformed, unknown or refused answer is quoted, with the way out."""
    refuse(cli, 2, words, *NEW, f"--source={released}", "-d", data)


def test_no_terminal(cli: Cli, released: Path) -> None:
    """Without a terminal nothing can be asked, and --defaults is named."""
    refuse(cli, 2, ("--defaults",), "new", "hybrid", "orders", f"--source={released}")


def test_target_not_empty(cli: Cli, released: Path) -> None:
    """A folder with something in it stays as it is."""
    (cli.folder / "orders").mkdir()
    (cli.folder / "orders/notes.txt").write_text("mine\n")
    refuse(cli, 2, ("orders is not empty",), *NEW, f"--source={released}")


def test_target_is_a_file(cli: Cli, released: Path) -> None:
    """A file in the place of the service stays as it is."""
    (cli.folder / "orders").write_text("mine\n")
    refuse(cli, 2, ("orders is a file",), *NEW, f"--source={released}")


def test_target_under_a_file(cli: Cli, released: Path) -> None:
    """A path that goes through a file cannot be made."""
    (cli.folder / "file").write_text("mine\n")
    arguments = ("new", "hybrid", "file/orders", "--defaults", f"--source={released}")
    refuse(cli, 5, ("could not be written", "not a directory"), *arguments)


def test_target_name_too_long(cli: Cli, released: Path) -> None:
    """A name of 300 characters is the file system's refusal, in a sentence."""
    arguments = ("new", "hybrid", "x" * 300, "--defaults", f"--source={released}")
    refuse(cli, 5, ("file name too long",), *arguments)


def test_target_is_a_loop(cli: Cli, released: Path) -> None:
    """A link to itself is nowhere."""
    (cli.folder / "orders").symlink_to("orders")
    refuse(cli, 5, ("loop",), *NEW, f"--source={released}")


def test_source_missing(cli: Cli) -> None:
    """A source that does not exist is named."""
    refuse(cli, 2, ("/nowhere does not exist", "--source"), *NEW, "--source=/nowhere")
    refuse(cli, 2, ("does not exist",), *NEW, "--source=file:///nowhere")


def test_source_out_of_reach(cli: Cli) -> None:
    """A remote that does not answer is the machine's trouble, not the user's: 5."""
    refuse(cli, 5, ("cannot be read", "network"), *NEW, "--source=http://127.0.0.1:9/none.git")


def test_source_is_no_repository(cli: Cli) -> None:
    """A folder without git, and a repository without questions, are not templates."""
    (cli.folder / "plain").mkdir()
    refuse(cli, 2, ("is not a git repository",), *NEW, "--source=plain")
    git(cli.folder, "init", "--quiet", "empty")
    refuse(cli, 2, ("has no commit",), *NEW, "--source=empty")
    git(cli.folder / "empty", "commit", "--quiet", "--allow-empty", "-m", "x")
    refuse(cli, 2, ("has no copier.yml",), *NEW, "--source=empty")


def test_source_with_a_credential(cli: Cli) -> None:
    """A credential in the address would be recorded in every service: refused, never repeated."""
    source = "--source=https://me:hunter2@git.example.com/t.git"
    ran = refuse(cli, 2, ("git.example.com", "credential"), *NEW, source)
    assert "hunter2" not in ran.err


def test_source_dirty(cli: Cli, template: Path) -> None:
    """A checkout with changes is refused with the way out; a release of it is not."""
    (template / "copier.yml").open("a").write("\n# a draft\n")
    refuse(cli, 2, ("uncommitted changes", "roadbed demo"), *NEW, f"--source={template}")
    assert cli.run(*NEW, f"--source={template}", "--ref=v1.0.0").code == 0


def test_ref(cli: Cli, released: Path) -> None:
    """A version that is not there is named."""
    refuse(cli, 2, ("no version 'v9'", "--ref"), *NEW, f"--source={released}", "--ref=v9")


def test_template_that_runs_code(cli: Cli, template: Path) -> None:
    """A template with tasks is refused, whatever the user's Copier settings trust."""
    (template / "copier.yml").open("a").write(f"\n_tasks: [touch {cli.folder}/ran]\n")
    git(template, "commit", "--quiet", "-a", "-m", "Tasks")
    settings = Path(cli.environment["HOME"]) / "settings.yml"
    settings.write_text(f"trust: ['{template}']\n")
    arguments = (*NEW, f"--source={template}", "--ref=HEAD")
    refuse(cli, 2, ("wants to run code",), *arguments, COPIER_SETTINGS_PATH=str(settings))


def test_no_git(cli: Cli, released: Path) -> None:
    """Without git nothing can be judged: 5."""
    refuse(cli, 5, ("git is not on PATH",), *NEW, f"--source={released}", PATH="/nowhere")


def test_no_identity(cli: Cli, released: Path) -> None:
    """git without an author: how to set one, before anything is rendered."""
    (Path(cli.environment["HOME"]) / ".gitconfig").write_text("[user]\nuseConfigOnly = true\n")
    words = ("git config --global user.name", "git config --global user.email")
    refuse(cli, 2, words, *NEW, f"--source={released}", GIT_CONFIG_NOSYSTEM="1")


def test_no_uv(cli: Cli, released: Path, tmp_path: Path) -> None:
    """Without uv: how to get it, or how to do without, before anything is rendered."""
    (tmp_path / "bin").mkdir()
    git_path = subprocess.check_output(["which", "git"], text=True).strip()
    (tmp_path / "bin/git").symlink_to(git_path)
    arguments = ("new", "hybrid", "orders", "--defaults", f"--source={released}")
    # a copy of ours, because bootstrap.py may have put a uv beside the checkout
    shutil.copytree(Path(roadbed.__file__).parent, tmp_path / "copy/cli/roadbed")
    env = {
        "PATH": str(tmp_path / "bin"),
        "PYTHONPATH": str(tmp_path / "copy/cli"),
        "UV": "",
    }
    refuse(cli, 5, ("uv is not on PATH", "--no-install"), *arguments, **env)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 64 KiB, where this machine lets us mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if os.name == "nt" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs privileges")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_full_disk(cli: Cli, template: Path, small_disk: Path) -> None:
    """A full disk: a sentence, and nothing is left on it."""
    (template / "templates/_service/big.txt").write_text("x" * 200_000)
    git(template, "add", "-A")
    git(template, "commit", "--quiet", "-m", "Big")
    source = (f"--source={template}", "--ref=HEAD")
    on_disk = Cli(small_disk, cli.environment)
    refuse(on_disk, 5, ("no space left on device", "free some space"), *NEW, *source)


def test_read_only_disk(cli: Cli, released: Path, small_disk: Path) -> None:
    """A disk that cannot be written to, also not by root."""
    remount = ["mount", "-o", "remount,ro", str(small_disk)]
    subprocess.run(remount, check=True)
    on_disk = Cli(small_disk, cli.environment)
    refuse(on_disk, 5, ("read-only file system",), *NEW, f"--source={released}")
