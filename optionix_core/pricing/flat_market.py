"""Where the market stands, as one contract sees it: spots, rates and dividends as plain numbers.

`of_market` takes them from a `Market` snapshot for one underlying and one expiry. Refuses defaults: what a snapshot
does not hold is an error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.dividends import CashDividends, Dividends, ProportionalDividends, schedule

if TYPE_CHECKING:
    from optionix_core.market.snapshot import Market

Numbers = float | tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatMarket:
    """Raises InvalidValueError, naming field, value and bound."""

    spot: Numbers
    """Price of the underlying, or a tuple with one for each."""
    rate: float
    """Continuously compounded, per year."""
    dividend_yield: Numbers = 0.0
    """Continuously compounded; a tuple where `spot` is one. Zero is a yield of zero, not an unknown one."""
    dividends: CashDividends | ProportionalDividends | None = None
    """Discrete dividends of a single underlying, beside the yield."""
    foreign_rate: float | None = None
    """Rate of the currency of the underlying where that is another (quanto)."""
    snapshot: str | None = None
    """`id` of the Market snapshot that these numbers come from."""

    def __post_init__(self) -> None:
        for row, spot in enumerate(self.spots):
            if not 1e-140 <= spot <= 1e140:
                raise InvalidValueError("spot", spot, "positive, from 1e-140 to 1e140", self._row(row))
        for name, values in (("rate", (self.rate,)), ("dividend_yield", self.yields)):
            for row, value in enumerate(values):
                if not abs(value) <= 1e6:
                    raise InvalidValueError(name, value, "finite, at most 1e6 in size", self._row(row))
        if len(self.spots) != len(self.yields):
            raise InvalidValueError("dividend_yield", self.dividend_yield, f"{len(self.spots)} numbers, as spot")
        if self.foreign_rate is not None and not abs(self.foreign_rate) <= 1e6:
            raise InvalidValueError("foreign_rate", self.foreign_rate, "finite, at most 1e6 in size")
        if self.dividends is not None:
            schedule(self.dividends)

    @property
    def spots(self) -> tuple[float, ...]:
        """One for each underlying."""
        return self.spot if isinstance(self.spot, tuple) else (self.spot,)

    @property
    def yields(self) -> tuple[float, ...]:
        """One for each underlying."""
        return self.dividend_yield if isinstance(self.dividend_yield, tuple) else (self.dividend_yield,)

    def terms(self) -> dict[str, Any]:
        """Fields as plain JSON values; what is absent is None."""
        paid: Dividends | None = self.dividends
        plan = schedule(paid)
        shown = None
        if paid is not None:
            kind = "proportional" if plan.proportional else "cash"
            shown = {"kind": kind, "times": list(plan.times), "amounts": list(plan.amounts)}
        return {
            "spot": list(self.spot) if isinstance(self.spot, tuple) else self.spot,
            "rate": self.rate,
            "dividend_yield": list(self.yields) if isinstance(self.dividend_yield, tuple) else self.dividend_yield,
            "dividends": shown,
            "foreign_rate": self.foreign_rate,
            "snapshot": self.snapshot,
        }

    def _row(self, row: int) -> int | None:
        return row if isinstance(self.spot, tuple) else None


def of_market(market: Market, underlying: str, currency: str, expiry: float) -> FlatMarket:
    """The flat market up to `expiry` in years: the rate is the curve's zero rate, the yield that of the forward.

    Raises MissingDataError for what the snapshot does not hold.
    """
    spot = market.spot(underlying)
    if not expiry > 0.0:
        return FlatMarket(spot=spot, rate=0.0, snapshot=market.id)
    rate = -math.log(float(market.discount_curve(currency).discount_factor(expiry))) / expiry
    growth = math.log(float(market.forward_curve(underlying).forward(expiry)) / spot) / expiry
    return FlatMarket(spot=spot, rate=rate, dividend_yield=rate - growth, snapshot=market.id)
