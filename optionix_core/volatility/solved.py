"""What solving a chain gives: the quotes as they came, and beside them what they imply.

The values carry no opinion beyond the quotes: where a quote was rejected its numbers are nan and its reason
is a text, where an expiry has no forward the field is None.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np

from optionix_core.errors import UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.chain import ChainSlice, OptionChain
    from optionix_core.pricing.dividends import ProportionalDividends
    from optionix_core.volatility.forwards import SliceForward
    from optionix_core.volatility.quality import Rejection

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SolvedColumns:
    """One side of a solved slice: arrays of shape (strikes,), nan where the quote was rejected."""

    mid: FloatArray
    """Half way between bid and ask, in the quote's unit (coins for inverse options)."""
    iv: FloatArray
    """Implied volatility of the mid, a fraction per square root of a year."""
    bid_iv: FloatArray
    """Of the bid; nan where the bid lies below the intrinsic value."""
    ask_iv: FloatArray
    """Of the ask; nan where the ask lies above the maximum."""
    delta: FloatArray
    """With respect to the spot, see `solve`."""
    gamma: FloatArray
    vega: FloatArray
    """Per 1.00 of volatility."""
    theta: FloatArray
    """Per year."""
    rejected: tuple[Rejection | None, ...]
    """Why the quote has no volatility; None where it has one."""

    @property
    def usable(self) -> NDArray[np.bool_]:
        """True where the quote was accepted."""
        return np.isfinite(self.iv)


@dataclass(frozen=True, slots=True, eq=False)
class EarlyExercise:
    """What was taken out of the American quotes of an expiry (`american_quotes`)."""

    spot: float
    """What exercise is measured against."""
    rate: float
    """Continuously compounded, per year."""
    dividend_yield: float
    """Continuous, beside any dividends that were given."""
    dividends: ProportionalDividends | None
    """Those that were given."""
    call_premium: FloatArray
    """Mid less the European price of the same volatility, zero or more, shape (strikes,); nan where rejected."""
    put_premium: FloatArray
    rounds: int
    """How often forward and premiums were taken anew; zero where the carry was given."""


@dataclass(frozen=True, slots=True, eq=False)
class SolvedSlice:
    """All strikes of one root and expiry, solved."""

    source: ChainSlice
    years: float
    """ACT/365 time from the quotes' moment to the settlement moment; not positive once expired."""
    days: int
    """Calendar days from the quotes' date to the expiry date, both as the exchange dates them."""
    carried: SliceForward
    call: SolvedColumns
    put: SolvedColumns
    early_exercise: EarlyExercise | None = None
    """American options: the market in which their premiums were taken out; None where that was not done."""

    @property
    def forward(self) -> float | None:
        """Forward price for the settlement moment; None where the quotes cannot tell."""
        return self.carried.forward

    @property
    def discount_factor(self) -> float | None:
        """Value now of one unit paid at settlement; None where there is no forward."""
        return self.carried.discount_factor

    @property
    def rate(self) -> float | None:
        """Continuously compounded zero rate of `discount_factor`, per year."""
        if self.discount_factor is None or self.years <= 0.0:
            return None
        return float(-np.log(self.discount_factor) / self.years)

    @property
    def american_approximation(self) -> bool:
        """The options are American and were solved as European ones on a forward that parity only approximates."""
        return self.source.exercise == "american" and self.forward is not None and self.early_exercise is None

    @property
    def smile(self) -> FloatArray:
        """Volatility by strike of the out-of-the-money side, shape (strikes,), nan where that quote was rejected."""
        if self.forward is None:
            return np.full(self.source.strikes.shape, np.nan)
        return np.where(self.source.strikes >= self.forward, self.call.iv, self.put.iv)

    @property
    def at_the_money_volatility(self) -> float | None:
        """Volatility at the forward: linear in strike between the nearest solved strikes on either side.

        At each of the two strikes call and put count equally where both are solved. None where there is
        no solved strike within 10% on one of the sides, or no forward.
        """
        if self.forward is None:
            return None
        strikes = self.source.strikes
        both = np.vstack([self.call.iv, self.put.iv])
        known = np.isfinite(both)
        count = known.sum(axis=0)
        level = np.where(known, both, 0.0).sum(axis=0) / np.maximum(count, 1)
        solved = np.flatnonzero((count > 0) & (np.abs(strikes / self.forward - 1.0) <= 0.1))
        right = int(np.searchsorted(strikes[solved], self.forward))
        if right < solved.size and strikes[solved[right]] == self.forward:
            return float(level[solved[right]])
        if right in (0, solved.size):
            return None
        low, high = solved[right - 1], solved[right]
        share = (self.forward - strikes[low]) / (strikes[high] - strikes[low])
        return float((1.0 - share) * level[low] + share * level[high])

    @property
    def expected_move(self) -> float | None:
        """One standard deviation of the price to settlement: F sigma sqrt(T), at-the-money volatility; in price."""
        volatility = self.at_the_money_volatility
        if volatility is None or self.forward is None:
            return None
        return self.forward * volatility * float(np.sqrt(self.years))


@dataclass(frozen=True, slots=True, eq=False)
class SolvedChain:
    """A chain with what its quotes imply."""

    chain: OptionChain
    slices: tuple[SolvedSlice, ...]
    """Along `chain.slices`."""
    spot: float | None
    """The spot that delta and gamma refer to."""
    spot_source: Literal["source", "implied"] | None
    """`implied`: the forwards tell another spot than the source, which is of another moment; None: forward deltas."""

    @property
    def rejections(self) -> dict[Rejection, int]:
        """How many quotes fell for each reason, in order of precedence; places without an instrument are not quotes."""
        from optionix_core.volatility.quality import REASONS, Rejection

        found = Counter(
            reason for item in self.slices for side in (item.call, item.put) for reason in side.rejected if reason
        )
        return {reason: found[reason] for reason in REASONS if found[reason] and reason is not Rejection.NO_INSTRUMENT}

    @property
    def solved_count(self) -> int:
        """Quotes that have an implied volatility."""
        return sum(int(np.count_nonzero(side.usable)) for item in self.slices for side in (item.call, item.put))

    def slice(self, expiry: date, root: str | None = None) -> SolvedSlice:
        """The slice of `expiry` (and `root`); the first in settlement order where two roots share the date."""
        for item in self.slices:
            if item.source.expiry == expiry and root in (None, item.source.root):
                return item
        name = expiry.isoformat() if root is None else f"{root} {expiry.isoformat()}"
        raise UnknownNameError("expiry", name, tuple(f"{one.source.root} {one.source.expiry}" for one in self.slices))
