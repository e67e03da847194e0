"""Which service this is: what `.roadbed/service.toml` and `pyproject.toml` say about it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from chassis.errors import UserError

Half = Literal["web", "api"]
HALVES: tuple[Half, ...] = ("web", "api")
_MARKER = Path(".roadbed", "service.toml")


class ServiceError(UserError):
    """The service could not be found or read; the text is one sentence for its reader."""


@dataclass(frozen=True)
class Service:
    """One service and the folder it lives in.

    `halves` names the folders that exist (an image holds one half only); `example` maps a half
    to the package of its example, as `[example]` in `service.toml` does.
    """

    root: Path
    name: str
    version: str
    plan: str
    halves: tuple[Half, ...]
    example: Mapping[str, str] = field(default_factory=dict)


def load(start: Path | None = None) -> Service:
    """Read the service that `start` (default: the working directory) lies in.

    Raises ServiceError when no parent has `.roadbed/service.toml` or a file cannot be read.
    """
    root = _root((start or Path.cwd()).resolve())
    chosen = _toml(root / _MARKER)
    project = _toml(root / "pyproject.toml").get("project", {})
    for key, source, where in (
        ("plan", chosen, _MARKER),
        ("name", project, "pyproject.toml"),
        ("version", project, "pyproject.toml"),
    ):
        if not isinstance(source.get(key), str):
            raise ServiceError(f"{root / where} does not say the service's {key}: add it there.")
    return Service(
        root=root,
        name=project["name"],
        version=project["version"],
        plan=chosen["plan"],
        halves=tuple(half for half in HALVES if (root / half).is_dir()),
        example=chosen.get("example", {}),
    )


def _root(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / _MARKER).is_file():
            return folder
    raise ServiceError(
        f"{start} is not inside a Roadbed service (no {_MARKER} in it or above it): "
        "change into the service's folder and try again."
    )


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ServiceError(
            f"{path} cannot be read ({error}): restore it from version control."
        ) from error
