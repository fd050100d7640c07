"""Limit Up-Limit Down: between which prices a stock may trade.

The bands lie a percentage around a reference price (`luld_reference` keeps it; `luld_state` says what
follows when a quotation stands at one). The percentage depends on the tier and on the class of the
previous close, never on the reference itself, and doubles in the last twenty-five minutes for tier 1 and
for tier 2 of the lower classes. It does not double after the opening: that ended on 24 February 2020.
Refuses hours outside regular trading, where there are no bands, and leveraged products, whose
percentages are multiplied by their leverage and which are not told apart here.

Source: National Market System Plan to Address Extraordinary Market Volatility, sections V and VI and
appendix A, as amended by amendment 18 (Release 34-85623, 84 FR 16086; effective 2020-02-24).
"""

from __future__ import annotations

from datetime import time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.exact import exact_arithmetic
from optionix_core.portfolio.exact_input import Number, positive
from optionix_core.trading.eastern import OPEN, Hour, hour_of, since_midnight

CENT: Final = Decimal("0.01")
LOW_EDGE: Final = Decimal("0.75")
HIGH_EDGE: Final = Decimal("3.00")
"""Edges of the price classes; both belong to the class between them."""

DOUBLING: Final = timedelta(minutes=25)
"""Before the close: the percentages double from 15:35 on, or from 12:35 on an early close."""

_UPPER_CLASS: Final = {1: Decimal("0.05"), 2: Decimal("0.10")}
_MIDDLE_CLASS: Final = Decimal("0.20")
_LOWER_CLASS: Final = Decimal("0.75")
_LOWER_AMOUNT: Final = Decimal("0.15")


class PriceClass(StrEnum):
    """Which row of the plan's table applies, by the previous close."""

    ABOVE_3 = "above $3.00"
    FROM_075_TO_3 = "$0.75 to $3.00"
    BELOW_075 = "below $0.75"


class LuldBands(NamedTuple):
    """Prices at which a stock may still trade, to the cent."""

    lower: Decimal
    """Zero where the rule leaves no lower limit."""
    upper: Decimal


def price_class(previous_close: Number) -> PriceClass:
    """The class of a previous close; exactly $0.75 and exactly $3.00 are in the middle one."""
    close = positive(previous_close, "previous_close")
    if close > HIGH_EDGE:
        return PriceClass.ABOVE_3
    return PriceClass.FROM_075_TO_3 if close >= LOW_EDGE else PriceClass.BELOW_075


def is_doubled(tier: int, found: PriceClass, time_et: Hour, close_et: Hour = "16:00") -> bool:
    """Whether the percentage doubles at an hour: in the last 25 minutes, the first and the last of them counted.

    Tier 1 in every class; tier 2 up to $3.00 alone. Raises InvalidValueError outside regular hours.
    """
    _check_tier(tier)
    hour, close = hour_of(time_et, "time_et"), hour_of(close_et, "close_et")
    if close <= OPEN:
        raise InvalidValueError("close_et", close, f"after the open at {OPEN:%H:%M}")
    if not OPEN <= hour <= close:
        raise InvalidValueError("time_et", hour, f"in regular trading hours, {OPEN:%H:%M} to {_text(close)}")
    late = since_midnight(hour) >= since_midnight(close) - DOUBLING
    return late and (tier == 1 or found is not PriceClass.ABOVE_3)


def luld_bands(
    reference_price: Number, previous_close: Number, tier: int, time_et: Hour, close_et: Hour = "16:00"
) -> LuldBands:
    """Lower and upper band, rounded to the nearest cent (half up).

    `tier` 1 or 2; `time_et` and `close_et` in New York's time. In the lowest class the distance is the
    lesser of $0.15 and 75% of the reference, twice that where doubled; a lower band that would be
    negative is zero. Raises InvalidValueError naming field, value and bound.
    """
    reference = positive(reference_price, "reference_price")
    found = price_class(previous_close)
    factor = 2 if is_doubled(tier, found, time_et, close_et) else 1
    with exact_arithmetic():
        distance = factor * _distance(reference, found, tier)
        lower, upper = max(Decimal(0), reference - distance), reference + distance
    return LuldBands(
        lower.quantize(CENT, rounding=ROUND_HALF_UP),
        upper.quantize(CENT, rounding=ROUND_HALF_UP),
    )


def _distance(reference: Decimal, found: PriceClass, tier: int) -> Decimal:
    if found is PriceClass.ABOVE_3:
        return reference * _UPPER_CLASS[tier]
    if found is PriceClass.FROM_075_TO_3:
        return reference * _MIDDLE_CLASS
    return min(_LOWER_AMOUNT, reference * _LOWER_CLASS)


def _check_tier(tier: int) -> None:
    if isinstance(tier, bool) or tier not in (1, 2):
        raise InvalidValueError("tier", repr(tier), "1 or 2")


def _text(hour: time) -> str:
    return hour.strftime("%H:%M")
