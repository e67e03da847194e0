"""What an API of Django promises, and what it may not be started with."""

from types import ModuleType
from typing import Any

import pytest
import strawberry
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from ninja import Router

from chassis.django import sync_bridge
from chassis.django.api.graphql import Info, create_schema, field
from chassis.django.api.ninja import create_api
from chassis.django.api.openapi import complete


def api(*names: str) -> dict[str, Any]:
    """The document of an API with a POST operation of each name."""
    router = Router()
    for number, name in enumerate(names):

        def operation(request: HttpRequest, thing: str) -> None:
            """Do it."""

        router.post(f"/{number}/{{thing}}", operation_id=name)(operation)
    made = create_api(title="t", version="1", urls_namespace="-".join(names))
    made.add_router("/things", router)
    return dict(made.get_openapi_schema(path_prefix="/api/"))


def test_every_operation_says_who_may_call_and_what_may_go_wrong() -> None:
    """Sessions or tokens, a key for retries, and the problems of everybody."""
    document = api("make_thing")
    [operation] = [item["post"] for item in document["paths"].values()]
    assert operation["security"] == [{"session": []}, {"bearer": []}]
    assert [item["name"] for item in operation["parameters"]] == ["thing", "Idempotency-Key"]
    assert {"401", "403", "404", "409", "422", "429", "default"} <= set(operation["responses"])
    assert "Problem" in document["components"]["schemas"]


def test_two_operations_of_one_name_are_refused() -> None:
    """A client would have one function for both."""
    with pytest.raises(ImproperlyConfigured, match="the same operation_id twin"):
        api("twin", "twin")


@strawberry.type
class Decided:
    """A query whose fields say who may ask."""

    @field(None)
    def service(self, info: Info) -> str:
        """Anything."""
        return "t"


@strawberry.type
class Undecided:
    """A query that forgot."""

    @strawberry.field
    def secrets(self) -> str:
        """Anything."""
        return "s"


def test_a_field_has_to_say_who_may_ask() -> None:
    """The schema of a forgetful app is not made; the sentence says what to write."""
    forgetful = ModuleType("web.things.api")
    forgetful.Query = Undecided  # type: ignore[attr-defined]
    with pytest.raises(
        ImproperlyConfigured, match=r'Undecided\.secrets .* @field\("things:read"\)'
    ):
        create_schema(Decided, [forgetful])
    assert "secrets" not in create_schema(Decided, []).as_str()


def test_nothing_else_is_waited_for() -> None:
    """A coroutine that waits for a loop fails loudly instead of hanging."""

    class Never:
        def __await__(self) -> Any:
            yield

    async def wait() -> None:
        await Never()

    with pytest.raises(RuntimeError, match="awaits more than the database"):
        sync_bridge.run_sync(wait())


def test_problems_are_declared_once() -> None:
    """An answer that an operation has declared itself stays."""
    given = {"409": {"description": "Taken"}}
    document: dict[str, Any] = {
        "paths": {"/x": {"get": {"operationId": "x", "responses": dict(given)}}}
    }
    complete(document)
    assert document["paths"]["/x"]["get"]["responses"]["409"] == given["409"]
