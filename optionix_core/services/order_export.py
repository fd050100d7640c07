"""Orders as a file: CSV with one line an order, or JSON with every fill, leg and answer of the gate.

Fields are named and mean the same as in `optionix order list --json`.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError
from optionix_core.services import order_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optionix_core.trading.orders import OrderResult

FORMATS: Final = ("csv", "json")
COLUMNS: Final = (
    "client_order_id", "account", "created_at", "state", "side", "quantity", "filled_quantity", "remaining", "symbol",
    "label", "type", "limit_price", "trigger_price", "time_in_force", "average_price", "cost", "fees", "reserved",
    "ends_at", "reason", "parent", "one_cancels", "tag",
)  # fmt: skip
"""Of the CSV file."""


def encode(orders: Sequence[OrderResult], kind: str) -> str:
    """The text of the file. Raises InvalidValueError for a format that is not one of `FORMATS`."""
    if kind not in FORMATS:
        raise InvalidValueError("format", repr(kind), f"one of {', '.join(FORMATS)}")
    documents = [order_json.standing(order) for order in orders]
    if kind == "json":
        for document in documents:
            del document["schema_version"], document["replayed"]
        return json.dumps({"schema_version": 1, "orders": documents}, indent=2, ensure_ascii=False) + "\n"
    target = io.StringIO()
    writer = csv.DictWriter(target, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(documents)
    return target.getvalue()
