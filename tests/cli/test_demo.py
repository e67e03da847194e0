"""`roadbed demo` on the miniature: made, started, asked, stopped, and nothing stays behind."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from roadbed.demo.requests import DEMO_REQUESTS
from tests.cli.conftest import Cli, commit, git


def serving(folder: Path) -> set[str]:
    """The processes that run in a demo's folder."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder) in str((process / "cwd").readlink()):
                found.add(process.name)
        except OSError:
            continue
    return found


@pytest.fixture
def alone(cli: Cli, scratch: Path) -> Iterator[None]:
    """After the demo no process, folder or socket of it is left."""
    yield
    assert [] == list(scratch.iterdir())
    assert set() == serving(scratch)
    assert [] == list(cli.folder.iterdir())


def wait_for(process: "subprocess.Popen[str]", word: str) -> str:
    """What it printed, up to a line with this word."""
    said = ""
    assert process.stdout
    for line in process.stdout:
        said += line
        if word in line:
            return said
    pytest.fail(f"{word!r} was never said: {said}")


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("plan", list(DEMO_REQUESTS))
def test_once(cli: Cli, released: Path, plan: str) -> None:
    """Every request of the plan is made and shown in a table of 80 columns."""
    ran = cli.run("demo", plan, "--once", f"--source={released}")

    assert 0 == ran.code, ran.err
    rows = ran.out.strip().splitlines()
    assert len(DEMO_REQUESTS[plan]) + 1 == len(rows)
    assert max(map(len, rows)) <= 80
    for request, row in zip(DEMO_REQUESTS[plan], rows[1:], strict=True):
        assert re.search(rf"{request.method} \S+ +{request.status} +\d+ ms  \S", row), row


@pytest.mark.usefixtures("alone")
def test_dirty_checkout(cli: Cli, template: Path) -> None:
    """A checkout is shown as it lies, changes and new files included, and stays as it is."""
    service = template / "templates/_service"
    (service / ".roadbed/justfile").open("a").write("\nhello:\n    cat new.txt\n")
    recipes = (service / ".roadbed/justfile").read_text()
    (service / ".roadbed/justfile").write_text(recipes.replace("test -n", "test -f new.txt -a -n"))
    (service / "new.txt").write_text("new\n")
    before = git(template, "status", "--porcelain")

    ran = cli.run("demo", "hybrid", "--once", f"--source={template}")

    assert 0 == ran.code, ran.err
    assert before == git(template, "status", "--porcelain")
    assert "v1.0.0" == git(template, "tag")


@pytest.mark.usefixtures("alone")
def test_no_identity(cli: Cli, released: Path) -> None:
    """A machine on which nobody has introduced himself to git can show a demo."""
    (Path(cli.environment["HOME"]) / ".gitconfig").write_text("[user]\nuseConfigOnly = true\n")
    assert 0 == cli.run("demo", "hybrid", "--once", f"--source={released}").code


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 130), (signal.SIGHUP, 130)]
)
def test_stopped(cli: Cli, released: Path, number: signal.Signals, code: int) -> None:
    """It waits for Ctrl-C, showing where to look; any polite signal, even twice, ends it."""
    process = cli.start("demo", "hybrid", f"--source={released}")
    said = wait_for(process, "Ctrl-C")

    os.killpg(process.pid, number)
    os.killpg(process.pid, number)

    process.communicate(timeout=60)
    assert code == process.returncode
    assert re.search(r"web  http://127\.0\.0\.1:\d+/\n", said)
    assert re.search(r"api  http://127\.0\.0\.1:\d+/docs\n", said)


@pytest.mark.usefixtures("alone")
def test_interrupted_early(cli: Cli, template: Path) -> None:
    """Ctrl-C while the server starts: 130, and nothing is left."""
    server = template / "templates/_service/server.py"
    server.write_text("import time\ntime.sleep(600)\n")
    process = cli.start("demo", "hybrid", f"--source={template}")
    assert process.stderr
    for line in process.stderr:
        if "Starting the database" in line:
            break
    time.sleep(1)

    process.send_signal(signal.SIGINT)

    process.communicate(timeout=60)
    assert 130 == process.returncode


@pytest.mark.usefixtures("alone")
def test_server_fails(cli: Cli, released: Path) -> None:
    """A server that does not start: the tail of its log, a sentence, 5."""
    ran = cli.run("demo", "hybrid", "--once", f"--source={released}", BREAK="1")

    ran.refused(5, "The server ended while it was starting (exit code 1)")
    assert "  the database is on fire\n" in ran.err


@pytest.mark.usefixtures("alone")
def test_making_fails(cli: Cli, template: Path) -> None:
    """A service that cannot be finished is not said to stay."""
    recipes = template / "templates/_service/.roadbed/justfile"
    recipes.write_text(recipes.read_text().replace("touch generated.txt", "false"))

    ran = cli.run("demo", "hybrid", "--once", f"--source={template}")

    ran.refused(5, "`uv run --no-sync just generate` failed in the demo: see above")


@pytest.mark.usefixtures("alone")
def test_wrong_answer(cli: Cli, template: Path) -> None:
    """An answer that is not the expected one is named; the answers before it are shown."""
    server = template / "templates/_service/server.py"
    server.write_text(server.read_text().replace("self.made(201", "self.made(500"))

    ran = cli.run("demo", "fastapi-service", "--once", f"--source={template}")

    ran.refused(5, "POST /v1/endpoints of the api half answered 500 instead of 201")
    assert "  serving\n" in ran.err
    assert 5 == len(ran.out.strip().splitlines())


@pytest.mark.usefixtures("alone")
def test_stubborn_server(cli: Cli, template: Path) -> None:
    """A server that ignores Ctrl-C and leaves a child is stopped all the same."""
    server = template / "templates/_service/server.py"
    stubborn = (
        "import signal, subprocess\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        'subprocess.Popen(["sleep", "600"])\n'
    )
    server.write_text(stubborn + server.read_text())
    commit(template, "Stubborn")

    assert 0 == cli.run("demo", "hybrid", "--once", f"--source={template}").code


def test_keep(cli: Cli, released: Path) -> None:
    """--keep leaves the service, and says what it is worth."""
    ran = cli.run("demo", "hybrid", "--once", "--keep", "kept", f"--source={released}")

    assert 0 == ran.code, ran.err
    assert (cli.folder / "kept/justfile").is_file()
    assert f"stays in {cli.folder / 'kept'}" in ran.out
    assert "Test" == git(cli.folder / "kept", "log", "--format=%an")


def test_plan(cli: Cli, released: Path) -> None:
    """A wrong plan: the plans are listed, nothing is made."""
    cli.run("demo", "flask", f"--source={released}").refused(2, "django-monolith, fastapi-service")
