"""Accounts: how one stands and until when its stream's events alone tell; the columns beside them nobody wrote."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "s0008"
down_revision = "s0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop them: all accounts were active there, and no lease was told."""
    op.drop_column("accounts", "status")
    op.drop_column("accounts", "lease_hours")


def downgrade() -> None:
    """Make them, with what all accounts had."""
    op.add_column("accounts", sa.Column("status", sa.Text, nullable=False, server_default="active"))
    op.add_column("accounts", sa.Column("lease_hours", sa.Float, nullable=True))
