"""Apps are found, not listed: whoever adds or deletes a folder edits no list."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

from django.urls import URLResolver, include, path


def discover_apps(package: str) -> list[str]:
    """Name the Django apps in a package: its folders with an `apps.py`, in the alphabet's order.

    A folder whose `__init__.py` has `requires = ("some_app",)` brings these third-party apps
    along; they come first, and leave with the folder.
    """
    names = [f"{package}.{name}" for name in _folders(package)]
    required = [app for name in names for app in getattr(import_module(name), "requires", ())]
    apps = [f"{package}.{name}" for name in _folders(package, "apps")]
    return list(dict.fromkeys([*required, *apps]))


def discover_urls(package: str) -> list[URLResolver]:
    """Mount every `<package>/<name>/urls.py` at `/<name>/`."""
    return [
        path(f"{name}/", include(f"{package}.{name}.urls")) for name in _folders(package, "urls")
    ]


def discover(package: str, module: str) -> dict[str, ModuleType]:
    """Import `<package>/<name>/<module>.py` wherever there is one, by the folder's name."""
    return {name: import_module(f"{package}.{name}.{module}") for name in _folders(package, module)}


def _folders(package: str, module: str = "__init__") -> Iterator[str]:
    root = Path(import_module(package).__path__[0])
    return (found.parent.name for found in sorted(root.glob(f"*/{module}.py")))
