"""The contract of a web half's API. `just generate` writes the file; commit it."""

import json
from importlib import import_module

import django

OPENAPI = "contracts/web.openapi.json"
GRAPHQL = "contracts/web.graphql"


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
        from chassis.django.api.drf import document as make  # noqa: PLC0415 - may be absent

        document = make()
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, default=str)
    return {OPENAPI: f"{text}\n"}
