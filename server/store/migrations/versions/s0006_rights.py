"""On PostgreSQL: the role that requests run as, what it may do, and whose rows it sees."""

from __future__ import annotations

from alembic import op

from server.store import row_security

revision = "s0006"
down_revision = "s0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make role, rights and policies."""
    if op.get_bind().dialect.name == "postgresql":
        row_security.enable(op.get_bind())


def downgrade() -> None:
    """Remove rights and policies."""
    if op.get_bind().dialect.name == "postgresql":
        row_security.disable(op.get_bind())
