"""A generated service of each plan, made as a user of plain Copier makes it."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pytest

from roadbed.service.ownership import OWN, read_ownership
from roadbed.toolchain import interpreters, uv
from tests.variants import PLANS

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Project:
    """A generated service on disk, and the environment its commands run in."""

    path: Path
    plan: str
    environment: Mapping[str, str]
    printed: tuple[str, ...] = field(default=())

    @property
    def halves(self) -> tuple[str, ...]:
        """The halves this plan has."""
        return tuple(half for half in ("web", "api") if (self.path / half).is_dir())

    def run(
        self, command: str, *, fails: bool = False, environment: Mapping[str, str] | None = None
    ) -> str:
        """Run a shell command in the project; give its output, colors removed."""
        done = subprocess.run(  # noqa: S602 - the commands are our own documentation's
            command,
            shell=True,
            cwd=self.path,
            env={**self.environment, **(environment or {})},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=600,
            check=False,
        )
        output = ANSI.sub("", done.stdout)
        assert (done.returncode != 0) is fails, f"$ {command}\n{output}"
        return output


def user_environment() -> dict[str, str]:
    """This process's environment as a user's shell would have it, with an interpreter for uv."""
    ours = {"VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "ENVIRONMENT", "DATABASE_URL", "PYTHONPATH"}
    # or each of a hundred commands would compile its framework once more
    ours.add("PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, "UV_PYTHON": interpreters.request(uv.find()), "NO_COLOR": "1"}


def printed_commands(message: str) -> tuple[str, ...]:
    """Return the commands in Copier's closing message, in their order."""
    _, _, remaining = message.partition("Next, run")
    return tuple(line.strip() for line in remaining.splitlines() if line.startswith("  "))


def shared(plan: str) -> dict[str, str]:
    """Let the checkouts of a plan that live for one test take turns in one virtual environment:
    uv makes of it what each asks for, and Python compiles their packages once."""
    return {"UV_PROJECT_ENVIRONMENT": str(_cache() / "environments" / plan)}


def _cache() -> Path:
    return Path(os.environ["XDG_CACHE_HOME"])


def generate(
    template: Path,
    out: Path,
    plan: str,
    *choices: str,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Project:
    """Run `copier copy` and then, verbatim, what it printed, up to starting the servers; `more` is
    for the environment. mypy reads what the services of a plan have in common once."""
    environment = {**user_environment(), "MYPY_CACHE_DIR": str(_cache() / "mypy" / plan), **more}
    data = [part for choice in (f"plan={plan}", *choices) for part in ("-d", choice)]
    command = ["copier", "copy", "--defaults", *data, f"git+file://{template}", str(out)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    printed = printed_commands(done.stderr)
    project = Project(out, plan, environment, printed)
    for step in printed:
        if step.startswith("cd ") or step == "uv run just up":
            continue
        project.run(step)
    return project


@dataclass(frozen=True)
class Suites:
    """What services' own suites said; services with the same files have the same suite."""

    said: dict[str, str] = field(default_factory=dict)

    def of(self, project: Project) -> str:
        """The output of `just test` in a service, which passed."""
        files = written(project)
        if files not in self.said:
            self.said[files] = project.run("uv run just test")
        return self.said[files]


def written(project: Project) -> str:
    """The committed files of a service with their contents, but for those that commands make."""
    owners = read_ownership(project.path)
    listed = project.run("git ls-files --stage").splitlines()
    kept = {"managed", "merged", "seeded", OWN}
    return "\n".join(line for line in listed if owners.classify(line.split("\t")[1]) in kept)


@pytest.fixture(scope="session")
def suites() -> Suites:
    """The suites that this worker has run."""
    return Suites()


@pytest.fixture(scope="session", autouse=True)
def throw_away_cache() -> Iterator[None]:
    """Databases of generated services go where they are removed with their checkouts.

    Not below pytest's folder: root's database server runs as another user, who may not enter it.
    """
    shared = subprocess.check_output([uv.find(), "cache", "dir"], text=True).strip()
    with (
        tempfile.TemporaryDirectory(prefix="roadbed-tests-", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        Path(folder).chmod(0o755)
        patch.setenv("XDG_CACHE_HOME", folder)
        patch.setenv("UV_CACHE_DIR", shared)
        yield


@pytest.fixture(
    scope="session",
    params=[pytest.param(plan, marks=pytest.mark.xdist_group(plan)) for plan in PLANS],
)
def project(
    request: pytest.FixtureRequest,
    copier_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """The default service of each plan, in a folder with a space in its name.

    Tests leave its work tree as they found it.
    """
    out = tmp_path_factory.mktemp(request.param) / "our orders"
    return generate(copier_template, out, request.param)


@dataclass(frozen=True)
class Company:
    """A service of several organizations with its invented company, whose people share a
    password."""

    project: Project
    password: str


@pytest.fixture(scope="session")
def company(copier_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The Django plan with its demo data."""
    out = tmp_path_factory.mktemp("company") / "back"
    project = generate(copier_template, out, "django-monolith", "tenancy=organizations")
    printed = project.run("uv run just demo-data", environment={"ENVIRONMENT": "development"})
    return Company(project, re.findall(r"^password of .*: (\S+)$", printed, re.MULTILINE)[0])
