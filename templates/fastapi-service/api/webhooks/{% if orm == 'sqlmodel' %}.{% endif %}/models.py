"""The tables of this domain."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4

from chassis.webhooks.delivery import State
from sqlalchemy import Column, DateTime, Index, Integer, String, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, Relationship

from api.db import Base

Moment = DateTime(timezone=True)
PENDING = text("state = 'pending'")
_version = Column("version", Integer, nullable=False)


def _now() -> Any:
    """Return a time column that PostgreSQL fills in."""
    kept = {"server_default": func.clock_timestamp()}
    return Field(default=None, sa_type=Moment, nullable=False, sa_column_kwargs=kept)


class Endpoint(Base, table=True):
    """A URL for deliveries of a tenant's events."""

    __tablename__ = "webhooks_endpoint"
    __table_args__ = (Index(None, "tenant_id", "created_at", "id"),)

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    tenant_id: UUID
    url: str = Field(max_length=2048)
    description: str = Field(max_length=200)
    event_types: list[str] = Field(sa_type=ARRAY(String(100)))
    enabled: bool
    secret: str = Field(sa_type=Text)
    previous_secret: str | None = Field(default=None, sa_type=Text)
    previous_until: datetime | None = Field(default=None, sa_type=Moment)
    version: int = Field(default=None, sa_column=_version)
    created_at: datetime = _now()

    # every change increments it, so one of two simultaneous changes fails
    __mapper_args__ = {"version_id_col": _version}  # noqa: RUF012 - SQLAlchemy's declarative way


class Event(Base, table=True):
    """An event of a tenant. `body` is the exact text that is sent."""

    __tablename__ = "webhooks_event"
    __table_args__ = (UniqueConstraint("tenant_id", "key"), Index(None, "created_at"))

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    tenant_id: UUID
    key: str | None = Field(default=None, max_length=200)
    type: str = Field(max_length=100)
    body: str = Field(sa_type=Text)
    carried: dict[str, str] = Field(sa_type=JSONB)
    created_at: datetime = _now()


class Delivery(Base, table=True):
    """The delivery of one event to one endpoint: its attempts, and when it is due."""

    __tablename__ = "webhooks_delivery"
    __table_args__ = (
        Index(None, "tenant_id", "created_at", "id"),
        Index(None, "endpoint_id", "created_at", "id"),
        Index(None, "event_id"),
        # the query of the workers; without the lease column, so taking a lease writes no index
        Index("ix_webhooks_delivery_due", "endpoint_id", "due_at", postgresql_where=PENDING),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    tenant_id: UUID
    endpoint_id: UUID = Field(foreign_key="webhooks_endpoint.id", ondelete="CASCADE")
    event_id: UUID = Field(foreign_key="webhooks_event.id", ondelete="CASCADE")
    state: str = Field(default=State.PENDING, max_length=10)
    tries: int = 0
    attempts: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    due_at: datetime = _now()
    leased_until: datetime | None = Field(default=None, sa_type=Moment)
    created_at: datetime = _now()

    endpoint: Endpoint = Relationship(sa_relationship_kwargs={"lazy": "raise"})
    event: Event = Relationship(sa_relationship_kwargs={"lazy": "raise"})

    @classmethod
    def of(cls, event: Event, endpoint: Endpoint) -> Self:
        """Return a new delivery of `event` to `endpoint` (same tenant), due immediately."""
        made = cls(tenant_id=event.tenant_id, event_id=event.id, endpoint_id=endpoint.id)
        made.event, made.endpoint = event, endpoint
        return made
