"""The event log, who may write it, and the device whose log it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TRIGGERS = (
    """
CREATE TRIGGER events_insert_by_lock_holder BEFORE INSERT ON events
BEGIN
    SELECT RAISE(ABORT, 'events are appended only while the home lock is held')
    WHERE NOT optionix_home_lock_is_held();
    SELECT RAISE(ABORT, 'events are numbered without gaps')
    WHERE NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM events);
END""",
    """
CREATE TRIGGER events_never_update BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only: no update');
END""",
    """
CREATE TRIGGER events_never_delete BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only: no deletion');
END""",
)


def upgrade() -> None:
    """Make `home` and `events`."""
    op.create_table(
        "home",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "events",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("seq >= 1", name="events_seq_from_one"),
        sa.CheckConstraint("typeof(data) = 'blob'", name="events_data_is_bytes"),
        sa.CheckConstraint("typeof(hash) = 'blob' AND length(hash) = 32", name="events_hash_is_32_bytes"),
    )
    for statement in _TRIGGERS:
        op.execute(statement.strip())


def downgrade() -> None:
    """Remove them, and every event with them."""
    op.drop_table("events")
    op.drop_table("home")
