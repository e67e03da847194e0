"""What only some plans have, switched on by `.roadbed/service.toml` and never by a seed."""

from pathlib import Path
from typing import Any

from chassis import service


def install(settings: dict[str, Any]) -> None:
    """Complete Django's settings, given as `globals()` of the settings module with its BASE_DIR.

    In a hybrid the web half becomes the identity provider: an app, its settings and, through
    `chassis.django.urls`, its addresses. In any other plan nothing changes.
    """
    found = service.load(Path(settings["BASE_DIR"]))
    if found.plan != "hybrid":
        return
    from chassis.django import identity  # noqa: PLC0415 - a monolith never imports a provider

    identity.install(settings, found)
