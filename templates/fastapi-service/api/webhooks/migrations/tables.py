"""Create the tables of the example. `just drop-example` removes this branch with the example."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "webhooks_tables"
down_revision: str | None = None
branch_labels: str | None = "webhooks"
depends_on: str | None = None


def upgrade() -> None:
    """Create the tables, and the indexes for lists and workers."""
    _create_endpoints()
    _create_events()
    _create_deliveries()
    _index("endpoint", "tenant_id", "created_at", "id")
    _index("event", "created_at")
    _index("delivery", "tenant_id", "created_at", "id")
    _index("delivery", "endpoint_id", "created_at", "id")
    _index("delivery", "event_id")
    op.create_index(
        "ix_webhooks_delivery_due",
        "webhooks_delivery",
        ["endpoint_id", "due_at"],
        postgresql_where=sa.text("state = 'pending'"),
    )


def _create_endpoints() -> None:
    op.create_table(
        "webhooks_endpoint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("event_types", postgresql.ARRAY(sa.String(100)), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("previous_secret", sa.Text(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks_endpoint")),
    )


def _create_events() -> None:
    op.create_table(
        "webhooks_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(200), nullable=True),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("carried", postgresql.JSONB(), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks_event")),
        sa.UniqueConstraint("tenant_id", "key", name=op.f("uq_webhooks_event_tenant_id_key")),
    )


def _create_deliveries() -> None:
    op.create_table(
        "webhooks_delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("attempts", postgresql.JSONB(), nullable=False),
        _moment("due_at"),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks_delivery")),
        _belongs_to("endpoint"),
        _belongs_to("event"),
    )


def downgrade() -> None:
    """Drop the tables and their data."""
    for table in ("delivery", "event", "endpoint"):
        op.drop_table(f"webhooks_{table}")


def _moment(name: str) -> sa.Column[object]:
    now = sa.func.clock_timestamp()
    return sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=False)


def _belongs_to(other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_webhooks_delivery_{other}_id_webhooks_{other}")
    return sa.ForeignKeyConstraint(
        [f"{other}_id"], [f"webhooks_{other}.id"], name=name, ondelete="CASCADE"
    )


def _index(table: str, *columns: str) -> None:
    name = f"ix_webhooks_{table}_{'_'.join(columns)}"
    op.create_index(op.f(name), f"webhooks_{table}", list(columns))
