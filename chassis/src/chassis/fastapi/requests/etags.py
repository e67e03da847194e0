"""Conditional requests: a cheap read of unchanged data, and no lost updates.

The tag comes from a version that every write increments. SQLAlchemy keeps it and compares it in the
UPDATE itself: `__mapper_args__ = {"version_id_col": "version"}`; of two requests that both passed
`check` one therefore still fails, with 412. RFC 9110, section 13; RFC 6585, section 3::

    async def get_thing(thing: Found, reading: Reading) -> Thing:
        reading.tag(thing.version)  # 304 if the caller has this version
        return thing

    async def change_thing(thing: Found, new: Change, session: Session, writing: Writing) -> Thing:
        writing.check(thing.version)
        thing.name = new.name
        await session.flush()
        writing.tag(thing.version)
        return thing
"""

import hashlib
import re
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException

from chassis.fastapi.problems import respond
from chassis.openapi import declared, operations
from chassis.problems import ProblemError

_LONGEST = 1000  # characters of a list of tags
_REQUIRED = "x-required"
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
_CHANGED = "The version has changed since you read it: read it again, then retry."

_IfNoneMatch = Annotated[
    str | None,
    Header(
        alias="If-None-Match",
        max_length=_LONGEST,
        description="The `ETag` you have; the answer is 304 if it is still the current one.",
    ),
]
_IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=_LONGEST,
        description="The `ETag` you read; the answer is 412 if it has changed since.",
    ),
]
_RequiredIfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=_LONGEST,
        description="The `ETag` you read; the answer is 412 if it has changed since, and 428 "
        "without this header.",
        # the contract says required; FastAPI would answer 422 instead of 428
        json_schema_extra={_REQUIRED: True},
    ),
]


def etag(version: int | BaseModel) -> str:
    """Return the strong entity tag of a version, or of the whole content where there is none.

    Content is only safe to compare for an update while its row is locked (`with_for_update`).
    """
    if isinstance(version, BaseModel):
        digest = hashlib.sha256(version.model_dump_json().encode())
        return f'"{digest.hexdigest()[:32]}"'
    return f'"{version}"'


class Condition:
    """The tags that a request sent, and the tag of its response."""

    def __init__(self, response: Response, tags: str | None) -> None:
        """Take the value of `If-Match` or `If-None-Match` as `tags`."""
        self._response = response
        self._tags = tags

    def tag(self, version: int | BaseModel) -> None:
        """Put `ETag` into the response."""
        self._response.headers["ETag"] = etag(version)


class ReadCondition(Condition):
    """The condition of a GET."""

    def tag(self, version: int | BaseModel) -> None:
        """Put `ETag` into the response; answer 304 instead if the caller has that version."""
        current = etag(version)
        tags = self._tags or ""
        known = {f'"{value}"' for _, value in _TAG.findall(tags)}
        if tags.strip() == "*" or current in known:
            raise HTTPException(304, headers={"ETag": current})
        super().tag(version)


class WriteCondition(Condition):
    """The condition of a PUT, PATCH or DELETE."""

    def check(self, version: int | BaseModel) -> None:
        """Raise ProblemError 412 unless the caller read `version`, the current one.

        A request without `If-Match` passes.
        """
        if self._tags is None or self._tags.strip() == "*":
            return
        # weak tags never match here (RFC 9110, section 13.1.1)
        strong = {f'"{value}"' for weak, value in _TAG.findall(self._tags) if not weak}
        if etag(version) not in strong:
            raise ProblemError(412, None, _CHANGED)


async def _reading(response: Response, tags: _IfNoneMatch = None) -> ReadCondition:
    return ReadCondition(response, tags)


async def _writing(response: Response, tags: _IfMatch = None) -> WriteCondition:
    return WriteCondition(response, tags)


async def _guarded_writing(response: Response, tags: _RequiredIfMatch = None) -> WriteCondition:
    if tags is None:
        raise ProblemError(428, None, "Send the ETag of what you read as If-Match.")
    return WriteCondition(response, tags)


Reading = Annotated[ReadCondition, Depends(_reading)]
"""For a GET: `If-None-Match`."""
Writing = Annotated[WriteCondition, Depends(_writing)]
"""For an update: `If-Match`, if the caller sends it."""
GuardedWriting = Annotated[WriteCondition, Depends(_guarded_writing)]
"""For an update that requires `If-Match`: without it the answer is 428."""


def install(app: FastAPI) -> None:
    """Let `app` answer 412 or 409 to an update that another one overtook."""
    app.add_exception_handler(StaleDataError, _stale)


async def _stale(request: Request, _error: Exception) -> Response:
    is_conditional = "if-match" in request.headers
    problem = (
        ProblemError(412, None, _CHANGED)
        if is_conditional
        else ProblemError(409, "edit-conflict", "Send the request again.")
    )
    return respond(problem, request.scope)


def declare(schema: dict[str, Any]) -> None:
    """Add the tags and the error responses of both headers to the OpenAPI `schema`."""
    for _, operation in operations(schema):
        for parameter in operation.get("parameters", ()):
            if parameter["name"] == "If-None-Match":
                unchanged = {"description": "The caller has the current version"}
                operation["responses"].setdefault("304", unchanged)
                _declare_tag(operation)
            elif parameter["name"] == "If-Match":
                _declare_refusals(operation, parameter)
                _declare_tag(operation)


def _declare_refusals(operation: dict[str, Any], parameter: dict[str, Any]) -> None:
    statuses = [409, 412]
    if parameter["schema"].pop(_REQUIRED, False):
        parameter["required"] = True
        statuses.append(428)
    for status, response in declared(*statuses).items():
        operation["responses"].setdefault(str(status), response)


def _declare_tag(operation: dict[str, Any]) -> None:
    header = {"description": "The version of what is shown", "schema": {"type": "string"}}
    for status, response in operation["responses"].items():
        if status.startswith("2") and "content" in response:
            response.setdefault("headers", {}).setdefault("ETag", header)
