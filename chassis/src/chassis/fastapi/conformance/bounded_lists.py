"""API002."""

from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any, override

from chassis.conformance import Finding, Level, Rule
from chassis.fastapi.conformance.system_under_test import Operation, SystemUnderTest

_LARGEST = 1000


class BoundedLists(Rule[SystemUnderTest]):
    """A list is returned in pages, and the size of a page is limited."""

    id = "API002"
    level = Level.SILVER

    @override
    async def check(self, system: SystemUnderTest) -> AsyncIterator[Finding]:
        """Return `Page[View]` with the parameters `Limit` and `Cursor`:

        ```python
        async def list_orders(session: Session, limit: Limit = 50, after: Cursor = None): ...
        ```

        Declare the limit of a list that is always short:
        `Annotated[list[View], Field(max_length=50)]`.
        """
        for operation in system.operations:
            if operation.method != "GET":
                continue
            answer = system.resolved(_answered(operation))
            items = answer.get("properties", {}).get("items", answer)
            if items.get("type") != "array" or "maxItems" in items:
                continue
            if items is answer:
                yield Finding(operation.name, "returns a list without pages")
                continue
            async for finding in _bounds(operation, system):
                yield finding


def _answered(operation: Operation) -> Mapping[str, Any]:
    content = operation.spec["responses"].get("200", {}).get("content", {})
    schema: Mapping[str, Any] = content.get("application/json", {}).get("schema", {})
    return schema


async def _bounds(operation: Operation, system: SystemUnderTest) -> AsyncIterator[Finding]:
    limit = operation.parameters("query").get("limit")
    largest = system.resolved(limit).get("maximum") if limit else None
    if largest is None or largest > _LARGEST:
        yield Finding(
            operation.name, f"needs a parameter limit with a maximum of at most {_LARGEST}"
        )
        return
    answer = await system.ask("GET", operation.url, params={"limit": largest + 1})
    if answer.status_code not in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.NOT_FOUND):
        yield Finding(operation.name, f"answered {answer.status_code} to limit={largest + 1}")
