"""The table of calibrations over one connection: what to insert, how to find it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from optionix_core.storage.tables import calibrations

_insert = insert(calibrations).prefix_with("OR IGNORE")
_newest = select(calibrations.c.document).order_by(calibrations.c.id.desc())


def keep(connection: Connection, record: Mapping[str, Any]) -> None:
    """Insert it; one whose id is there already is the same one."""
    row = {name: str(record[name]) for name in ("id", "time", "model", "underlying")}
    row["document"] = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    connection.execute(_insert, row)


def newest(connection: Connection, limit: int, beginning: str = "") -> list[dict[str, Any]]:
    """The last `limit` of those whose id begins so, the newest first."""
    found = _newest.where(calibrations.c.id.startswith(beginning, autoescape=True)) if beginning else _newest
    return [json.loads(document) for document in connection.execute(found.limit(limit)).scalars()]
