"""What a surface is fitted to: the usable out-of-the-money quotes of each expiry, as intervals of total variance.

From a solved chain, where every quote has been judged before. Kept here is what says something of a smile: quotes out
of the money, of a delta of at least `SMALLEST_DELTA`, whose ask has a volatility. An expiry with fewer than `FEWEST` of
them, or a second one at the same moment with fewer than the first, is left out and says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.chain import ChainSlice
    from optionix_core.volatility.solved import SolvedChain, SolvedSlice

    FloatArray = NDArray[np.float64]

SMALLEST_DELTA = 0.02
"""In size, of the forward: further out a price is a few ticks and says little."""
FEWEST = 5
"""Quotes that an expiry needs."""
NARROWEST = 1e-4
"""Half an interval is at least this share of its middle, so that locked quotes do not outweigh all others."""


@dataclass(frozen=True, slots=True, eq=False)
class SliceQuotes:
    """One expiry. Arrays of shape (quotes,), by ascending log-moneyness, which may not repeat."""

    root: str
    expiry: date
    years: float
    """Positive."""
    forward: float
    discount_factor: float
    log_moneyness: FloatArray
    """ln(K / F)."""
    bid: FloatArray
    """Total variance of the bid, zero where the bid lies below the least price that has a volatility."""
    ask: FloatArray
    """Total variance of the ask."""
    middle: FloatArray
    """Total variance of the mid price, between the two."""

    @property
    def count(self) -> int:
        """How many quotes."""
        return self.log_moneyness.size

    @property
    def half_width(self) -> FloatArray:
        """Half the interval of total variance, at least `NARROWEST` of the middle."""
        return np.maximum(0.5 * (self.ask - self.bid), NARROWEST * self.middle)

    @property
    def deviation(self) -> float:
        """Root of total variance at the quote nearest the money."""
        return float(np.sqrt(self.middle[np.argmin(np.abs(self.log_moneyness))]))

    def inside(self, total_variance: FloatArray) -> NDArray[np.bool_]:
        """Which quotes have this total variance within bid and ask; a rounding beyond still counts."""
        slack = 1e-12 * self.middle
        return (total_variance >= self.bid - slack) & (total_variance <= self.ask + slack)


@dataclass(frozen=True, slots=True)
class Skipped:
    """An expiry that no smile was fitted to."""

    root: str
    expiry: date
    reason: str


def repeated_strike(item: ChainSlice) -> Skipped | None:
    """Why a slice cannot be fitted whose strikes are no prices or do not ascend; None where they are and do."""
    unsound = np.flatnonzero(~((item.strikes > 0.0) & np.isfinite(item.strikes)))
    if unsound.size:
        strike = float(item.strikes[unsound[0]])
        return Skipped(item.root, item.expiry, f"strike {strike:g} is not positive and finite")
    twice = np.flatnonzero(~(np.diff(item.strikes) > 0.0))
    if not twice.size:
        return None
    return Skipped(item.root, item.expiry, f"strike {float(item.strikes[twice[0] + 1]):g} repeats or does not ascend")


def of_chain(solved: SolvedChain) -> tuple[tuple[SliceQuotes, ...], tuple[Skipped, ...]]:
    """The expiries of a chain in order of time, each moment once, and those left out."""
    found: dict[float, SliceQuotes] = {}
    skipped: list[Skipped] = []
    for item in solved.slices:
        root, expiry = item.source.root, item.source.expiry
        repeated = repeated_strike(item.source)
        if repeated is not None:
            skipped.append(repeated)
            continue
        if not item.years > 0.0:
            skipped.append(Skipped(root, expiry, "expired"))
            continue
        if item.forward is None:
            skipped.append(Skipped(root, expiry, "no forward"))
            continue
        if not item.forward > 0.0:
            skipped.append(Skipped(root, expiry, "forward is not positive"))
            continue
        quotes = _of_slice(item, item.forward)
        rival = found.get(item.years)
        if quotes is None or quotes.count < FEWEST:
            count = 0 if quotes is None else quotes.count
            skipped.append(Skipped(root, expiry, f"{count} usable quotes, {FEWEST} needed"))
        elif rival is None or rival.count < quotes.count:
            if rival is not None:
                skipped.append(Skipped(rival.root, rival.expiry, f"settles with {root}, which has more quotes"))
            found[item.years] = quotes
        else:
            skipped.append(Skipped(root, expiry, f"settles with {rival.root}, which has more quotes"))
    return tuple(found[years] for years in sorted(found)), tuple(skipped)


def _of_slice(item: SolvedSlice, forward: float) -> SliceQuotes | None:
    if item.discount_factor is None:
        return None
    strikes = item.source.strikes
    call = strikes >= forward
    bid, mid, ask = (
        np.where(call, getattr(item.call, name), getattr(item.put, name)) for name in ("bid_iv", "iv", "ask_iv")
    )
    k = np.log(strikes / forward)
    root = mid * np.sqrt(item.years)
    with np.errstate(invalid="ignore", divide="ignore"):
        d1 = -k / root + 0.5 * root
        delta = np.where(call, ndtr(d1), ndtr(-d1))
        keep = np.isfinite(mid) & np.isfinite(ask) & (delta >= SMALLEST_DELTA)
    if not keep.any():
        return None
    k, bid, mid, ask = (column[keep] for column in (k, np.nan_to_num(bid, nan=0.0), mid, ask))
    first = np.concatenate([[True], np.diff(k) > 0.0])
    k, bid, mid, ask = (column[first] for column in (k, bid, mid, ask))
    years = item.years
    return SliceQuotes(
        root=item.source.root,
        expiry=item.source.expiry,
        years=years,
        forward=forward,
        discount_factor=item.discount_factor,
        log_moneyness=k,
        bid=bid * bid * years,
        ask=ask * ask * years,
        middle=mid * mid * years,
    )
