"""Add endpoints. This branch belongs to the example and goes with its folder."""

import sqlalchemy as sa
from alembic import op

revision: str = "webhooks_endpoint"
down_revision: str | None = None
branch_labels: str | None = "webhooks"
depends_on: str | None = None


def upgrade() -> None:
    """Make the table and the index that its pages are read by."""
    op.create_table(
        "webhooks_endpoint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(2048), nullable=False),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.func.clock_timestamp(),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks_endpoint")),
    )
    op.create_index(
        op.f("ix_webhooks_endpoint_tenant_id_created_at_id"),
        "webhooks_endpoint",
        ["tenant_id", "created_at", "id"],
    )


def downgrade() -> None:
    """Drop the table with everything in it."""
    op.drop_table("webhooks_endpoint")
