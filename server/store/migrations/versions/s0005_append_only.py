"""Logs and their roots only grow: triggers that refuse everything else."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.store.append_only import TABLES, postgres_removal, postgres_statements, sqlite_triggers

revision = "s0005"
down_revision = "s0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the triggers."""
    if op.get_bind().dialect.name == "sqlite":
        statements = tuple(trigger for table in TABLES for trigger in sqlite_triggers(table).values())
    else:
        statements = postgres_statements()
    for statement in statements:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Remove them."""
    if op.get_bind().dialect.name == "sqlite":
        statements = tuple(f"DROP TRIGGER {name}" for table in TABLES for name in sqlite_triggers(table))
    else:
        statements = postgres_removal()
    for statement in statements:
        op.execute(sa.text(statement))
