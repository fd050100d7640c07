"""Accounts: the market that a device's own venue matches one on, as the fact that opened it told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.store.types import Document

revision = "s0007"
down_revision = "s0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column; of accounts that are there nobody told."""
    op.add_column("accounts", sa.Column("market", Document, nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("accounts", "market")
