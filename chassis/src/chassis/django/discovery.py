"""Discovery of apps by their folders: adding or deleting one needs no edit of a list."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

from django.urls import URLResolver, include, path


def discover_apps(package: str) -> list[str]:
    """Return the Django apps of a package: its folders with an `apps.py`, in alphabetical order.

    If the `__init__.py` of a folder has `requires = ("some_app",)`, these third-party apps are
    included, before the others.
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
    """Import every `<package>/<name>/<module>.py`; return the modules by folder name."""
    return {name: import_module(f"{package}.{name}.{module}") for name in _folders(package, module)}


def _folders(package: str, module: str = "__init__") -> Iterator[str]:
    root = Path(import_module(package).__path__[0])
    return (file.parent.name for file in sorted(root.glob(f"*/{module}.py")))
