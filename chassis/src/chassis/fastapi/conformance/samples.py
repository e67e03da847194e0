"""Values that fit a schema of the contract, for rules that must get past its validation."""

from collections.abc import Mapping
from typing import Any

_BY_FORMAT: Mapping[str, str] = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "email": "ines@example.com",
    "uri": "https://service.example.com/in",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_PLAIN: Mapping[str, Any] = {"boolean": True, "null": None}


def resolve(schema: Mapping[str, Any], contract: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow `$ref`, and take the first branch of `anyOf`, `oneOf` and `allOf`."""
    while True:
        if reference := schema.get("$ref"):
            schema = contract["components"]["schemas"][reference.rpartition("/")[2]]
            continue
        branches = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if not branches:
            return schema
        schema = branches[0]


def make(schema: Mapping[str, Any], contract: Mapping[str, Any], text: str) -> Any:
    """Make the smallest value that fits, with `text` in every text that is free."""
    schema = resolve(schema, contract)
    if "enum" in schema or "const" in schema:
        return schema.get("const") or schema["enum"][0]
    match schema.get("type"):
        case "object":
            required = schema.get("required", ())
            known = schema.get("properties", {})
            return {name: make(known[name], contract, text) for name in required if name in known}
        case "array":
            one = make(schema.get("items", {}), contract, text)
            return [one] * schema.get("minItems", 0)
        case "integer" | "number":
            return max(schema.get("minimum", 1), 1)
        case "boolean" | "null":
            return _PLAIN[schema["type"]]
    return _text(schema, text)


def _text(schema: Mapping[str, Any], text: str) -> str:
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]
