"""The text of `.env.example`, generated from the settings so that it stays up to date."""

from collections.abc import Iterator

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from chassis.service import Half
from chassis.settings import ServiceSettings

_HEAD = """\
# Made by `just generate` from the settings; `cp .env.example .env` and edit the copy.
# A line that starts with a hash shows the default.

# Where this process runs: development, test, build (writes files, never serves) or production.
# Unset means production.
ENVIRONMENT=development
"""
_PORTS: dict[Half, str] = {"web": "# WEB_PORT=8000\n", "api": "# API_PORT=8001\n"}
_RECEIVER_PORT = "# RECEIVER_PORT=8003\n"
# a web half is the issuer of its API's tokens
_ISSUER_PORT = "# ISSUER_PORT=8002\n"


def render(*classes: type[ServiceSettings]) -> str:
    """Describe every variable of `classes` once, in the order of their fields."""
    fields = {name: field for settings in classes for name, field in settings.model_fields.items()}
    del fields["environment"]
    halves = dict.fromkeys(item.half for item in classes)
    ports = "".join(_PORTS[half] for half in halves)
    ports += "" if "web" in halves else _ISSUER_PORT
    ports += _RECEIVER_PORT if "api" in halves else ""
    variables = "\n".join("\n".join(_variable(*item)) for item in fields.items())
    return f"{_HEAD}\n{variables}\n\n# Ports on your machine.\n{ports}"


def _variable(name: str, field: FieldInfo) -> Iterator[str]:
    if field.description:
        yield f"# {field.description}"
    if field.is_required():
        yield f"{name.upper()}="
    else:
        yield f"# {name.upper()}={_shown(field)}"


def _shown(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=False)
    if isinstance(value, SecretStr) or value in (None, PydanticUndefined):
        return ""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
