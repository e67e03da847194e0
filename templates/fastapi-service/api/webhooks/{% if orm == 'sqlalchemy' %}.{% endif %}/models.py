"""The tables of this domain."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4

from chassis.webhooks.delivery import State
from sqlalchemy import DateTime, ForeignKey, Index, String, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.db import Base

Moment = DateTime(timezone=True)
PENDING = text("state = 'pending'")


class Endpoint(Base):
    """A URL for deliveries of a tenant's events."""

    __tablename__ = "webhooks_endpoint"
    __table_args__ = (Index(None, "tenant_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    url: Mapped[str] = mapped_column(String(2048))
    description: Mapped[str] = mapped_column(String(200))
    event_types: Mapped[list[str]] = mapped_column(ARRAY(String(100)))
    enabled: Mapped[bool]
    secret: Mapped[str] = mapped_column(Text)
    previous_secret: Mapped[str | None] = mapped_column(Text)
    previous_until: Mapped[datetime | None] = mapped_column(Moment)
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_timestamp())

    # every change increments it, so one of two simultaneous changes fails
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's declarative way


class Event(Base):
    """An event of a tenant. `body` is the exact text that is sent."""

    __tablename__ = "webhooks_event"
    __table_args__ = (UniqueConstraint("tenant_id", "key"), Index(None, "created_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    key: Mapped[str | None] = mapped_column(String(200))
    type: Mapped[str] = mapped_column(String(100))
    body: Mapped[str] = mapped_column(Text)
    carried: Mapped[dict[str, str]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_timestamp())


class Delivery(Base):
    """The delivery of one event to one endpoint: its attempts, and when it is due."""

    __tablename__ = "webhooks_delivery"
    __table_args__ = (
        Index(None, "tenant_id", "created_at", "id"),
        Index(None, "endpoint_id", "created_at", "id"),
        Index(None, "event_id"),
        # the query of the workers; without the lease column, so taking a lease writes no index
        Index("ix_webhooks_delivery_due", "endpoint_id", "due_at", postgresql_where=PENDING),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    tenant_id: Mapped[UUID]
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey(Endpoint.id, ondelete="CASCADE"))
    event_id: Mapped[UUID] = mapped_column(ForeignKey(Event.id, ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(10), default=State.PENDING)
    tries: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    due_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_timestamp())
    leased_until: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.clock_timestamp())

    endpoint: Mapped[Endpoint] = relationship(lazy="raise")
    event: Mapped[Event] = relationship(lazy="raise")

    @classmethod
    def of(cls, event: Event, endpoint: Endpoint) -> Self:
        """Return a new delivery of `event` to `endpoint` (same tenant), due immediately."""
        made = cls(tenant_id=event.tenant_id, event_id=event.id, endpoint_id=endpoint.id)
        made.event, made.endpoint = event, endpoint
        return made
