"""The contract of a web half's API; `just generate` writes it, and it is committed."""

import json
from importlib import import_module
from typing import Any

import django
from django.core.exceptions import ImproperlyConfigured

from chassis import idempotency, openapi

OPENAPI = "contracts/web.openapi.json"
GRAPHQL = "contracts/web.graphql"

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


def rendered() -> dict[str, str]:
    """Return the text of each contract by its path; the same code gives the same bytes.

    Django's settings have to be configured.
    """
    django.setup()
    api = import_module("web.api")
    urls = import_module("web.api.urls")
    if "strawberry_django" in api.requires:
        return {GRAPHQL: f"{urls.schema.as_str()}\n"}
    if "ninja" in api.requires:
        document = urls.api.get_openapi_schema()
    else:
        from chassis.django.api.drf import document as make  # noqa: PLC0415 - one framework is there

        document = make()
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, default=str)
    return {OPENAPI: f"{text}\n"}


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
