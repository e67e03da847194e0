"""Start the branch that the service's own migrations continue: --head api@head."""

revision: str = "api_start"
down_revision: str | None = None
branch_labels: str | None = "api"
depends_on: str | None = None


def upgrade() -> None:
    """Change nothing: the first tables are yours."""


def downgrade() -> None:
    """Change nothing."""
