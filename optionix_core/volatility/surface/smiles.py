"""One expiry of a surface: its smile, what it is anchored to, and how well it meets its quotes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from optionix_core.volatility.surface.quotes import SliceQuotes

    FloatArray = NDArray[np.float64]


class Smile(Protocol):
    """Total variance of one expiry as a function of log-moneyness ln(K / F)."""

    def total_variance(self, log_moneyness: ArrayLike) -> FloatArray:
        """At any log-moneyness, of its shape."""
        ...

    def derivatives(self, log_moneyness: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Total variance and its first two derivatives in log-moneyness."""
        ...


class FitMetrics(NamedTuple):
    """How a smile meets the quotes that it was fitted to."""

    quotes: int
    """Usable out-of-the-money quotes of a delta of at least 0.02."""
    inside_bid_ask: float
    """Share of them, 0 to 1, whose bid and ask the smile lies between."""
    rmse_vol_points: float
    """Root mean square distance to the volatility of the mid, in hundredths of volatility."""
    max_error_vol_points: float
    """Largest distance, likewise."""


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceSlice:
    """One expiry."""

    root: str
    expiry: date
    years: float
    """ACT/365 from the quotes' moment to settlement; positive."""
    forward: float
    discount_factor: float
    smile: Smile
    metrics: FitMetrics
    note: str = ""
    """What was done to the smile so that no arbitrage remained; empty for most."""

    @property
    def deviation(self) -> float:
        """Standard deviation of the logarithm at the money, over the life of the option."""
        return float(np.sqrt(self.smile.total_variance(0.0)))


def metrics_of(quotes: SliceQuotes, smile: Smile) -> FitMetrics:
    """Measure a smile against the quotes of its expiry."""
    found = smile.total_variance(quotes.log_moneyness)
    error = 100.0 * np.abs(np.sqrt(np.maximum(found, 0.0)) - np.sqrt(quotes.middle)) / np.sqrt(quotes.years)
    return FitMetrics(
        quotes.count,
        float(np.mean(quotes.inside(found))),
        float(np.sqrt(np.mean(error**2))),
        float(error.max()),
    )
