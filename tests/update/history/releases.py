"""The synthetic history as a repository: `v1/` and one function for each later release."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from roadbed.template import build_manifest

HERE = Path(__file__).parent
PLANS = ("django-monolith", "fastapi-service", "hybrid")
_DATE = "2026-01-01T00:00:00+0000"  # the same hashes on every machine
_NOBODY = {
    "GIT_AUTHOR_DATE": _DATE,
    "GIT_COMMITTER_DATE": _DATE,
    "GIT_AUTHOR_NAME": "Platform",
    "GIT_AUTHOR_EMAIL": "platform@localhost",
    "GIT_COMMITTER_NAME": "Platform",
    "GIT_COMMITTER_EMAIL": "platform@localhost",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def replace(path: Path, old: str, new: str) -> None:
    """Replace text that must be there once, so that a release cannot change nothing unnoticed."""
    text = path.read_text()
    assert text.count(old) == 1, f"{path}: {old!r} is there {text.count(old)} times"
    path.write_text(text.replace(old, new))


def link(path: Path, to: str) -> None:
    """Make a link; a plan's folder is full of them."""
    path.symlink_to(to)


def v1_1_0(root: Path) -> None:
    """Files are added and changed in each class."""
    shared, chassis = root / "templates/_shared", root / "chassis/src/chassis"
    replace(chassis / "logs.py", '    "duration",\n', '    "duration",\n    "trace_id",\n')
    (chassis / "metrics.py").write_text('"""Counters."""\n\nNAMES = (\n    "requests",\n)\n')
    replace(shared / "github/workflows/_test.yml", "ubuntu-24.04", "ubuntu-26.04")
    replace(shared / "gitignore", ".coverage\n", ".coverage\n.mypy_cache/\n")
    for plan in PLANS:
        folder = root / "templates" / plan
        replace(folder / "pyproject.toml.jinja", '    "mypy",\n', '    "coverage",\n    "mypy",\n')
        replace(folder / "compose.yaml", "postgres:18.5", "postgres:18.6")
    replace(root / "templates/django-monolith/web/settings.py", "DEBUG = False", "DEBUG = bool(0)")
    replace(root / "templates/fastapi-service/api/main.py", '"orders"', '"Orders"')


def v1_2_0(root: Path) -> None:
    """A question is added, a default changes, a merged file arrives."""
    replace(
        root / "copier.yml",
        "description:\n",
        "region:\n  type: str\n  help: Where does it run?\n  default: eu\n\ndescription:\n",
    )
    replace(
        root / "copier.yml", "{{ project_name }}, a service", "{{ project_name }} in {{ region }}"
    )
    replace(root / "copier.yml", "    none, pages only:\n", _DRF + "    none, pages only:\n")
    _own(root, '"/pyproject.toml",\n', '"/pyproject.toml",\n    "/renovate.json5",\n')
    (root / "templates/_shared/renovate.json5").write_text(_RENOVATE)
    for plan in PLANS:
        folder = root / "templates" / plan
        link(folder / "renovate.json5", "../_shared/renovate.json5")
        (folder / "compose.yaml").rename(folder / "compose.yaml.jinja")
        path, port = folder / "compose.yaml.jinja", "      POSTGRES_PASSWORD: development\n"
        replace(path, port, f"{port}      REGION: {{{{ region }}}}\n")


def v1_3_0(root: Path) -> None:
    """Only the FastAPI half changes: a Django service has nothing to do."""
    for plan in ("fastapi-service", "hybrid"):
        folder = root / "templates" / plan
        replace(
            folder / "pyproject.toml.jinja", '    "fastapi",\n', '    "fastapi",\n    "httpx2",\n'
        )
        (folder / ".roadbed/importlinter.toml").write_text("# Managed by Roadbed.\nlayers = 2\n")
    replace(root / "templates/fastapi-service/api/main.py", '    "/readyz",\n', "")


def v2_0_0(root: Path) -> None:
    """Files and a folder are removed and renamed, a seed is retired."""
    shared, chassis = root / "templates/_shared", root / "chassis/src/chassis"
    (chassis / "legacy.py").unlink()
    (chassis / "logs.py").rename(chassis / "lines.py")
    replace(chassis / "lines.py", '    "trace_id",\n', '    "trace_id",\n    "user",\n')
    (shared / ".roadbed/scripts").rename(shared / ".roadbed/tools")
    replace(shared / ".roadbed/tools/build.sh", "docker build", "docker build --pull")
    (shared / "Dockerfile").rename(shared / "Containerfile")
    replace(shared / "Containerfile", "EXPOSE 8000\n", "EXPOSE 8000\nSTOPSIGNAL SIGTERM\n")
    for name in ("dockerignore", "CODEOWNERS.jinja"):
        (shared / name).unlink()
    for plan in PLANS:
        folder = root / "templates" / plan
        for name in (".dockerignore", "CODEOWNERS.jinja", "Dockerfile", ".roadbed/scripts"):
            (folder / name).unlink()
        link(folder / "Containerfile", "../_shared/Containerfile")
        link(folder / ".roadbed/tools", "../../_shared/.roadbed/tools")
    _own(root, '    "/.dockerignore",\n', "")
    _own(root, '    "/Dockerfile",\n    "/compose', '    "/Containerfile",\n    "/compose')
    _own(root, '    "/CODEOWNERS",\n', "")
    _listed(root, "CODEOWNERS", None)


def v2_1_0(root: Path) -> None:
    """Two files change their owner, dependencies and a default change, one behind a condition."""
    shared = root / "templates/_shared"
    _own(root, '    "/.editorconfig",\n', '    "/SECURITY.md",\n')
    _own(
        root,
        '    "/README.md",\n    "/SECURITY.md",\n',
        '    "/.editorconfig",\n    "/README.md",\n',
    )
    _listed(root, "SECURITY.md", ".editorconfig")
    (shared / "editorconfig").write_text("# Yours.\nroot = true\n")
    (shared / "SECURITY.md").write_text(_SECURITY)
    replace(root / "copier.yml", "default: eu", "default: us")
    replace(shared / "gitlab/_test.yml", "uv run pytest", "uv run pytest --strict-markers")
    for plan in PLANS:
        path = root / "templates" / plan / "pyproject.toml.jinja"
        replace(path, '    "coverage",\n', "")
        replace(path, '    "ruff",\n', '    "ruff",\n    "rust-just",\n')


def v2_2_0(root: Path) -> None:
    """A service gets its own halves of the chassis only; until now it had both."""
    replace(
        root / "copier.yml",
        "  - |\n    {% if _copier_operation == 'update' %}\n",
        f"{_HALVES}  - |\n    {{% if _copier_operation == 'update' %}}\n",
    )


def _own(root: Path, old: str, new: str) -> None:
    """Change the ownership table."""
    replace(root / "templates/_shared/.roadbed/ownership.toml", old, new)


def _listed(root: Path, gone: str, arrived: str | None) -> None:
    """Take a seed out of both lists of the questionnaire, and put another in."""
    path = root / "copier.yml"
    lines = path.read_text().splitlines(keepends=True)
    kept = [line for line in lines if line.strip() not in {f"/{gone}", f"- /{gone}"}]
    assert len(lines) - 2 == len(kept)
    path.write_text("".join(kept))
    if arrived:
        replace(path, "    /README.md\n", f"    /{arrived}\n    /README.md\n")
        replace(path, "  - /README.md\n", f"  - /{arrived}\n  - /README.md\n")


_DRF = """\
    Django REST framework:
      value: drf
      validator: "{% from 'templates/questions.jinja' import fixed with context %}\
{{ fixed('web_api', 'drf') }}"
"""
_HALVES = """\
  - |
    {% if plan == 'fastapi-service' %}
    /.roadbed/chassis/src/chassis/django
    {% elif plan == 'django-monolith' %}
    /.roadbed/chassis/src/chassis/fastapi
    {% endif %}
"""
_RENOVATE = """\
// Shared: you and the platform both write here.
{
  "extends": [
    "config:recommended",
  ],
  "ignorePaths": [
    ".roadbed/**",
  ],
}
"""
_SECURITY = """\
# Security

Managed by Roadbed.
Write to security@localhost.
We answer within two days.
"""
RELEASES: dict[str, Callable[[Path], None]] = {
    "v1.1.0": v1_1_0,
    "v1.2.0": v1_2_0,
    "v1.3.0": v1_3_0,
    "v2.0.0": v2_0_0,
    "v2.1.0": v2_1_0,
    "v2.2.0": v2_2_0,
}
VERSIONS = ("v1.0.0", *RELEASES)
NEWEST = VERSIONS[-1]


def build(root: Path) -> None:
    """Make the repository in the folder `root`, which must not exist: a tagged commit a release."""
    shutil.copytree(HERE / "v1", root, symlinks=True)
    git(root, "init", "--quiet", "-b", "main")
    release(root, VERSIONS[0])
    for version, change in RELEASES.items():
        change(root)
        release(root, version)


def release(root: Path, version: str) -> None:
    """Write the manifests of the template in `root` as it lies, commit everything and tag it."""
    for message in ("Draft", "Release"):  # manifests are rendered from a commit
        git(root, "add", "--all")
        amend = ("--amend",) if message == "Release" else ()
        git(root, "commit", "--quiet", *amend, "-m", f"{message} {version}")
        if not amend:
            assert build_manifest.main(["--write", "--source", str(root)]) == 0
    git(root, "tag", version)


def git(root: Path, *arguments: str) -> str:
    """Run git as the platform's team, at a fixed time; returns what it printed."""
    return subprocess.run(
        ["git", *arguments],
        cwd=root,
        env={**os.environ, **_NOBODY},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
