"""The verbs of ``python -m chassis``, run as a developer runs them, on a tiny service."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.auth import SigningKey, TokenVerifier, TrustedIssuer
from chassis.dev import up
from chassis.devdb.cluster import Cluster
from chassis.devdb.place import place
from chassis.environment import Environment
from chassis.service import Service
from chassis.settings import development_secret
from conftest import make_service

MANAGE = """
import signal
import sys
from pathlib import Path
Path("calls").open("a").write("manage " + " ".join(sys.argv[1:]) + "\\n")
print("manage says", *sys.argv[1:])
if sys.argv[1:2] == ["fail"]:
    sys.exit(7)
if sys.argv[1:2] in (["worker"], ["scheduler"]):
    signal.pause()
"""
SETTINGS = """
from typing import ClassVar
from chassis.settings import ServiceSettings
class Settings(ServiceSettings):
    half: ClassVar = "web"
    color: str = "blue"
"""
WSGI = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
"""

README = """# Shop

It has `accounts/`<!-- example -->, the example `approvals/`<!-- /example -->.

<!-- example -->
## Approvals

Somebody approves.
<!-- /example -->

End.
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Give a service whose ``manage.py`` writes down what it is asked."""
    made = make_service(tmp_path / "shop", "web")
    (made.root / "manage.py").write_text(MANAGE)
    (made.root / "web" / "__init__.py").touch()
    (made.root / "web" / "settings.py").write_text(SETTINGS)
    (made.root / "web" / "wsgi.py").write_text(WSGI)
    with (made.root / ".roadbed" / "service.toml").open("a") as file:
        file.write('[example]\nweb = "approvals"\n')
    yield made
    Cluster(place(made.root)).stop()
    shutil.rmtree(place(made.root).home, ignore_errors=True)


def free_port() -> str:
    """Find a port that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return str(probe.getsockname()[1])


def chassis(
    service: Service, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run one verb to its end."""
    return subprocess.run(
        [sys.executable, "-m", "chassis", *arguments],
        cwd=service.root / "web",
        env={**os.environ, "ENVIRONMENT": "development", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def calls(service: Service) -> list[str]:
    """Give what ``manage.py`` was asked."""
    return (service.root / "calls").read_text().splitlines()


NOWHERE = "postgresql://web:secret@127.0.0.1:1/web"
MIGRATE = "manage migrate --no-input"


def test_migrate_runs_each_half_s_migrations(service: Service) -> None:
    """The database is up meanwhile and down afterwards."""
    done = chassis(service, "migrate")
    assert (done.returncode, calls(service)) == (0, [MIGRATE]), done.stderr
    assert not (place(service.root).data / "postmaster.pid").exists()


def test_with_db_runs_any_command_and_passes_its_code_on(service: Service) -> None:
    """The command's output is its own: migrations speak on standard error."""
    command = ["web", sys.executable, "manage.py", "dumpdata", "--indent", "2"]
    done = chassis(service, "with-db", *command)
    assert (done.returncode, done.stdout) == (0, "manage says dumpdata --indent 2\n"), done.stderr
    assert chassis(service, "with-db", "web", sys.executable, "manage.py", "fail").returncode == 7


def test_migration_is_named_after_its_message(service: Service) -> None:
    """People write messages, files have names."""
    assert chassis(service, "migration", "web", "Add notes & more!").returncode == 0
    assert calls(service) == [MIGRATE, "manage makemigrations --name add_notes_more"]


def test_demo_data_and_admin_call_the_half(service: Service) -> None:
    """Each half knows what its data is."""
    assert chassis(service, "demo-data").returncode == 0
    assert chassis(service, "admin", "ada@example.org").returncode == 0
    assert calls(service) == [MIGRATE, "manage demo_data", MIGRATE, "manage admin ada@example.org"]


def test_token_passes_its_options_on(service: Service) -> None:
    """Options of the token are read by who makes it, and its output is the token alone."""
    assert "no API that takes tokens" in chassis(service, "token").stderr
    (service.root / "api").mkdir()
    shutil.rmtree(service.root / "web")
    command = ["token", "--permissions", "a b"]
    done = subprocess.run(
        [sys.executable, "-m", "chassis", *command],
        cwd=service.root,
        env={**os.environ, "ENVIRONMENT": "development"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.count("."), done.stdout.count("\n")) == (0, 2, 1), (
        done.stderr
    )


def token(service: Service, environment: str) -> "subprocess.CompletedProcess[str]":
    """Ask for a token in an environment."""
    return subprocess.run(
        [sys.executable, "-m", "chassis", "token", "--permissions", "a b"],
        cwd=service.root,
        env={**os.environ, "ENVIRONMENT": environment, "DATABASE_URL": "postgresql://a@h/a"},
        capture_output=True,
        text=True,
        check=False,
    )


async def nothing(url: str) -> dict[str, object]:
    """Refuse to load keys."""
    raise AssertionError(url)


async def test_a_service_with_accounts_signs_its_own_token(service: Service) -> None:
    """Offline and without an account; production gives none away."""
    shutil.rmtree(service.root / "web")
    (service.root / "api").mkdir()
    (service.root / "api" / "admin.py").touch()
    (service.root / "api" / "settings.py").write_text(
        "from chassis.fastapi.settings import AccountSettings as Settings\n"
    )
    done = token(service, "development")
    assert done.returncode == 0, done.stderr
    key = SigningKey.load(development_secret("token-key"), service)
    issuer = TrustedIssuer("http://127.0.0.1:8001", "api", key=key.public)
    verifier = TokenVerifier([issuer], environment=Environment.TEST, fetch=nothing)
    assert (await verifier.verify(done.stdout.strip())).permissions == {"a", "b"}
    assert token(service, "production").stdout == ""


def test_env_example_is_written_from_the_settings(service: Service) -> None:
    """Every field of the half's settings is in it."""
    assert chassis(service, "generate").stdout == "Wrote .env.example.\n"
    assert "# COLOR=blue" in (service.root / ".env.example").read_text()


def test_a_generated_file_that_fell_behind_is_named(service: Service) -> None:
    """The check writes nothing, and its sentence says what to run."""
    done = chassis(service, "generate", "--check")
    expected = "The code moved on and .env.example did not: run `just generate` and commit.\n"
    assert (done.returncode, done.stderr) == (1, expected)
    assert not (service.root / ".env.example").exists()
    chassis(service, "generate")
    assert chassis(service, "generate", "--check").returncode == 0


def git(service: Service, *arguments: str) -> None:
    """Run git in the service."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(
        ["git", *identity, *arguments], cwd=service.root, check=True, capture_output=True
    )


@pytest.fixture
def example(service: Service) -> Path:
    """Add a committed example."""
    folder = service.root / "web" / "approvals"
    folder.mkdir()
    (folder / "models.py").write_text("")
    (service.root / "tests" / "web" / "approvals").mkdir(parents=True)
    (service.root / "tests" / "web" / "approvals" / "test_it.py").write_text("")
    (service.root / ".gitignore").write_text("calls\n__pycache__/\n")
    (service.root / "README.md").write_text(README)
    git(service, "init")
    git(service, "add", "-A")
    git(service, "commit", "-m", "start")
    return folder


def test_drop_example_takes_tables_folders_and_traces(service: Service, example: Path) -> None:
    """Downgraded first, then deleted, and told of no more; a second time there is nothing to do."""
    done = chassis(service, "drop-example")
    assert done.returncode == 0, done.stderr
    assert calls(service) == [MIGRATE, "manage drop_app approvals"]
    assert not example.exists()
    assert not (service.root / "tests" / "web" / "approvals").exists()
    assert (service.root / "README.md").read_text() == "# Shop\n\nIt has `accounts/`.\n\nEnd.\n"
    assert "Removed web/approvals, tests/web/approvals; commit it" in done.stdout
    assert "Other environments keep the example's tables (approvals_*" in done.stdout
    assert chassis(service, "drop-example").stdout == "The example is gone already.\n"


def test_drop_example_refuses_to_lose_work(service: Service, example: Path) -> None:
    """What version control does not have would be gone for good."""
    (example / "notes.py").write_text("mine")
    done = chassis(service, "drop-example")
    assert (done.returncode, example.exists()) == (1, True)
    assert "not committed (web/approvals/notes.py): commit or discard" in done.stderr
    shutil.rmtree(service.root / ".git")
    assert "not under version control" in chassis(service, "drop-example").stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (["up"], {"ENVIRONMENT": "production"}, "`up` is for development, and ENVIRONMENT"),
        (["demo-data"], {"ENVIRONMENT": ""}, "`demo-data` is for development, and ENVIRONMENT"),
        (["migrate"], {"ENVIRONMENT": "production"}, "DATABASE_URL: missing"),
        (["migrate"], {"ENVIRONMENT": "prod"}, "ENVIRONMENT: set it to development, test"),
        (["migrate"], {"DATABASE_URL": NOWHERE}, "The database of web cannot be reached (conn"),
        (["with-db", "web", "x"], {"DATABASE_URL": NOWHERE}, "start it, or correct WEB_DATABASE_U"),
        (["with-db", "api", "x"], {}, "This service has no api half: use web."),
        (["with-db", "web"], {}, "with-db needs a command"),
        (["with-db", "web", "no-such-program"], {}, "no-such-program cannot be run"),
        (["migration", "web", "!"], {}, "The migration needs a name"),
        (["up"], {"WEB_PORT": "many"}, "WEB_PORT is not a port"),
        (["up"], {"WEB_PORT": "99999"}, "WEB_PORT is not a port"),
        (["up", "--nonsense"], {}, "unknown: --nonsense"),
    ],
)
def test_a_mistake_is_one_sentence(
    service: Service, arguments: list[str], environment: dict[str, str], sentence: str
) -> None:
    """No traceback, and what to type next."""
    done = chassis(service, *arguments, **environment)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def test_a_taken_port_is_one_sentence(service: Service) -> None:
    """It is said before anything starts, with another port to try."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = chassis(service, "up", WEB_PORT=str(port))
    assert done.returncode == 1
    assert f"Port {port} for web cannot be used" in done.stderr
    assert f"in .env, which every command reads: WEB_PORT={port + 10}." in done.stderr
    assert not (service.root / "calls").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("reload", [True, False])
def test_up_serves_until_it_is_stopped(
    service: Service, number: signal.Signals, reload: bool
) -> None:
    """Everything that was started is stopped, the database last."""
    port = free_port()
    child = subprocess.Popen(
        [sys.executable, "-m", "chassis", "up", *([] if reload else ["--no-reload"])],
        cwd=service.root,
        env={**os.environ, "ENVIRONMENT": "development", "WEB_PORT": port},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        assert _answers(int(port)), "nobody answered"
        # a terminal's Ctrl-C reaches the whole group, a supervisor's SIGTERM the parent alone
        (os.killpg if number is signal.SIGINT else os.kill)(child.pid, number)
        output, _ = child.communicate(timeout=60)
    finally:
        child.kill()
    assert f"web: http://127.0.0.1:{port}" in output
    assert "Traceback" not in output
    assert child.returncode in (0, 130, 143)
    assert not (place(service.root).data / "postmaster.pid").exists()
    assert not _answers(int(port), patience=0)


def test_up_ends_when_a_server_ends(service: Service) -> None:
    """A half that does not start is not left out quietly."""
    (service.root / "web" / "wsgi.py").write_text("raise SystemExit('broken')\n")
    done = chassis(service, "up", "--no-reload", WEB_PORT=free_port())
    assert done.returncode != 0
    assert not (place(service.root).data / "postmaster.pid").exists()


def _answers(port: int, patience: float = 60) -> bool:
    deadline = time.monotonic() + patience
    while True:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.1)


def test_up_runs_what_runs_the_jobs(tmp_path: Path) -> None:
    """An API comes with its worker and scheduler, restarted when its code changes."""
    planned = up.plan(make_service(tmp_path / "shop", "api"), reload=True)
    assert [item.name for item in planned] == ["api", "issuer", "worker", "scheduler"]
    assert [item.port is None for item in planned] == [False, False, True, True]
    assert planned[2].command[1:3] == ["-m", "chassis.dev.rerun"]


def test_up_runs_what_runs_the_jobs_of_the_web_half(tmp_path: Path) -> None:
    """So does a Django half, by its own commands."""
    planned = up.plan(make_service(tmp_path / "shop", "web"), reload=False)
    assert [item.name for item in planned] == ["web", "web-worker", "web-scheduler"]
    assert planned[2].command[1:] == ["manage.py", "scheduler"]
