"""The problems of every operation, in the OpenAPI documents of both frameworks."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from chassis.problems import MEDIA_TYPE, Problem

_SCHEMA = {"$ref": "#/components/schemas/Problem"}
_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def declare(schema: dict[str, Any], *further: int) -> None:
    """Write the problems of any operation into an OpenAPI `schema`; add those of the statuses
    `further` to every operation."""
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema(mode="serialization")
    for path, operation in operations(schema):
        _declare(path, operation, [str(status) for status in further])


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every operation of an OpenAPI `schema` with its path."""
    for path, item in schema.get("paths", {}).items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, operation


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return `responses=` of a route with further problems, such as 409."""
    return {status: _response(str(status)) for status in statuses}


def _declare(path: str, operation: dict[str, Any], further: list[str]) -> None:
    statuses = ["default", *further]
    if operation.get("security"):
        statuses += ["401", "403"]
    if "{" in path:
        statuses += ["404"]
    if "requestBody" in operation:
        statuses += ["413", "415"]
    if "requestBody" in operation or operation.get("parameters"):
        statuses += ["422"]
    for status in statuses:
        operation["responses"].setdefault(status, _response(status))


def _response(status: str) -> dict[str, Any]:
    described = "Any other problem" if status == "default" else HTTPStatus(int(status)).phrase
    return {"description": described, "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}
