"""`python -m chassis generate`: the files that follow from the code, and whether they do."""

import argparse
import importlib
import os
import sys
from types import ModuleType

from chassis import env_example
from chassis.errors import UserError
from chassis.service import Half, Service
from chassis.settings import ServiceSettings

# in a hybrid the web half is the issuer of tokens, which has settings of its own
_SINGLE_SIGN_ON = "chassis.django.people.sso"
_IDENTITY = "chassis.django.identity.settings"
_WEB_API = "chassis.django.api.settings"


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the option that only compares."""
    parser.add_argument("--check", action="store_true", help="write nothing; fail if one differs")


def run(service: Service, options: argparse.Namespace) -> None:
    """Write the files, or compare them with the code. Raises UserError when one differs."""
    if not options.check:
        sys.stdout.write(f"Wrote {', '.join(write(service))}.\n")
    elif names := drifted(service):
        raise UserError(
            f"The code moved on and {', '.join(names)} did not: run `just generate` and commit."
        )


def write(service: Service) -> list[str]:
    """Write every file that differs; return the paths of all."""
    files = _files(service)
    for name in _differing(service, files):
        target = service.root / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(files[name], encoding="utf-8")
    return list(files)


def drifted(service: Service) -> list[str]:
    """Return the paths of files that are missing or differ from what the code says."""
    return _differing(service, _files(service))


def _differing(service: Service, files: dict[str, str]) -> list[str]:
    def current(name: str) -> str | None:
        path = service.root / name
        return path.read_text(encoding="utf-8") if path.exists() else None

    return [name for name, text in files.items() if current(name) != text]


def _files(service: Service) -> dict[str, str]:
    """Return the text of each file by its path, relative to the service. Raises UserError."""
    sys.path.insert(0, str(service.root))
    files = {".env.example": _env_example(service)}
    if _has_web_api(service):
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "web.settings")
        # only here: a service without Django lacks it
        from chassis.django.api import contracts as web  # noqa: PLC0415

        files |= web.rendered()
    if "api" in service.halves:
        # only here: a service without an API lacks the framework
        from chassis.fastapi import contracts  # noqa: PLC0415

        files |= contracts.rendered(importlib.import_module("api.main").app)
    return files


def _has_web_api(service: Service) -> bool:
    return (service.root / "web" / "api").is_dir()


def _env_example(service: Service) -> str:
    names = [name for half in service.halves for name in _modules(service, half)]
    if "web" in service.halves:
        names.append(_SINGLE_SIGN_ON)
    if service.plan == "hybrid" and "web" in service.halves:
        names.append(_IDENTITY)
    if _has_web_api(service):
        names.append(_WEB_API)
    classes = [item for name in names for item in _settings(importlib.import_module(name))]
    return env_example.render(*classes)


def _modules(service: Service, half: Half) -> list[str]:
    """Name the modules with settings: the half's own, then those of the domains that have some."""
    domains = sorted(path.parent.name for path in (service.root / half).glob("*/settings.py"))
    return [f"{half}.settings", *(f"{half}.{name}.settings" for name in domains)]


def _settings(module: ModuleType) -> list[type[ServiceSettings]]:
    return [
        item
        for item in vars(module).values()
        if isinstance(item, type)
        and issubclass(item, ServiceSettings)
        and item.__module__.startswith(module.__name__)
    ]
