"""Whether a database is whole: its pages and references as SQLite tells them, and heads that are what they head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, or_, select

from optionix_core.errors import IntegrityError
from server.store.tables import audit_logs, stream_events, streams

if TYPE_CHECKING:
    from server.store.database import Database


def check_integrity(database: Database) -> None:
    """IntegrityError names what is wrong. Reads everything: for after a crash and on demand, not for every start.

    Chains and signatures are for `StreamStore.verify` and the audit's own check. The pages of a PostgreSQL are for its
    administrator (`pg_amcheck`).
    """
    with database.reading(fresh=True) as connection:
        if database.kind == "sqlite":
            _pages(connection)
        _heads(connection)


def _pages(connection: Connection) -> None:
    told = list(connection.exec_driver_sql("PRAGMA integrity_check").scalars())
    if told != ["ok"]:
        raise IntegrityError(f"the database is damaged: {'; '.join(map(str, told[:3]))}")
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise IntegrityError(f"a row of {broken[0]} refers to one of {broken[2]} that is not there")


def _heads(connection: Connection) -> None:
    row = stream_events.c
    counted = (
        select(row.stream_id, func.count().label("events"), func.max(row.seq).label("last"))
        .group_by(row.stream_id)
        .subquery()
    )
    found = func.coalesce(counted.c.events, 0)
    wrong = connection.execute(
        select(streams.c.id, streams.c.head_seq, found)
        .select_from(streams.outerjoin(counted, counted.c.stream_id == streams.c.id))
        .where(or_(found != streams.c.head_seq, func.coalesce(counted.c.last, 0) != streams.c.head_seq))
    ).first()
    if wrong is not None:
        raise IntegrityError(f"the stream {wrong[0]} has {wrong[2]} events and its head says {wrong[1]}")
    entries, last = connection.execute(select(func.count(), func.coalesce(func.max(audit_logs.c.seq), 0))).one()
    if entries != last:
        raise IntegrityError(f"the audit log has {entries} entries and its last is numbered {last}")
