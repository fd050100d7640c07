"""Tables of the home's database, and the triggers that keep the log append-only.

`events` takes an insert only from a connection that knows the function `optionix_home_lock_is_held`,
which is the writer's alone: any other SQLite client is refused by that name. Nobody updates or deletes.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import DDL, CheckConstraint, Column, Integer, LargeBinary, MetaData, Table, Text, event

LOCK_FUNCTION: Final = "optionix_home_lock_is_held"

metadata: Final = MetaData()

home: Final = Table(
    "home",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What was fixed when the home was made: `device` and `created_at`."""

events: Final = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("data", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    CheckConstraint("seq >= 1", name="events_seq_from_one"),
    CheckConstraint("typeof(data) = 'blob'", name="events_data_is_bytes"),
    CheckConstraint("typeof(hash) = 'blob' AND length(hash) = 32", name="events_hash_is_32_bytes"),
)
"""The log. `data` is the canonical form, from which `id` is repeated to find it by."""

event_contents: Final = Table(
    "event_contents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""Ids under which events are filed beside their own: an index of what they list as `contains`."""

fold_checkpoints: Final = Table(
    "fold_checkpoints",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)
"""States of folds at a place in the log: a cache."""

priced_requests: Final = Table(
    "priced_requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("time", Text, nullable=False),
    Column("contract", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("document", Text, nullable=False),
)
"""Requests that were priced. `id` begins with the time, so that it sorts; `document` is all of it as JSON."""

calibrations: Final = Table(
    "calibrations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("time", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("underlying", Text, nullable=False),
    Column("document", Text, nullable=False),
)
"""Models calibrated to chains. `id` begins with the time, so that it sorts; `document` is all of it as JSON."""

remote_events: Final = Table(
    "remote_events",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("data", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("device_id", Text),
    Column("device_seq", Integer),
)
"""The server's stream as it was pulled. `hash`: the device chain over what folds see of it, see `merged_rows`."""

remote_contents: Final = Table(
    "remote_contents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""Ids under which pulled events are filed beside their own."""

own_masked: Final = Table(
    "own_masked",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
)
"""Own events that the server has not judged yet and that the book refuses after what was pulled, by their sequence."""

sync_state: Final = Table(
    "sync_state",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Which server a home is bound to, and how far the two are."""

TRIGGERS: Final = {
    "events_insert_by_lock_holder": """
CREATE TRIGGER events_insert_by_lock_holder BEFORE INSERT ON events
BEGIN
    SELECT RAISE(ABORT, 'events are appended only while the home lock is held')
    WHERE NOT optionix_home_lock_is_held();
    SELECT RAISE(ABORT, 'events are numbered without gaps')
    WHERE NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM events);
END""".strip(),
    "events_never_update": """
CREATE TRIGGER events_never_update BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only: no update');
END""".strip(),
    "events_never_delete": """
CREATE TRIGGER events_never_delete BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only: no deletion');
END""".strip(),
}

for _statement in TRIGGERS.values():
    event.listen(events, "after_create", DDL(_statement))  # type: ignore[no-untyped-call] # untyped in SQLAlchemy
