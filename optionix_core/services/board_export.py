"""What the panes of the orders screen show, as files: CSV with a line a row, or JSON with everything.

Fields are named and mean the same as in the JSON of the commands that tell the same: `order list`, `order show`, `algo
list` and `algo costs`, `alert list`, `halt status`.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.services import alert_json, algorithm_json, halts_json, order_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optionix_core.services.order_board import AlgoLine, OrderBoard
    from optionix_core.trading.orders import OrderResult

FORMATS: Final = ("csv", "json")
PANES: Final = ("fills", "algorithms", "alerts", "halts")
"""Orders themselves have `order_export`."""


def encode(pane: str, board: OrderBoard, orders: Sequence[OrderResult], kind: str) -> str:
    """The text of a pane's file; the fills are those of `orders`.

    Raises InvalidValueError for a pane or format that is none, MissingDataError where CSV has no row to write.
    """
    if pane not in PANES:
        raise InvalidValueError("pane", repr(pane), f"one of {', '.join(PANES)}")
    if kind not in FORMATS:
        raise InvalidValueError("format", repr(kind), f"one of {', '.join(FORMATS)}")
    rows = {
        "fills": lambda: [row for order in orders for row in _fills(order)],
        "algorithms": lambda: [_algorithm(line) for line in board.algorithms],
        "alerts": lambda: [alert_json.alert(report) for report in board.alerts],
        "halts": lambda: [halts_json.halt(one) for one in board.halts.halts],
    }[pane]()
    if kind == "json":
        return json.dumps({"schema_version": 1, pane: rows}, indent=2, ensure_ascii=False) + "\n"
    if not rows:
        raise MissingDataError(f"there are no {pane} to write")
    return _csv(rows)


def _fills(order: OrderResult) -> list[dict[str, Any]]:
    document = order_json.standing(order)
    intent = {name: document[name] for name in ("client_order_id", "account", "side", "symbol", "label")}
    return [{**intent, **fill} for fill in document["fills"]]


def _algorithm(line: AlgoLine) -> dict[str, Any]:
    told = algorithm_json.summary(line.story)
    if line.costs is None:
        return {**told, "costs": None, "costs_reason": line.reason}
    costs = algorithm_json.costs(line.costs)
    for name in (*told, "schema_version", "from", "slices"):
        costs.pop(name, None)
    return {**told, "costs": costs, "costs_reason": None}


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    """Flat: what belongs to a field has its name before its own; lists stay in the JSON."""
    flat = [_flat(row) for row in rows]
    columns = dict.fromkeys(name for row in flat for name in row)
    target = io.StringIO()
    writer = csv.DictWriter(target, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return target.getvalue()


def _flat(row: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}_")
        elif not isinstance(value, list):
            found[prefix + name] = value
    return found
