"""A watchlist as JSON and CSV. Prices as quoted, volatilities and changes as fractions; what is not known is null."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from optionix_core.errors import MissingDataError
from optionix_core.sync.canonical import time_text

if TYPE_CHECKING:
    from optionix_core.services.watchlist_view import WatchRow, WatchView

SCHEMA_VERSION: Final = 1


def to_json(view: WatchView) -> dict[str, Any]:
    """The document, a record a symbol."""
    return {
        "schema_version": SCHEMA_VERSION,
        "name": view.watchlist.name,
        "moment": time_text(view.moment),
        "source": view.source,
        "feed": str(view.state),
        "rows": [row_json(row) for row in view.rows],
    }


def row_json(row: WatchRow) -> dict[str, Any]:
    """One symbol: the list's columns, and the closes that its line is drawn from."""
    return {
        "symbol": row.symbol.strip(),
        "label": row.label,
        **{column.replace("-", "_"): value for column, value in row.values.items()},
        "quoted_at": None if row.quoted_at is None else time_text(row.quoted_at),
        "stale": row.stale,
        "reason": row.reason,
        "closes": list(row.closes),
    }


def encode(view: WatchView, kind: str) -> str:
    """The text of a file: `csv` with a line a symbol, `json` with everything. MissingDataError for an empty list."""
    if kind == "json":
        return json.dumps(to_json(view), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    rows = [row_json(row) for row in view.rows]
    if not rows:
        raise MissingDataError(f"watchlist {view.watchlist.name} has no symbols")
    target = io.StringIO()
    fields = [name for name in rows[0] if name != "closes"]
    writer = csv.DictWriter(target, fields, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue()
