"""The tables of this domain."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Column, DateTime, Index, func
from sqlmodel import Field

from api.db import Base


class Endpoint(Base, table=True):
    """An address to which a tenant's events are delivered."""

    __tablename__ = "webhooks_endpoint"
    __table_args__ = (Index(None, "tenant_id", "created_at", "id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    tenant_id: UUID
    url: str = Field(max_length=2048)
    description: str = Field(max_length=200)
    enabled: bool
    created_at: datetime = Field(
        default=None,
        sa_column=Column(
            DateTime(timezone=True), server_default=func.clock_timestamp(), nullable=False
        ),
    )
