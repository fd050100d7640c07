"""The command that orders what `optionix strategy build` found: printed to be looked at, never run by itself.

Refuses shares, which the paper venue does not trade in a combination, parts of a unit, and a single option, which is
no combination.
"""

from __future__ import annotations

import json
import shlex
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Final

from optionix_core.errors import UsageError

CENT: Final = Decimal("0.01")


def command(document: dict[str, Any]) -> str:
    """`optionix order submit ...` at the net price of the answer, to the cent that costs no more."""
    legs, units = document["legs"], document["units"]
    if any(leg["symbol"] is None or leg["type"] == "stock" for leg in legs):
        raise UsageError(f"--submit orders options alone: {document['name']} has shares")
    if len(legs) < 2:
        raise UsageError(f"--submit orders combinations: {document['name']} is one option, see order submit --symbol")
    if not isinstance(units, int):
        raise UsageError(f"--submit orders whole units (got --units {units})")
    told = [
        {"symbol": leg["symbol"].replace(" ", ""), "ratio": ratio}
        for leg, ratio in zip(legs, document["ratio"], strict=True)
    ]
    limit = Decimal(repr(document["net_price"])).quantize(CENT, rounding=ROUND_FLOOR)
    words = ["optionix", "order", "submit", "--legs", json.dumps(told, separators=(",", ":"))]
    words += ["--side", "buy", "--quantity", str(units)]
    return f"{shlex.join(words)} --limit={limit}" if limit < 0 else f"{shlex.join(words)} --limit {limit}"
