"""Shared parts of the OpenAPI documents of Ninja and REST framework: security and problems."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from chassis import idempotency, openapi

_SESSION_AND_TOKEN: dict[str, Any] = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "A signed-in browser (in production `__Host-sessionid`). Writes send "
        "the CSRF token in `X-CSRFToken`.",
    },
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key or access token."},
}
_KEY = {
    "name": idempotency.HEADER,
    "in": "header",
    "required": False,
    "description": "A unique text for each new request, such as a UUID. A retry with the same key "
    "within a day returns the response of the first request and does not run again.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": idempotency.LONGEST_KEY,
        "pattern": "^[!-~]+$",
    },
}


def complete(schema: dict[str, Any]) -> None:
    """Add the shared parts to an OpenAPI `schema`, in place: security schemes, the idempotency key
    of writes, and the problems that every operation may return.

    Raises ImproperlyConfigured for a duplicate operation ID: clients are generated with one
    function for each.
    """
    schema.setdefault("components", {})["securitySchemes"] = _SESSION_AND_TOKEN
    _refuse_duplicates(schema)
    for item in schema["paths"].values():
        for method, operation in item.items():
            responses = {str(status): value for status, value in operation["responses"].items()}
            operation["responses"] = responses
            operation["security"] = [{name: []} for name in _SESSION_AND_TOKEN]
            if method in ("post", "patch"):
                operation.setdefault("parameters", []).append(_KEY)
                responses |= {str(status): value for status, value in openapi.declared(409).items()}
    openapi.declare(schema, 429)


def _refuse_duplicates(schema: dict[str, Any]) -> None:
    seen: dict[str, str] = {}
    for path, operation in openapi.operations(schema):
        name = operation["operationId"]
        if name in seen:
            raise ImproperlyConfigured(
                f"{seen[name]} and {path} have the same operation_id {name}: give one of them "
                "another operation_id."
            )
        seen[name] = path
