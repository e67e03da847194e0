"""`roadbed grow hybrid`: the other half arrives, byte for byte as by the guide's plain Copier."""

import json
import os
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from roadbed.errors import Exit
from roadbed.toolchain import uv
from tests.cli.conftest import commit, git
from tests.update.services import Nursery, State, files, guide, roadbed

pytestmark = pytest.mark.xdist_group("growth")  # what is rendered is kept for the session

ANSWERS = ".copier-answers.yml"
HOME = Path.home()  # the tests' own is empty, and what uv has fetched is worth keeping
TOOLS = {
    "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR") or str(HOME / ".cache/uv"),
    "PYENV_ROOT": os.environ.get("PYENV_ROOT") or str(HOME / ".pyenv"),
}


@dataclass(frozen=True)
class Half:
    """A half that a service begins with, and what the test's team did to it."""

    plan: str
    folder: str
    seed: str
    example: str
    in_the_way: str  # the team's own, where the other half has a file


WEB = Half("django-monolith", "web", "web/settings.py", "web/approvals", "api/settings.py")
API = Half("fastapi-service", "api", "api/main.py", "api/webhooks", "web/urls.py")
HALVES = pytest.mark.parametrize("half", [WEB, API], ids=["monolith", "service"])
Lived = Callable[..., Path]


@pytest.fixture
def lived(home: Path, real: Path, nursery: Nursery, tmp_path: Path) -> Lived:
    """Makes a service of a half, with a year of a team's work in it, in a folder of that name."""
    assert home

    def make(half: Half, name: str = "orders", **answers: str) -> Path:
        service = nursery.born(real, "v1.0.0", tmp_path / name, plan=half.plan, **answers)
        with (service / half.seed).open("a") as seed:
            seed.write("\nOURS = 1\n")
        git(service, "rm", "-rq", half.example)
        (service / half.in_the_way).parent.mkdir()
        (service / half.in_the_way).write_text('"""The team\'s own."""\n')
        with (service / ".gitignore").open("a") as ignored:
            ignored.write("/exports/\n")
        commit(service, "A year of work")
        return service

    return make


def plain(service: Path, *blocks: list[str]) -> None:
    """Type the guide's commands in a service."""
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for command in (line for block in blocks for line in block):
        subprocess.run(shlex.split(command), cwd=service, env=env, check=True, capture_output=True)


@HALVES
def test_growth_is_that_of_plain_copier(
    lived: Lived, half: Half, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each road of the guide gives the same files, answers included."""
    by_roadbed, by_copier = lived(half, "roadbed"), lived(half, "copier")
    one_step, _, platform, to_monolith, to_service, _ = guide("growth.md")

    plain(by_copier, platform, to_monolith if half is WEB else to_service)
    monkeypatch.chdir(by_roadbed)
    _, *words = shlex.split(one_step[0])
    grown = roadbed(*words, "--no-lock")

    assert Exit.FINE == grown.code, grown.err
    assert files(by_copier) == files(by_roadbed)
    assert "" == git(by_roadbed, "diff", "--name-only")


@HALVES
def test_growth_leaves_what_is_the_teams(lived: Lived, half: Half) -> None:
    """Only files of the platform change; what a hybrid has in the team's places is named."""
    service = lived(half)

    grown = roadbed("grow", "hybrid", service, "--no-lock")

    changed = git(service, "diff", "--cached", "--name-only", "--diff-filter=a").splitlines()
    platform = (ANSWERS, ".roadbed/", "compose.yaml", "pyproject.toml")
    assert [] == [path for path in changed if not path.startswith(platform)]
    assert not (service / half.example).exists()
    place = service / ".git/roadbed/plan"
    named = {path for path in beside(place) if f" .git/roadbed/plan/{path}" in grown.out}
    assert {"README.md", "docs/adr/0001-hybrid.md", half.in_the_way} == named


def beside(place: Path) -> set[str]:
    """What a growth put beside the team's files."""
    return set(files(place))


@HALVES
def test_a_grown_service_is_a_hybrid(
    lived: Lived, half: Half, real: Path, nursery: Nursery, tmp_path: Path
) -> None:
    """It has every file of a new hybrid but the examples and documents; nothing drifts."""
    service = lived(half)
    roadbed("grow", "hybrid", service, "--no-lock")
    fresh = nursery.born(real, "v1.0.0", tmp_path / "fresh", plan="hybrid")

    own = (half.example, f"tests/{half.example}", "docs/adr/")
    missing = {path for path in files(fresh) if not path.startswith(own)} - set(files(service))

    assert set() == missing
    checked = roadbed("check", service)
    assert Exit.FINE == checked.code, checked.out


def test_the_lock_holds_both_halves(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    """uv.lock is locked again with the new half's libraries; the versions locked before stay."""
    for name, folder in TOOLS.items():
        monkeypatch.setenv(name, folder)
    service = lived(WEB)
    assert "" == uv.lock(service)
    commit(service, "Lock")
    before = locked(service)

    grown = roadbed("grow", "hybrid", service)

    after = locked(service)
    assert (Exit.FINE, "") == (grown.code, git(service, "diff", "--name-only")), grown.err
    assert {"fastapi", "alembic"} <= set(after) - set(before)
    assert before == {name: after[name] for name in before}


def locked(service: Path) -> dict[str, str]:
    """The versions in uv.lock by library; the service itself has none."""
    packages = tomllib.loads((service / "uv.lock").read_text())["package"]
    return {it["name"]: it.get("version", "") for it in packages}


def answers(service: Path) -> dict[str, object]:
    """What the service records."""
    recorded: dict[str, object] = yaml.safe_load((service / ANSWERS).read_text())
    return recorded


@pytest.mark.parametrize(
    ("half", "choices", "arrived"),
    [
        (WEB, {"orm": "sqlmodel", "api_shape": "graphql"}, "api/graphql/__init__.py"),
        (API, {"web_api": "none", "tenancy": "organizations"}, "web/organizations/models.py"),
    ],
    ids=["monolith", "service"],
)
def test_the_new_half_has_choices(
    lived: Lived, half: Half, choices: dict[str, str], arrived: str
) -> None:
    """What the new half asks is answered with -d, and fixed from then on."""
    service = lived(half)
    words = [word for key, value in choices.items() for word in ("-d", f"{key}={value}")]

    grown = roadbed("grow", "hybrid", service, "--no-lock", *words)

    assert Exit.FINE == grown.code, grown.err
    recorded = answers(service)
    assert choices == {key: recorded[key] for key in choices}
    assert choices == {key: it for key, it in dict(recorded["recorded"]).items() if key in choices}  # type: ignore[call-overload]
    assert (service / arrived).is_file()


@pytest.mark.parametrize(
    ("half", "words", "messages"),
    [
        (WEB, ("hybrid", "-d", "web_api=drf"), ("was set to 'ninja'", "'drf'")),
        (API, ("hybrid", "-d", "orm=sqlmodel"), ("was set to 'sqlalchemy'", "'sqlmodel'")),
        (API, ("hybrid", "-d", "auth=oidc"), ("The plan hybrid has no question 'auth'",)),
        (WEB, ("hybrid", "-d", "color=red"), ("There is no question 'color'",)),
        (WEB, ("hybrid", "-d", "orm=django"), ("orm", "'django'", "sqlalchemy")),
        (WEB, ("hybrid", "-d", "plan=hybrid"), ("first argument",)),
        (WEB, ("fastapi-service",), ("can grow only into a hybrid", "'fastapi-service'")),
    ],
)
def test_what_cannot_be(
    lived: Lived, half: Half, words: tuple[str, ...], messages: tuple[str, ...]
) -> None:
    """A choice that is fixed or none is refused by one sentence, and nothing changes."""
    service = lived(half)
    before = State.of(service)

    roadbed("grow", words[0], service, *words[1:]).refused(Exit.USAGE, *messages)

    assert before == State.of(service)


def test_accounts_of_its_own(lived: Lived) -> None:
    """A service that owns its accounts is told the road, which is not a command."""
    service = lived(API, auth="local")
    before = State.of(service)

    ran = roadbed("grow", "hybrid", service)

    ran.refused(Exit.USAGE, "auth=local", "create a new hybrid", "docs/guide/growth.md")
    assert before == State.of(service)


def test_a_hybrid_is_grown_up(lived: Lived) -> None:
    """What is a hybrid already, also since a minute ago, is refused."""
    service = lived(WEB)
    roadbed("grow", "hybrid", service, "--no-lock")
    commit(service, "Grow")

    roadbed("grow", "hybrid", service).refused(Exit.USAGE, "is a hybrid already")


def test_a_plan_writes_nothing(lived: Lived) -> None:
    """--dry-run says what would come, to people and to machines, and leaves no trace."""
    service = lived(WEB)
    before = State.of(service)

    told = roadbed("grow", "hybrid", service, "--dry-run")
    data = json.loads(roadbed("grow", "hybrid", service, "--dry-run", "--json").out)

    assert before == State.of(service)
    assert not (service / ".git/roadbed").exists()
    assert Exit.FINE == told.code
    assert "django-monolith → hybrid" in told.out
    assert "Nothing is written yet" in told.out
    added = {it["path"] for it in data["changes"] if it["action"] == "added"}
    assert {"api/main.py", "alembic.ini", ".roadbed/importlinter.toml"} <= added
    assert {"README.md", "docs/adr/0001-hybrid.md", "api/settings.py"} == set(
        data["files_to_compare"]
    )


@HALVES
def test_abort_undoes_it(lived: Lived, half: Half) -> None:
    """Until it is committed, growth is undone byte for byte."""
    service = lived(half)
    before = State.of(service)

    assert Exit.FINE == roadbed("grow", "hybrid", service, "--no-lock").code
    assert before != State.of(service)
    undone = roadbed("update", service, "--abort")

    after = State.of(service)
    assert Exit.FINE == undone.code
    assert (before.files, before.head, before.index) == (after.files, after.head, after.index)


def test_in_a_larger_repository(lived: Lived, tmp_path: Path) -> None:
    """A service in a folder of a repository grows there, and nothing beside it changes."""
    mono = tmp_path / "mono"
    (mono / "services").mkdir(parents=True)
    service = lived(WEB).rename(mono / "services/orders")
    (service / ".git").rename(mono / ".git")
    (mono / "README.md").write_text("# Everything\n")
    commit(mono, "Move")

    grown = roadbed("grow", "hybrid", service, "--no-lock")

    assert Exit.FINE == grown.code, grown.err
    touched = git(mono, "status", "--porcelain").splitlines()
    assert [] == [line for line in touched if " services/orders/" not in line]
    assert "A  services/orders/api/main.py" in touched
    assert f"  cd {service}\n" in grown.out
