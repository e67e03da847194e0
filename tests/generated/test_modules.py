"""A service gets the chassis of its own halves, and every module of it can be imported."""

import json

from tests.generated.conftest import Project

# what a module needs that only an extra of the chassis brings, which these answers do not ask for
EXTRAS = {
    "graphql": "django-graphql, fastapi-graphql",
    "ninja": "django-ninja",
    "rest_framework": "django-drf",
    "drf_spectacular": "django-drf",
    "strawberry": "django-graphql, fastapi-graphql",
    "strawberry_django": "django-graphql",
    "sqlmodel": "fastapi-sqlmodel",
    "storages": "django-storages[s3]",
}
FOLDERS = {
    "django-monolith": {"django"},
    "fastapi-service": {"accounts", "fastapi", "webhooks"},
    "hybrid": {"accounts", "django", "fastapi", "webhooks"},
}
# each module in a process that has imported the ones before it, as a server has
IMPORT_EVERYTHING = """
import importlib, json, os, pkgutil, sys
import chassis
if os.path.isdir("web"):
    os.environ["DJANGO_SETTINGS_MODULE"] = "web.settings"
    import django
    django.setup()
names = [module.name for module in pkgutil.walk_packages(chassis.__path__, "chassis.")]
failed = {}
for name in names:
    try:
        importlib.import_module(name)
    except ImportError as error:
        failed[name] = [error.name, str(error)]
print(json.dumps({"names": names, "failed": failed}))
"""


def test_every_shipped_module_is_imported(project: Project) -> None:
    """A module that fails lacks a library of an extra, never a module of the other half."""
    script = project.path / ".git" / "import_everything.py"
    script.write_text(IMPORT_EVERYTHING)
    output = project.run(
        f"uv run python {script.relative_to(project.path)}",
        environment={"ENVIRONMENT": "build", "PYTHONPATH": "."},
    )
    imported = json.loads(output.splitlines()[-1])

    unexplained = {
        name: message
        for name, (missing, message) in imported["failed"].items()
        if (missing or "").partition(".")[0] not in EXTRAS
    }
    assert {} == unexplained
    assert "chassis.health" in imported["names"]


def test_only_its_own_halves(project: Project) -> None:
    """The folders of the other half are not there, and neither are its recipes."""
    chassis = project.path / ".roadbed/chassis/src/chassis"
    halves = {"accounts", "django", "fastapi", "webhooks"}

    assert FOLDERS[project.plan] == {path.name for path in chassis.iterdir()} & halves
    listed = project.run("uv run just --list")
    assert ("receiver" in listed) is ("api" in project.halves)


def test_a_verb_of_the_other_half_is_refused(project: Project) -> None:
    """A web half alone says in one sentence that it has no API."""
    if project.plan != "django-monolith":
        return
    for verb in ("receiver", "client", "lint-migrations"):
        output = project.run(f"uv run python -m chassis {verb}", fails=True)
        assert f"This service has no API, which `{verb}` is for.\n" == output
