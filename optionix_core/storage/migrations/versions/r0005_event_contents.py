"""Ids of what events contain, so that each of them is found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make `event_contents`; no event of an older log contains another."""
    op.create_table(
        "event_contents",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Remove it; what it lists stands in the events."""
    op.drop_table("event_contents")
