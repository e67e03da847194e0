"""What crosses the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from chassis.fastapi.fields import HttpsAddress, PlainText
from pydantic import BaseModel, ConfigDict, Field


class NewEndpoint(BaseModel):
    """An address to deliver events to."""

    model_config = ConfigDict(extra="forbid")

    url: HttpsAddress
    description: Annotated[PlainText, Field(max_length=200)] = ""
    enabled: bool = True


class EndpointView(BaseModel):
    """A registered endpoint."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    url: str
    description: str
    enabled: bool
    created_at: datetime
