"""API keys as clients see them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chassis.api_keys.store import LONGEST_DAYS, MOST_OF_A_TENANT

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Permission = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[!-~]+$")]
Days = Annotated[int, Field(ge=1, le=LONGEST_DAYS, description="Days until it expires.")]


class NewApiKey(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(description="The purpose, such as the program that uses the key.")
    permissions: list[Permission] = Field(
        min_length=1, max_length=50, description="Some of its creator's own."
    )
    expires_in_days: Days


class Rotation(BaseModel):
    """How a key is replaced."""

    model_config = ConfigDict(extra="forbid")

    expires_in_days: Days
    overlap_hours: int = Field(
        24, ge=0, le=168, description="Hours for which the old key still works."
    )


class ApiKeyView(BaseModel):
    """A key without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    prefix: str = Field(description="How the key begins, after rbk_.")
    name: str
    permissions: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = Field(description="To the minute.")


class MadeApiKey(ApiKeyView):
    """A key that was made just now."""

    key: str = Field(description="The key itself: it is shown this once.")


class ApiKeyList(BaseModel):
    """All live keys of the caller's tenant, newest first: at most a hundred."""

    items: list[ApiKeyView] = Field(max_length=MOST_OF_A_TENANT)
