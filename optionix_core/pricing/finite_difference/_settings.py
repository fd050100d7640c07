"""What every march needs to know, and whom it tells how far it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from optionix_core.errors import InterruptedByUserError, InvalidValueError
from optionix_core.pricing.dividends import DividendSchedule, schedule
from optionix_core.pricing.flat_market import FlatMarket


@dataclass(frozen=True, slots=True)
class Settings:
    """Numbers of the coarser grid, and the scheme."""

    intervals: int
    variance_intervals: int
    steps: int
    theta: float
    rannacher_steps: int
    concentration: float
    scheme: str
    time_refinement: int
    """How many steps of the finer grid replace one: an error of first order in time needs four."""


@dataclass(frozen=True, slots=True)
class Underlying:
    """One price in one market."""

    spot: float
    rate: float
    dividend_yield: float
    dividends: DividendSchedule

    @property
    def drift(self) -> float:
        """Of the price, per year, between dividends."""
        return self.rate - self.dividend_yield

    def lowest(self, expiry: float) -> float:
        """The spot less all that is paid up to `expiry`, at least a tenth of it."""
        rest = 1.0
        paid = [
            amount for time, amount in zip(self.dividends.times, self.dividends.amounts, strict=True) if time <= expiry
        ]
        if self.dividends.proportional:
            rest = math.prod(1.0 - amount for amount in paid)
        else:
            rest = 1.0 - sum(paid) / self.spot
        return self.spot * max(rest, 0.1)


def underlying(market: FlatMarket) -> Underlying:
    """Raises InvalidValueError where the market has several prices."""
    if len(market.spots) != 1:
        raise InvalidValueError("spot", market.spot, "one price")
    plan = schedule(market.dividends)
    order = sorted(range(len(plan.times)), key=lambda row: plan.times[row])
    plan = DividendSchedule(
        tuple(plan.times[row] for row in order), tuple(plan.amounts[row] for row in order), plan.proportional
    )
    return Underlying(float(market.spots[0]), float(market.rate), float(market.yields[0]), plan)


@dataclass(slots=True)
class Watcher:
    """Counts work done, tells it as a fraction, and stops where it is told to."""

    progress: Callable[[float], None] | None = None
    cancel: Callable[[], bool] | None = None
    total: float = 1.0
    done: float = field(default=0.0, init=False)

    def advance(self, work: float) -> None:
        """Some of the work is done. Raises InterruptedByUserError where `cancel` says so."""
        self.done += work
        if self.progress is not None:
            self.progress(min(self.done / self.total, 0.99))
        if self.cancel is not None and self.cancel():
            raise InterruptedByUserError("finite differences were cancelled")

    def finish(self) -> None:
        """All of it is done."""
        if self.progress is not None:
            self.progress(1.0)
