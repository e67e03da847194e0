"""Every variant renders: no residue, one owner for each path, the same bytes each time."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from copier import run_copy

from roadbed.git.objects import blob_id
from roadbed.service.manifest import managed_files, read_manifest
from roadbed.service.ownership import OWN, read_ownership
from tests.conftest import Render
from tests.templates.conftest import files
from tests.variants import CHOICES, PLANS, VARIANTS, Answers, all_pairs, covering, label, pairs

ROOT = Path(__file__).parents[2]
each_variant = pytest.mark.parametrize("answers", VARIANTS, ids=label)

# What Jinja would leave behind. Workflows and just have expressions of their own in files that are
# copied byte for byte; only sources ending in .jinja and the paths are searched.
RESIDUE = re.compile(r"\{%|%\}|\{\{|\}\}|\{#|#\}")


@pytest.mark.parametrize("plan", PLANS)
def test_the_variants_cover_every_pair_of_choices(plan: str) -> None:
    """What is rendered below is enough to see any two choices together."""
    seen = {pair for answers in covering(plan) for pair in pairs(answers, plan)}

    assert all_pairs(plan) == seen


def test_the_choices_are_those_of_the_questions() -> None:
    """A choice added to copier.yml is rendered here too."""
    questions = yaml.safe_load((ROOT / "copier.yml").read_text())

    def values(question: str) -> set[str]:
        choices = questions[question]["choices"]
        if isinstance(choices, list):
            return set(choices)
        return {choice["value"] for choice in choices.values()}

    asked = {name for name, question in questions.items() if "choices" in question} - {"plan"}
    here = {name: set(v) for plan in PLANS for name, v in CHOICES[plan].items()}
    assert {name: values(name) for name in asked} == here
    assert set(PLANS) == values("plan")


@pytest.mark.parametrize("plan", PLANS)
def test_pipelines_of_gitlab_are_valid(plan: str, render: Render) -> None:
    """GitLab's own schema accepts what it would run; GitHub's files are judged in a service."""
    out = render(next(answers for answers in covering(plan) if answers["ci"] == "gitlab"))
    command = ["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci"]
    pipelines = [".gitlab-ci.yml", ".gitlab/_test.yml"]

    ran = subprocess.run([*command, *pipelines], cwd=out, capture_output=True, text=True, check=False)

    assert 0 == ran.returncode, ran.stdout


@each_variant
def test_nothing_of_the_template_language_is_left(
    answers: Answers, render: Render, copier_template: Path
) -> None:
    """Neither in a path nor in a file whose source is a Jinja template."""
    out = render(answers)
    sources = {
        re.sub(r"\{%.*?%\}", "", path.name).removesuffix(".jinja")
        for path in (copier_template / "templates").rglob("*.jinja")
    }

    assert [] == [path for path in files(out) if RESIDUE.search(path)]
    assert [] == [
        path
        for path in files(out)
        if Path(path).name in sources and RESIDUE.search((out / path).read_text("utf-8"))
    ]


@each_variant
def test_every_path_has_one_owner(answers: Answers, render: Render) -> None:
    """Nothing that the template renders is left unlisted, and no two classes claim a path."""
    out = render(answers)
    owners = read_ownership(out)

    assert [] == [path for path in files(out) if owners.classify(path) == OWN]


@each_variant
def test_the_manifest_is_current(answers: Answers, render: Render) -> None:
    """MANIFEST names each managed file of the render with the bytes it has."""
    out = render(answers)
    managed = {
        path: blob_id((out / path).read_bytes()) for path in managed_files(out)
    }

    expected = {
        entry.path: entry.blob
        for entry in read_manifest(out)
        if entry.condition in {"", f"ci={answers['ci']}"}
    }

    assert expected == managed, "run `just manifest` and commit the result"


@pytest.mark.parametrize("plan", PLANS)
def test_managed_files_are_the_same_for_every_service_of_a_plan(
    plan: str, render: Render
) -> None:
    """No answer but `ci` (which chooses whole files) shows in a managed file."""
    first, *others = (render(answers) for answers in covering(plan))
    ours = set(managed_files(first))

    for other in others:
        managed = sorted(ours & set(managed_files(other)))
        assert [] == [p for p in managed if (first / p).read_bytes() != (other / p).read_bytes()]


@pytest.mark.parametrize("plan", PLANS)
def test_the_render_is_deterministic(
    plan: str, render: Render, copier_template: Path, tmp_path: Path
) -> None:
    """Rendered again, somewhere else: the same files with the same bytes."""
    first = render(covering(plan)[0])
    second = tmp_path / "a name with spaces"
    run_copy(str(copier_template), second, data={"plan": plan}, defaults=True, quiet=True)

    assert files(first) == files(second)
    different = [p for p in files(first) if (first / p).read_bytes() != (second / p).read_bytes()]
    assert [] == different


@pytest.mark.parametrize("plan", ["django-monolith", "fastapi-service"])
def test_growth_to_hybrid_only_adds(plan: str, render: Render) -> None:
    """A seed that a plan shares with the hybrid has the same bytes in both, documents apart."""
    small, hybrid = render(covering(plan)[0]), render(covering("hybrid")[0])
    owners = read_ownership(small)
    seeds = [path for path in files(small) if owners.classify(path) == "seeded"]
    code = [path for path in seeds if not path.endswith(".md")]

    assert [] == [path for path in code if not (hybrid / path).is_file()]
    assert [] == [p for p in code if (small / p).read_bytes() != (hybrid / p).read_bytes()]


@each_variant
def test_text_only(answers: Answers, render: Render) -> None:
    """Every rendered file is UTF-8 with Unix line ends: merges and drift checks read lines."""
    out = render(answers)

    for path in files(out):
        data = (out / path).read_bytes()
        assert b"\0" not in data, path
        assert b"\r\n" not in data, path
        data.decode("utf-8")


@each_variant
def test_plain_files_only(answers: Answers, render: Render) -> None:
    """No link and no lock file is rendered, and nothing of the platform's is executable."""
    out = render(answers)
    owners = read_ownership(out)

    assert [] == [path for path in out.rglob("*") if path.is_symlink()]
    assert [] == [path for path in files(out) if re.search(r"\block\b", Path(path).name)]
    executable = [path for path in files(out) if (out / path).stat().st_mode & 0o111]
    assert [] == [path for path in executable if owners.classify(path) != "seeded"]


def test_copier_and_ownership_agree() -> None:
    """The seeds are excluded on update and skipped if they exist: one list in three places."""
    questions = yaml.safe_load((ROOT / "copier.yml").read_text())
    on_update = questions["_exclude"][-1].splitlines()
    classes = tomllib.loads((ROOT / "templates/_shared/.roadbed/ownership.toml").read_text())
    seeded = classes["seeded"]["patterns"]

    assert seeded == questions["_skip_if_exists"]
    assert seeded == [line for line in on_update if line.startswith("/")]
    assert [] == [line for line in on_update if line != line.strip()]
