"""A solved chain as JSON, the document that `chain show --json` prints and the server answers with.

Natural units throughout: volatilities, deltas and discount factors are fractions, prices are in the
chain's currency, days are calendar days. What is absent is null, never NaN and never zero; `rejected` is
why a quote has no volatility, or null.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from optionix_core.market.chain import QuoteColumns
    from optionix_core.volatility.solved import SolvedChain, SolvedColumns, SolvedSlice

    FloatArray = NDArray[np.float64]

SCHEMA_VERSION = 1


def to_json(solved: SolvedChain) -> dict[str, object]:
    """The document: plain dicts, lists, texts, numbers and None."""
    chain = solved.chain
    return {
        "schema_version": SCHEMA_VERSION,
        "underlying": chain.underlying,
        "as_of": utc_text(chain.as_of),
        "spot": chain.spot,
        "expiries": [_expiry(part) for part in solved.slices],
    }


def _expiry(part: SolvedSlice) -> dict[str, object]:
    calls = _side(part.source.call, part.call)
    puts = _side(part.source.put, part.put)
    return {
        "expiry": part.source.expiry.isoformat(),
        "root": part.source.root,
        "days": part.days,
        "forward": part.forward,
        "discount_factor": part.discount_factor,
        "rows": [
            {"strike": strike, "call": call, "put": put}
            for strike, call, put in zip(part.source.strikes.tolist(), calls, puts, strict=True)
        ],
    }


def _side(quoted: QuoteColumns, solved: SolvedColumns) -> list[dict[str, object]]:
    columns = zip(
        quoted.symbols,
        numbers_or_none(quoted.bid),
        numbers_or_none(quoted.ask),
        numbers_or_none(solved.iv),
        numbers_or_none(solved.delta),
        numbers_or_none(quoted.vendor_iv),
        solved.rejected,
        strict=True,
    )
    return [
        {
            "symbol": symbol,
            "bid": bid,
            "ask": ask,
            "iv": iv,
            "delta": delta,
            "vendor_iv": vendor_iv,
            "rejected": None if rejected is None else str(rejected),
        }
        for symbol, bid, ask, iv, delta, vendor_iv, rejected in columns
    ]


def numbers_or_none(values: FloatArray) -> list[float | None]:
    """The numbers as Python floats, with None for nan."""
    return [None if math.isnan(value) else value for value in values.tolist()]


def utc_text(moment: datetime) -> str:
    """`2023-02-07T21:15:00Z`; parts of a second only where there are any."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
