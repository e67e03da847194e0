"""`roadbed adopt`: a repository comes under a plan, and nothing of the team's changes."""

import os
import shlex
import shutil
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import pexpect
import pytest
import yaml

from roadbed import guesses
from roadbed.errors import Exit
from tests.cli.conftest import Cli, commit, git
from tests.conftest import Render
from tests.update.history.releases import replace
from tests.update.services import Nursery, State, files, guide, roadbed
from tests.variants import VARIANTS, Answers, label

pytestmark = pytest.mark.xdist_group("adopt")  # what is rendered is kept for the session

ANSWERS, BASELINE = ".copier-answers.yml", "roadbed-baseline.toml"
DJANGO = {
    "README.md": "# Corner shop\n\nSells what you forgot.\n",
    "CODEOWNERS": "# Who reviews what\ndocs/ @acme/writers\n* @acme/shop\n",
    "requirements.txt": "Django>=5.2,<6\ndjangorestframework  # or fastapi, one day\n-r more.txt\n",
    "manage.py": "print('django')\n",
    "shop/models.py": "class Basket: ...\n",
    ".gitignore": "*.pyc\n/.env\n",
}
FASTAPI = {
    "pyproject.toml": '[project]\nname = "parcel-tracker"\nversion = "1"\n'
    'description = "Where parcels are"\n'
    'dependencies = ["fastapi[standard]>=0.115", "sqlmodel"]\n',
    ".editorconfig": "root = true\n\n[*]\nindent_style = tab\n",
    ".gitlab-ci.yml": "test: {script: pytest}\n",
    "app/main.py": "app = ...\n",
}
NAMED = '[project]\nname = "corner-shop"\n'
NINJA = {
    "README.md": "# Corner shop\n",
    "pyproject.toml": NAMED + 'dependencies = ["django", "django-ninja"]\n',
    "manage.py": "print('django')\n",
    ".editorconfig": "root = true\n",
    ".gitignore": "*.pyc\n",
}
GENERATED = {".roadbed/service.toml": 'plan = "fastapi-service"\n'}
Written = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def written(home: Path, tmp_path: Path) -> Written:
    """Makes a repository that a team wrote by hand."""
    assert home

    def make(texts: Mapping[str, str]) -> Path:
        repository = tmp_path / "shop"
        for path, text in texts.items():
            (repository / path).parent.mkdir(parents=True, exist_ok=True)
            (repository / path).write_text(text)
        git(tmp_path, "init", "--quiet", "-b", "main", str(repository))
        commit(repository, "Write it all")
        return repository

    return make


@pytest.fixture
def adopted(written: Written, history: Path) -> Path:
    """A repository under the first release of the history, committed."""
    repository = written(NINJA)
    source = ("--source", str(history), "--ref", "v1.0.0")
    assert Exit.FINE == roadbed("adopt", repository, "--defaults", *source).code
    commit(repository, "Follow the platform")
    return repository


def answers(repository: Path) -> dict[str, object]:
    """What is recorded, but for Copier's own entries and what follows from the others."""
    recorded = yaml.safe_load((repository / ANSWERS).read_text())
    return {key: it for key, it in recorded.items() if key[0] != "_" and key != "recorded"}


def test_a_django_repository(written: Written, real: Path) -> None:
    """Plan, API, name and team are guessed; the platform's files come, and pass the check."""
    repository = written(DJANGO)
    before = files(repository)

    ran = roadbed("adopt", repository, "--defaults", "--source", real)

    assert Exit.FINE == ran.code, ran.err
    expected = {
        "plan": "django-monolith",
        "project_name": "Corner shop",
        "project_slug": "shop",
        "description": "Corner shop, a service of acme/shop",
        "owner": "acme/shop",
        "web_api": "drf",
        "tenancy": "single",
        "ci": "github",
        "ejected": [],
    }
    assert expected == answers(repository)
    after = files(repository)
    assert dict(before) == {path: after[path] for path in before}
    arrived = git(repository, "diff", "--cached", "--name-only").splitlines()
    assert set(after) - set(before) == set(arrived)
    assert {".editorconfig", BASELINE, ANSWERS} == {
        path for path in arrived if not path.startswith((".roadbed/", ".github/workflows/_"))
    }
    checked = roadbed("check", repository)
    assert (Exit.FINE, 1) == (checked.code, len(checked.out.splitlines())), checked.out


def test_a_fastapi_repository(written: Written, real: Path) -> None:
    """A file of the team's in a managed place goes on record, stays, and does not fail."""
    repository = written(FASTAPI)

    ran = roadbed("adopt", repository, "--defaults", "--source", real)

    assert Exit.FINE == ran.code, ran.err
    given = answers(repository)
    assert ("fastapi-service", "sqlmodel", "rest", "oidc", "gitlab") == tuple(
        given[key] for key in ("plan", "orm", "api_shape", "auth", "ci")
    )
    assert ("Parcel tracker", "parcel-tracker", "Where parcels are") == tuple(
        given[key] for key in ("project_name", "project_slug", "description")
    )
    assert "  .editorconfig: diverged\n" in ran.out
    assert FASTAPI[".editorconfig"] == (repository / ".editorconfig").read_text()
    checked = roadbed("check", repository)
    assert (Exit.FINE, [".editorconfig", "diverged,", "on", "record"]) == (
        checked.code,
        checked.out.splitlines()[0].split(),
    )


def test_what_remains_can_be_typed(written: Written, history: Path) -> None:
    """The plan's own lies beside: to compare with what is there, and to copy what is not."""
    repository = written(NINJA)

    ran = roadbed("adopt", repository, "--defaults", "--source", history, "--ref", "v1.0.0")

    remains = ran.out.partition("What remains")[2].partition("\n\n")[0]
    commands = [line.strip() for line in remains.splitlines() if line.startswith("  ")]
    assert f"cd {repository}" == commands[0]
    assert "git diff --no-index pyproject.toml .git/roadbed/plan/pyproject.toml" in commands
    assert "cp -R .git/roadbed/plan/web web" in commands
    copied = [command for command in commands if command.startswith("cp ")]
    for command in copied:
        source, target = (repository / word for word in command.split()[-2:])
        assert not target.exists()
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    assert "Dockerfile" in git(repository, "status", "--porcelain")


def test_the_guide(written: Written, history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands of the guide, typed in a repository that was never generated."""
    repository = written(NINJA)
    monkeypatch.chdir(repository)
    look, adopt, after = guide("adopt.md")
    source = ("--source", str(history))

    assert Exit.FINE == roadbed(*look[0].split()[1:], *source).code
    assert "" == git(repository, "status", "--porcelain")
    assert Exit.FINE == roadbed(*adopt[0].split()[1:], *source, "--defaults").code
    check, save = after
    assert Exit.FINE == roadbed(*check.split()[1:]).code
    git(repository, *shlex.split(save)[1:])
    assert "Follow the platform" == git(repository, "log", "-1", "--format=%s")


def test_updates_follow(adopted: Path) -> None:
    """An update brings what is managed; a shared file that is the team's own stays apart."""
    before = files(adopted)

    ran = roadbed("update", adopted, "--no-lock", "--to", "v1.1.0")

    assert Exit.FINE == ran.code, ran.out + ran.err
    assert (adopted / ".roadbed/chassis/src/chassis/metrics.py").is_file()
    assert {path: before[path] for path in NINJA} == {path: files(adopted)[path] for path in NINJA}
    old, new = (f".git/roadbed/{side}/pyproject.toml" for side in ("old", "new"))
    assert f"  git diff --no-index {old} {new}\n" in ran.out
    assert '"coverage"' in (adopted / new).read_text()
    assert '"coverage"' not in (adopted / old).read_text()
    assert Exit.FINE == roadbed("check", adopted).code


def test_a_shared_file_is_merged_once_it_is_shared(adopted: Path) -> None:
    """A copy of the platform's is merged from then on, and so is what leaves the baseline."""
    plan = adopted / ".git/roadbed/plan"
    shutil.copy(plan / "compose.yaml", adopted)
    theirs = (plan / "pyproject.toml").read_text()
    (adopted / "pyproject.toml").write_text(theirs.replace('    "pytest",\n', ""))
    replace(adopted / BASELINE, '[[apart]]\npath = "pyproject.toml"\n', "")
    commit(adopted, "Share two files")

    ran = roadbed("update", adopted, "--no-lock", "--to", "v1.1.0")

    assert Exit.FINE == ran.code, ran.out + ran.err
    changed = git(adopted, "diff", "--cached", "--name-only").splitlines()
    assert {"compose.yaml", "pyproject.toml"} <= set(changed)
    assert ".gitignore" not in changed
    groups = tomllib.loads((adopted / "pyproject.toml").read_text())["dependency-groups"]
    assert ["coverage", "mypy", "ruff"] == groups["dev-platform"]


def test_drift_after_adoption(adopted: Path, history: Path) -> None:
    """What was there passes, what is new fails, and what is mended has to leave the baseline."""
    assert Exit.FINE == roadbed("check", adopted).code

    (adopted / ".roadbed/policy.toml").write_text("ours\n")
    drifted = roadbed("check", adopted)
    git(adopted, "checkout", ".roadbed/policy.toml")
    theirs = git(history, "show", "v1.0.0:templates/_shared/editorconfig")
    (adopted / ".editorconfig").write_text(f"{theirs}\n")
    mended = roadbed("check", adopted)

    assert (Exit.FINDINGS, Exit.FINDINGS) == (drifted.code, mended.code)
    assert ".roadbed/policy.toml  diverged" in drifted.out
    assert "baseline-mended .editorconfig (diverged)" in mended.out


@pytest.mark.parametrize("variant", VARIANTS, ids=label)
def test_lost_answers_are_guessed(render: Render, variant: Answers) -> None:
    """A generated service that lost its answers says all of them, but for what was ejected."""
    service = render(variant)
    lost = answers(service)
    assert [] == lost.pop("ejected")
    assert lost == guesses.answers(service)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"README.md": "# Orders & Größe\n"}, "Orders & Größe"),
        ({"README.md": "# Welcome!\n", "pyproject.toml": NAMED}, "Corner shop"),
        ({"README.md": "# Corner Shop\n", "pyproject.toml": NAMED}, "Corner Shop"),
        ({"README.md": "# Zwölf\n", "pyproject.toml": NAMED, **GENERATED}, "Zwölf"),
        ({"README.rst": "Shop\n====\n"}, "Shop"),
    ],
)
def test_names(written: Written, texts: Mapping[str, str], expected: str) -> None:
    """The README's title is the name where it says the same as the project, or is all there is."""
    assert expected == guesses.answers(written(texts))["project_name"]


@pytest.mark.parametrize(
    ("file", "text", "plan"),
    [
        ("requirements.txt", "# no django here\nflask\n-e .\n", None),
        ("requirements/base.in", "Django[argon2] ~= 5.2\n", "django-monolith"),
        (
            "pyproject.toml",
            "[tool.poetry.group.web.dependencies]\nDjango = '^5'\n",
            "django-monolith",
        ),
        ("pyproject.toml", "[dependency-groups]\napi = ['fastapi']\n", "fastapi-service"),
        ("pyproject.toml", "[project]\ndescription = 'like django'\n", None),
        ("pyproject.toml", "[project\n", None),
        ("Pipfile", "[packages]\nfastapi = '*'\ndjango = '*'\n", "hybrid"),
        ("setup.cfg", "[options]\ninstall_requires =\n    django>=5\n", "django-monolith"),
    ],
)
def test_where_libraries_are_listed(
    written: Written, file: str, text: str, plan: str | None
) -> None:
    """What a project depends on says the plan, in whatever tool's file; prose does not."""
    assert plan == guesses.answers(written({file: text})).get("plan")


def test_only_the_answers_are_lost(
    home: Path, history: Path, nursery: Nursery, tmp_path: Path
) -> None:
    """They come back byte for byte, for the oldest release with these managed files."""
    assert home
    service = nursery.born(history, "v1.1.0", tmp_path / "orders", plan="hybrid", web_api="none")
    lost = (service / ANSWERS).read_bytes()
    replace(service / "pyproject.toml", '    "mypy",\n', '    "mypy",\n    "nox",\n')
    git(service, "rm", "--quiet", ANSWERS)
    commit(service, "Lose the answers")

    ran = roadbed("adopt", service, "--defaults", "--source", history)

    assert Exit.FINE == ran.code, ran.err
    assert lost == (service / ANSWERS).read_bytes()
    assert [f"A  {ANSWERS}"] == git(service, "status", "--porcelain").splitlines()
    deleted = git(service, "rev-parse", "--short", "HEAD")
    assert f"  git checkout {deleted}^ -- {ANSWERS}\n" in ran.out
    commit(service, "Follow the platform again")
    updated = roadbed("update", service, "--no-lock", "--to", "v1.2.0")
    assert Exit.FINE == updated.code, updated.out
    assert '"nox"' in (service / "pyproject.toml").read_text()


def test_answers_lost_between_releases(
    home: Path, history: Path, nursery: Nursery, tmp_path: Path
) -> None:
    """A service made from a commit that was never released is found by its manifest, too."""
    assert home
    template = tmp_path / "template"
    git(tmp_path, "clone", "--quiet", str(history), str(template))
    git(template, "checkout", "--quiet", "v1.1.0")
    git(template, "tag", "--delete", *git(template, "tag").split())
    service = nursery.born(template, "HEAD", tmp_path / "orders", plan="hybrid")
    lost = (service / ANSWERS).read_bytes()
    git(service, "rm", "--quiet", ANSWERS)
    commit(service, "Lose the answers")

    assert Exit.FINE == roadbed("adopt", service, "--defaults", "--source", template).code

    assert lost == (service / ANSWERS).read_bytes()


def adopting(repository: Path, template: Path, *words: str) -> Callable[..., None]:
    """Assert that an adoption is refused by one sentence, and that nothing changes."""

    def refused(*said: str) -> None:
        before = State.of(repository)
        ran = roadbed("adopt", repository, "--source", template, *(words or ("--defaults",)))
        ran.refused(Exit.USAGE, *said)
        assert before == State.of(repository)

    return refused


def test_nothing_to_guess(written: Written, history: Path) -> None:
    """Neither framework: a plan has to be named."""
    adopting(written({"main.go": "package main\n"}), history)("-d plan=", "Django or FastAPI")


def test_a_follower(adopted: Path, history: Path) -> None:
    """What follows a template already is updated, not adopted."""
    adopting(adopted, history)(ANSWERS, "`roadbed update`")


def test_a_dirty_tree(written: Written, history: Path) -> None:
    """Uncommitted changes could not be told from what is written."""
    repository = written(NINJA)
    (repository / "manage.py").write_text("edited\n")
    adopting(repository, history)("manage.py", "git stash")


def test_an_untracked_file_in_the_way(written: Written, history: Path) -> None:
    """What git does not know is never overwritten."""
    repository = written(DJANGO)
    (repository / ".roadbed").mkdir()
    (repository / ".roadbed/policy.toml").write_text("mine\n")
    adopting(repository, history)(".roadbed/policy.toml", "commit it, or move it away")


def test_an_ignored_platform(written: Written, history: Path) -> None:
    """A pattern that hides the platform's files from git is named."""
    repository = written({**DJANGO, ".gitignore": ".*\n"})
    adopting(repository, history)("'.*' in .gitignore, line 1")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-d", "colour=red"), "'colour'"),
        (("-d", "plan=flask"), "'flask'"),
        (("-d", "plan=fastapi-service", "-d", "web_api=none"), "is not asked 'web_api'"),
    ],
)
def test_wrong_answers(written: Written, history: Path, words: tuple[str, ...], said: str) -> None:
    """An answer to no question, or none of its choices."""
    adopting(written(NINJA), history, "--defaults", *words)(said)


def test_no_terminal(written: Written, history: Path) -> None:
    """Where nobody can be asked, --defaults is named."""
    adopting(written(NINJA), history, "-d", "ci=gitlab")("--defaults")


def test_another_manifest(written: Written, history: Path) -> None:
    """A manifest of no release would be compared with another's files."""
    repository = written({**NINJA, ".roadbed/MANIFEST": "# roadbed manifest 1.\n"})
    adopting(repository, history)(".roadbed/MANIFEST", "--ref", "delete .roadbed")


def test_no_folder(home: Path, history: Path, tmp_path: Path) -> None:
    """A folder that is not there, or in no repository."""
    assert home
    (tmp_path / "plain").mkdir()
    for name, said in (("nowhere", "There is no folder"), ("plain", "git init")):
        ran = roadbed("adopt", tmp_path / name, "--defaults", "--source", history)
        ran.refused(Exit.USAGE, said)


def test_a_plan_writes_nothing(written: Written, history: Path) -> None:
    """--plan says what would come, and leaves no trace."""
    repository = written(NINJA)
    before = State.of(repository)

    ran = roadbed("adopt", repository, "--defaults", "--plan", "--source", history)

    assert Exit.FINE == ran.code
    assert "would be a django-monolith" in ran.out
    assert "Nothing is written yet" in ran.out
    assert before == State.of(repository)
    assert not (repository / ".git/roadbed").exists()


def test_abort_undoes_it(written: Written, history: Path) -> None:
    """Until it is committed, an adoption is undone byte for byte."""
    repository = written(NINJA)
    before = State.of(repository)
    roadbed("adopt", repository, "--defaults", "--source", history)

    undone = roadbed("update", repository, "--abort")

    after = State.of(repository)
    assert Exit.FINE == undone.code
    assert (before.files, before.head, before.index) == (after.files, after.head, after.index)


def test_in_a_larger_repository(written: Written, history: Path) -> None:
    """A folder of a repository comes under a plan, and nothing beside it changes."""
    repository = written({f"services/shop/{path}": text for path, text in NINJA.items()})
    service = repository / "services/shop"

    ran = roadbed("adopt", service, "--defaults", "--source", history)

    assert Exit.FINE == ran.code, ran.err
    assert "diff --no-index pyproject.toml ../../.git/roadbed/plan/pyproject.toml" in ran.out
    touched = git(repository, "status", "--porcelain").splitlines()
    assert [] == [line for line in touched if not line.startswith("A  services/shop/")]
    commit(repository, "Follow the platform")
    assert Exit.FINE == roadbed("check", service).code
    assert "Corner shop" == answers(service)["project_name"]


def test_questions(written: Written, real: Path) -> None:
    """On a terminal everything is asked as by Copier, with the guesses as what Enter means."""
    cli = Cli(written(FASTAPI), {**os.environ, "TERM": "xterm"})
    program, *arguments = cli.command("adopt", ".", "--source", str(real))
    terminal = pexpect.spawn(
        program,
        arguments,
        cwd=str(cli.folder),
        env=dict(cli.environment),
        dimensions=(40, 80),
        encoding="utf-8",
        timeout=60,
    )
    terminal.expect("Which plan")
    terminal.send("\r")
    terminal.expect("What is the service called")
    terminal.expect("Parcel tracker")
    terminal.send("\x15Parcels\r")
    for question in ("Which team", "write its models", "tokens come from", "speak"):
        terminal.expect(question)
        terminal.send("\r")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert 0 == terminal.exitstatus
    given = answers(cli.folder)
    expected = {"plan": "fastapi-service", "orm": "sqlmodel", "ci": "gitlab"}
    assert {**given, **expected, "project_name": "Parcels"} == given
    assert ("parcel-tracker", "Where parcels are") == (given["project_slug"], given["description"])
