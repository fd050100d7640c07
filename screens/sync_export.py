"""The desk as text, for files."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from optionix_core.errors import MissingDataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from screens.team import DeskRow


def record(row: DeskRow) -> dict[str, Any]:
    """Flat, money as text, model numbers as numbers."""

    def money(value: object) -> str | None:
        return None if value is None else str(value)

    return {
        "account": row.account,
        "account_id": row.account_id,
        "owner": row.owner,
        "rights": row.rights,
        "kind": row.kind,
        "currency": row.currency,
        "total_value": money(row.total_value),
        "day_pnl": money(row.day_pnl),
        "total_pnl": money(row.total_pnl),
        **{name: row.greeks.get(name) for name in ("dollar_delta", "dollar_gamma", "theta", "vega")},
    }


def encoded(rows: Sequence[DeskRow], kind: str) -> str:
    """As CSV or JSON. MissingDataError where there is no desk."""
    if not rows:
        raise MissingDataError("there is no desk to write: sign in, and look again")
    records = [record(row) for row in rows]
    if kind == "json":
        return json.dumps({"schema_version": 1, "accounts": records}, ensure_ascii=False, indent=1) + "\n"
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue()
