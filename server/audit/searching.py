"""Reading the audit log: entries that filters let through, the newest first, and the whole as lines to take away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, RowMapping, and_, func, or_, select

from optionix_core.sync import canonical
from server.audit.heads import SignedHead
from server.audit.log import in_base64
from server.crypto.envelopes import open_text, place
from server.parts import Envelopes
from server.store.database import Database
from server.store.tables import audit_logs

ALARMS: Final = (".alarm", ".refused", "-failed")
"""How actions end that may be an intrusion: tokens used twice, devices that contradict themselves, wrong passwords,
requests without the right."""
_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are asked for; None lets all through."""

    user_id: UUID | None = None
    action: str | None = None
    """The action, or its beginning."""
    resource: str | None = None
    """The resource, or its beginning."""
    since: datetime | None = None
    until: datetime | None = None
    """Not included."""
    alarms: bool = False
    """Only what may be an intrusion."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry as it is read; what is personal is opened."""

    seq: int
    id: UUID
    time: datetime
    action: str
    resource: str
    user_id: UUID | None
    details: Any
    ip_address: str | None
    user_agent: str | None
    hash: bytes


def search(
    database: Database, envelopes: Envelopes, asked: AuditFilter, offset: int, size: int
) -> tuple[Sequence[AuditLine], int]:
    """One page, the newest entry first, and how many there are in all."""
    where = and_(*_conditions(asked))
    query = select(audit_logs).where(where).order_by(audit_logs.c.seq.desc()).limit(size).offset(offset)
    with database.reading() as connection:
        total = connection.execute(select(func.count()).select_from(audit_logs).where(where)).scalar_one()
        rows = connection.execute(query).mappings().all()
    return [_line(envelopes, row) for row in rows], total


def lines(database: Database, head: SignedHead | None) -> Iterator[bytes]:
    """The log up to `head`, an entry a line in JSON, many lines a piece, and `head` as the last line.

    `data` is the canonical text that chain and tree are made over: whoever has the lines makes the Merkle root
    (RFC 6962) himself and compares it with the signed one. Nothing personal is in it.
    """
    row = audit_logs.c
    after, end = 0, 0 if head is None else head.seq
    while after < end:
        query = select(row.seq, row.epoch, row.data, row.hash).where(row.seq > after, row.seq <= end)
        with database.reading(fresh=True) as connection:
            page = connection.execute(query.order_by(row.seq).limit(_PAGE)).all()
        if not page:
            break
        yield b"".join(_exported(*entry) for entry in page)
        after = page[-1].seq
    yield orjson.dumps({"head": None if head is None else head.document()}, option=orjson.OPT_APPEND_NEWLINE)


def document(line: AuditLine) -> dict[str, Any]:
    """As JSON tells it."""
    return {
        "seq": line.seq,
        "id": str(line.id),
        "time": canonical.time_text(line.time),
        "action": line.action,
        "resource": line.resource,
        "user_id": None if line.user_id is None else str(line.user_id),
        "details": line.details,
        "ip_address": line.ip_address,
        "user_agent": line.user_agent,
        "hash": in_base64(line.hash),
    }


def _conditions(asked: AuditFilter) -> Iterator[ColumnElement[bool]]:
    row = audit_logs.c
    yield row.seq > 0
    if asked.user_id is not None:
        yield row.user_id == asked.user_id
    if asked.action is not None:
        yield row.action.startswith(asked.action, autoescape=True)
    if asked.resource is not None:
        yield row.resource.startswith(asked.resource, autoescape=True)
    if asked.since is not None:
        yield row.timestamp >= asked.since
    if asked.until is not None:
        yield row.timestamp < asked.until
    if asked.alarms:
        yield or_(*(row.action.endswith(ending) for ending in ALARMS))


def _exported(seq: int, epoch: int, data: bytes, chained: bytes) -> bytes:
    entry = {"seq": seq, "epoch": epoch, "data": data.decode("utf-8"), "hash": in_base64(chained)}
    return orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE)


def _line(envelopes: Envelopes, row: RowMapping) -> AuditLine:
    def opened(name: str) -> str | None:
        sealed = row[name]
        if sealed is None:
            return None
        return open_text(envelopes, "personal", place(f"audit_logs.{name}", row["id"]), sealed)

    return AuditLine(
        row["seq"],
        row["id"],
        row["timestamp"],
        row["action"],
        row["resource"],
        row["user_id"],
        row["details"],
        opened("ip_address"),
        opened("user_agent"),
        row["hash"],
    )
