"""``python -m chassis env-example``: the files that follow from the code."""

import importlib
import sys
from types import ModuleType

from chassis import env_example
from chassis.service import Service
from chassis.settings import ServiceSettings

# in a hybrid the web half is the issuer of tokens, which has settings of its own
_IDENTITY = "chassis.django.identity"


def run(service: Service) -> str:
    """Write ``.env.example`` from the settings of every half; return what was written."""
    sys.path.insert(0, str(service.root))
    names = [f"{half}.settings" for half in service.halves]
    if service.plan == "hybrid" and "web" in service.halves:
        names.append(_IDENTITY)
    found = [item for name in names for item in _settings(importlib.import_module(name))]
    text = env_example.render(*found)
    target = service.root / ".env.example"
    if not target.exists() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")
    return target.name


def _settings(module: ModuleType) -> list[type[ServiceSettings]]:
    return [
        item
        for item in vars(module).values()
        if isinstance(item, type)
        and issubclass(item, ServiceSettings)
        and item.__module__.startswith(module.__name__)
    ]
