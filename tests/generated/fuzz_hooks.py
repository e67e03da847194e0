"""What JSON Schema cannot say, so that data which fits the contract would rightly be refused.

schemathesis loads this file by itself; it imports nothing of ours.
"""

import uuid
from http import HTTPStatus
from typing import Any

import graphql
import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes, scalar

_LEAVES = (
    st.text().map(nodes.String) | st.integers().map(nodes.Int) | st.booleans().map(nodes.Boolean)
)


def _literal(fields: dict[str, Any]) -> Any:
    pairs = [
        graphql.ObjectFieldNode(name=graphql.NameNode(value=name), value=value)
        for name, value in fields.items()
    ]
    return nodes.Object(fields=pairs)


scalar("JSON", st.dictionaries(st.from_regex(r"\A[a-z]{1,9}\Z"), _LEAVES, max_size=3).map(_literal))

scalar("Decimal", st.decimals(0, 10**6, places=2).map(str).map(nodes.String))


@schemathesis.hook
def before_call(_context: Any, case: schemathesis.Case[Any], _kwargs: dict[str, Any]) -> None:
    """Make what is meant to be valid so: any version, a new key for a request, no NUL in JSON, a
    permission that the caller has, a query of GraphQL."""
    if case.meta is None or case.meta.generation.mode != schemathesis.GenerationMode.POSITIVE:
        return
    if "If-Match" in case.headers:
        case.headers["If-Match"] = "*"
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    case.body = _without_nul(case.body)
    if isinstance(case.body, dict) and "amount" in case.body:
        case.body = _approvable(case.body)
    if isinstance(case.body, dict):
        if case.path.endswith("/api-keys"):
            case.body["permissions"] = ["endpoints:read"]
        if case.path.endswith("/graphql"):
            case.body |= {"query": "{ service }", "operationName": None}


def _approvable(body: dict[str, Any]) -> dict[str, Any]:
    """Keep what may be asked for: two decimals, text that is not blank, no file of random bytes."""
    texts = {name: body[name] for name in ("title", "purpose") if str(body.get(name)).strip()}
    return {"title": "Lamp", "purpose": "Light.", **texts, "amount": "12.50"}


@schemathesis.check
def no_field_broke(_context: Any, response: Any, _case: Any) -> None:
    """An error of GraphQL carries its status; schemathesis would take any refusal for a crash."""
    assert response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, response.text
    body = response.json() if response.content and "json" in str(response.headers) else None
    for error in (body.get("errors") or ()) if isinstance(body, dict) else ():
        status = error.get("extensions", {}).get("status", HTTPStatus.BAD_REQUEST)
        assert status < HTTPStatus.INTERNAL_SERVER_ERROR, response.text


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "0")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return value
