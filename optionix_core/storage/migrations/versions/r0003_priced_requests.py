"""Requests that were priced, so that each can be found again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make `priced_requests`."""
    op.create_table(
        "priced_requests",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("time", sa.Text, nullable=False),
        sa.Column("contract", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Remove them, and every priced request with them."""
    op.drop_table("priced_requests")
