"""`roadbed new`, from the command line to a committed service."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from roadbed.toolchain import interpreters
from tests.cli.conftest import Cli, commit, git

DEFAULTS = ("--defaults", "--no-install")


def answers(service: Path) -> dict[str, str]:
    """What the service recorded."""
    recorded: dict[str, str] = yaml.safe_load((service / ".copier-answers.yml").read_text())
    return recorded


def test_finished(cli: Cli, released: Path) -> None:
    """A service is rendered, locked, installed, generated, committed and hooked."""
    made = cli.run("new", "hybrid", "orders", "--defaults", f"--source={released}")

    service = cli.folder / "orders"
    assert made.code == 0, made.err
    assert git(service, "status", "--porcelain") == ""
    assert git(service, "branch", "--show-current") == "main"
    assert git(service, "log", "--format=%s") == "Start from Roadbed"
    assert {"uv.lock", "generated.txt"} <= set(git(service, "ls-files").splitlines())
    assert (service / ".venv").is_dir()
    assert (service / ".git/hooks/pre-commit").is_file()
    assert f"Next:\n  cd {service}\n  uv run just up\n" in made.out
    assert [service] == list(cli.folder.iterdir())


def test_answers(cli: Cli, released: Path) -> None:
    """The release and the answers are recorded; the name comes from --name, else the folder."""
    source = f"--source={released}"
    cli.run("new", "hybrid", "one", *DEFAULTS, source, "-d", "web_api=none", "-d", "ci=gitlab")
    cli.run("new", "hybrid", "two", *DEFAULTS, source, "--name", "Zwölf Aufträge")

    one, two = answers(cli.folder / "one"), answers(cli.folder / "two")
    assert ("v1.0.0", str(released)) == (one["_commit"], one["_src_path"])
    assert (
        one["plan"],
        one["project_name"],
        one["web_api"],
        one["ci"],
    ) == ("hybrid", "one", "none", "gitlab")
    assert two["project_name"] == "Zwölf Aufträge"


def test_no_install(cli: Cli, service: Path, released: Path) -> None:
    """--no-install commits what was rendered; what it prints does the rest and commits it."""
    made = cli.run("new", "hybrid", "other", *DEFAULTS, f"--source={released}")

    assert not (service / ".venv").exists()
    assert git(service, "status", "--porcelain") == ""
    *left, last = made.out.partition("Next:\n")[2].splitlines()
    assert "  uv run just up" == last
    env = {**cli.environment, "UV_PYTHON": interpreters.request(str(shutil.which("uv")))}
    subprocess.run(["sh", "-e"], input="\n".join(left), text=True, env=env, check=True)
    other = cli.folder / "other"
    assert git(other, "status", "--porcelain") == ""
    assert {"uv.lock", "generated.txt"} <= set(git(other, "ls-files").splitlines())
    assert (other / ".git/hooks/pre-commit").is_file()


def test_no_install_inside_repository(cli: Cli, released: Path) -> None:
    """Inside somebody's repository no commit is advised."""
    git(cli.folder, "init", "--quiet")
    made = cli.run("new", "hybrid", "orders", *DEFAULTS, f"--source={released}")
    assert "  uv run --no-sync just generate\n  uv run just up\n" in made.out


def test_uv_off_path(cli: Cli, released: Path) -> None:
    """Where uv is not on PATH, what is typed next begins with bringing it there."""
    tools = cli.folder / "tools"
    tools.mkdir()
    for tool in Path("/usr/bin").iterdir():  # git and what its scripts call
        if tool.name not in {"uv", "uvx"}:
            (tools / tool.name).symlink_to(tool)
    program = shutil.which("uv", path=cli.environment["PATH"])
    hidden = {"PATH": str(tools), "UV": str(program)}

    made = cli.run("new", "hybrid", "orders", *DEFAULTS, f"--source={released}", **hidden)

    folder = Path(str(program)).parent
    begin = f'  cd {cli.folder / "orders"}\n  export PATH="$PATH:"{folder}\n  uv sync\n'
    assert begin in made.out


def test_empty_folder(cli: Cli, released: Path) -> None:
    """An existing empty folder is fine, also as the current one, and missing parents are made."""
    (cli.folder / "empty").mkdir()
    inside = Cli(cli.folder / "empty", cli.environment)

    assert inside.run("new", "hybrid", ".", *DEFAULTS, f"--source={released}").code == 0
    assert cli.run("new", "hybrid", "a/b/c", *DEFAULTS, f"--source={released}").code == 0
    assert (cli.folder / "empty/justfile").is_file()
    assert (cli.folder / "a/b/c/justfile").is_file()


def test_inside_repository(cli: Cli, released: Path) -> None:
    """Inside a repository nothing is initialized or committed, and it is said what that means."""
    git(cli.folder, "init", "--quiet")

    made = cli.run("new", "hybrid", "services/orders", "--defaults", f"--source={released}")

    assert made.code == 0, made.err
    assert not (cli.folder / "services/orders/.git").exists()
    assert "workflows in its .github do not run" in made.out
    assert git(cli.folder, "status", "--porcelain") == "?? services/"


def test_ignored_folder(cli: Cli, released: Path) -> None:
    """A folder that the surrounding repository ignores becomes a repository of its own."""
    git(cli.folder, "init", "--quiet")
    (cli.folder / ".gitignore").write_text("scratch/\n")
    (cli.folder / "scratch").mkdir()

    cli.run("new", "hybrid", "scratch/orders", *DEFAULTS, f"--source={released}")

    assert (cli.folder / "scratch/orders/.git").is_dir()


def test_git_environment(cli: Cli, released: Path) -> None:
    """Called from a git hook, it does not touch the repository of that hook."""
    other = cli.folder / "other"
    git(cli.folder, "init", "--quiet", str(other))

    made = cli.run(
        "new", "hybrid", "orders", *DEFAULTS, f"--source={released}", GIT_DIR=str(other / ".git")
    )

    assert made.code == 0, made.err
    assert git(cli.folder / "orders", "log", "--format=%s") == "Start from Roadbed"
    assert git(other, "for-each-ref") == ""


def test_untagged_clone(cli: Cli, template: Path) -> None:
    """A clean clone without releases is fine: its HEAD is recorded."""
    git(template, "tag", "--delete", "v1.0.0")

    made = cli.run("new", "hybrid", "orders", *DEFAULTS, f"--source={template}")

    assert made.code == 0, made.err
    head = git(template, "rev-parse", "HEAD")
    assert head.startswith(answers(cli.folder / "orders")["_commit"])


def test_newest_release(cli: Cli, template: Path) -> None:
    """The newest release is numbers, not letters; --ref names another version."""
    (template / "templates/_service/news.txt").write_text("new\n")
    commit(template, "News")
    git(template, "tag", "v1.10.0")
    git(template, "tag", "v1.9.0", "HEAD~1")

    cli.run("new", "hybrid", "new", *DEFAULTS, f"--source={template}")
    cli.run("new", "hybrid", "old", *DEFAULTS, f"--source={template}", "--ref", "v1.0.0")

    assert (cli.folder / "new/news.txt").is_file()
    assert answers(cli.folder / "new")["_commit"] == "v1.10.0"
    assert not (cli.folder / "old/news.txt").exists()


@pytest.mark.parametrize("spelling", ["../template", "file://{}", "git+file://{}"])
def test_spelling(cli: Cli, template: Path, spelling: str) -> None:
    """However a source is spelled, what is recorded can be updated from: Copier agrees."""
    made = cli.run("new", "hybrid", "orders", *DEFAULTS, f"--source={spelling.format(template)}")

    assert made.code == 0, made.err
    recorded = answers(cli.folder / "orders")["_src_path"]
    assert recorded in {str(template), f"git+file://{template}"}


def test_failing_step(cli: Cli, template: Path) -> None:
    """When a later step fails, the service stays and the rest is named as one command."""
    pyproject = template / "templates/_service/pyproject.toml.jinja"
    pyproject.write_text(pyproject.read_text().replace("[]", '["nowhere-to-be-found-xyz"]'))
    commit(template, "Break")
    source = ("--source", str(template), "--ref", "HEAD")

    made = cli.run("new", "hybrid", "orders", "--defaults", *source, UV_OFFLINE="1")

    service = cli.folder / "orders"
    assert (service / "justfile").is_file()
    made.refused(5, "`uv sync` failed", f"cd {service} && uv sync && ", "git commit")


def test_failing_hooks(cli: Cli, template: Path) -> None:
    """Hooks that cannot be installed are said and stop nothing."""
    recipes = template / "templates/_service/.roadbed/justfile"
    recipes.write_text(recipes.read_text().replace("touch .git/hooks/pre-commit", "false"))
    commit(template, "Break")
    git(template, "tag", "v2.0.0")

    made = cli.run("new", "hybrid", "orders", "--defaults", f"--source={template}")

    assert made.code == 0, made.err
    assert "`uv run --no-sync just hooks-install` failed; go on without it" in made.err
