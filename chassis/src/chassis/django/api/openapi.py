"""What the OpenAPI documents of Ninja and REST framework share: who may call, and every problem."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from chassis import idempotency, openapi

_SESSION_AND_TOKEN: dict[str, Any] = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "A signed-in browser (in production `__Host-sessionid`); a write sends "
        "the CSRF token in `X-CSRFToken`.",
    },
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key or access token."},
}
_KEY = {
    "name": idempotency.HEADER,
    "in": "header",
    "required": False,
    "description": "Any text that is new for each new request, such as a UUID. A retry with the "
    "same key within a day gets the answer of the first request and does nothing again.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": idempotency.LONGEST_KEY,
        "pattern": "^[!-~]+$",
    },
}


def complete(schema: dict[str, Any]) -> None:
    """Write into an OpenAPI `schema` what all operations share: who may call, the key of a write,
    the problems that any may answer with.

    Raises ImproperlyConfigured for two operations of one name: a client has a function for each.
    """
    schema.setdefault("components", {})["securitySchemes"] = _SESSION_AND_TOKEN
    _refuse_twins(schema)
    for item in schema["paths"].values():
        for method, operation in item.items():
            responses = {str(status): said for status, said in operation["responses"].items()}
            operation["responses"] = responses
            operation["security"] = [{name: []} for name in _SESSION_AND_TOKEN]
            if method in ("post", "patch"):
                operation.setdefault("parameters", []).append(_KEY)
                responses |= {str(status): said for status, said in openapi.declared(409).items()}
    openapi.declare(schema, 429)


def _refuse_twins(schema: dict[str, Any]) -> None:
    seen: dict[str, str] = {}
    for path, operation in openapi.operations(schema):
        name = operation["operationId"]
        if name in seen:
            raise ImproperlyConfigured(
                f"{seen[name]} and {path} have operations of one name: give one of them another "
                f"operation_id than {name}."
            )
        seen[name] = path
