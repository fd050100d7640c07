"""The command that orders what `optionix strategy build` found: printed to be looked at, never run by itself.

Shares go in lots of a hundred, those that the options are on. Refuses parts of a unit, options of another multiplier
beside shares, and a single leg, which is no combination.
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
    if len(legs) < 2:
        raise UsageError(f"--submit orders combinations: {document['name']} is one leg, see order submit --symbol")
    if not isinstance(units, int):
        raise UsageError(f"--submit orders whole units (got --units {units})")
    told = [_leg(document, leg, ratio) for leg, ratio in zip(legs, document["ratio"], strict=True)]
    limit = Decimal(repr(document["net_price"])).quantize(CENT, rounding=ROUND_FLOOR)
    words = ["optionix", "order", "submit", "--legs", json.dumps(told, separators=(",", ":"))]
    words += ["--side", "buy", "--quantity", str(units)]
    return f"{shlex.join(words)} --limit={limit}" if limit < 0 else f"{shlex.join(words)} --limit {limit}"


def _leg(document: dict[str, Any], leg: dict[str, Any], ratio: int) -> dict[str, Any]:
    """A leg as `--legs` takes it; shares by their number."""
    from optionix_core.portfolio.deliverables import underlying_of
    from optionix_core.trading.orders import LOT

    if leg["type"] != "stock":
        if leg["symbol"] is None:
            raise UsageError(f"--submit orders listed options: a leg of {document['name']} has no symbol")
        return {"symbol": leg["symbol"].replace(" ", ""), "ratio": ratio}
    options = [one for one in document["legs"] if one["type"] != "stock"]
    if not options or any(one["symbol"] is None or one["multiplier"] != LOT for one in options):
        raise UsageError(f"--submit orders shares beside listed options of {LOT}: {document['name']} has others")
    return {"symbol": underlying_of(options[0]["symbol"]), "ratio": ratio * LOT}
