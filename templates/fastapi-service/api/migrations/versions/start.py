"""Start the branch `api`. The service's own migrations continue it (`--head api@head`)."""

revision: str = "api_start"
down_revision: str | None = None
branch_labels: str | None = "api"
depends_on: str | None = None


def upgrade() -> None:
    """Do nothing: your first migration creates the first tables."""


def downgrade() -> None:
    """Do nothing."""
