"""The table of priced requests over one connection: what to insert, how to find it again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from optionix_core.storage.tables import priced_requests

_insert = insert(priced_requests).prefix_with("OR IGNORE")
_newest = select(priced_requests.c.document).order_by(priced_requests.c.id.desc())


def keep(connection: Connection, records: Sequence[Mapping[str, Any]]) -> None:
    """Insert them; one whose id is there already is the same one."""
    rows = [
        {
            "id": str(record["id"]),
            "time": str(record["time"]),
            "contract": str(record["contract"]),
            "model": str(record["model"]),
            "document": json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":")),
        }
        for record in records
    ]
    if rows:
        connection.execute(_insert, rows)


def newest(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """The last `limit` of them, the newest first."""
    return [json.loads(document) for document in connection.execute(_newest.limit(limit)).scalars()]


def beginning(connection: Connection, text: str, limit: int = 20) -> list[dict[str, Any]]:
    """Those whose id begins with `text`, the newest first."""
    found = _newest.where(priced_requests.c.id.startswith(text, autoescape=True)).limit(limit)
    return [json.loads(document) for document in connection.execute(found).scalars()]
