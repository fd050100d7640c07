"""Variance from the quotes alone, strike by strike, as the Cboe Volatility Index sums it: no model, no wings.

    sigma^2 = 2 / T sum dK_i / K_i^2 e^(R T) Q(K_i) - 1 / T (F / K_0 - 1)^2

F comes from the strike at which call and put differ least, K_0 is the first strike at or below it, Q is the mid of the
put below K_0, of the call above it and the mean of both at it. Going out from K_0, options without a bid are left out,
and after two strikes in a row without one no further ones are taken. dK is half the distance of the neighbours that are
in, the whole distance at the ends. Source: Cboe, "The CBOE Volatility Index - VIX" (white paper, 2009), steps 1 to 3.
A quote without an ask or with a bid above it counts as one without a bid. Refuses quotes in coins of the underlying.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.chain import ChainSlice
    from optionix_core.volatility.solved import SolvedChain

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]

DAYS_PER_YEAR = 365.0
FRIDAY = 4


@dataclass(frozen=True, slots=True)
class StripVariance:
    """One expiry."""

    years: float
    forward: float
    boundary: float
    """K_0."""
    variance: float
    """Annualised, (fraction)^2."""
    options: int
    """Strikes in the sum."""
    lowest: float
    """First strike in the sum."""
    highest: float
    """Last strike in the sum."""


def strip_variance(item: ChainSlice, years: float, rate: float) -> StripVariance:
    """The sum over the quotes of `item`; `years` to settlement, `rate` continuously compounded per year.

    Raises InvalidValueError for a time that is not positive, a rate that is not finite and inverse options;
    MissingDataError where no strike has both a call and a put, or no strike lies at or below the forward.
    """
    if not 0.0 < years < np.inf:
        raise InvalidValueError("years", years, "positive and finite")
    if not np.isfinite(rate):
        raise InvalidValueError("rate", rate, "finite")
    if item.inverse:
        raise InvalidValueError("item.inverse", item.inverse, "false: the sum is of prices in the strikes' currency")
    call_bid, call = _mid(item.call.bid, item.call.ask)
    put_bid, put = _mid(item.put.bid, item.put.ask)
    both = np.flatnonzero(call_bid & put_bid)
    name = f"{item.root} {item.expiry}"
    if not both.size:
        raise MissingDataError(f"no strike of {name} has a bid for both call and put: no forward")
    strikes = item.strikes
    nearest = both[np.argmin(np.abs(call[both] - put[both]))]
    growth = float(np.exp(rate * years))
    forward = float(strikes[nearest] + growth * (call[nearest] - put[nearest]))
    below = both[strikes[both] <= forward]
    if not below.size:
        raise MissingDataError(f"no strike of {name} with call and put lies at or below the forward {forward:g}")
    middle = int(below[-1])
    left = middle - 1 - _taken(put_bid[:middle][::-1])
    right = middle + 1 + _taken(call_bid[middle + 1 :])
    places = np.sort(np.concatenate([left, [middle], right]))
    if places.size < 2:
        raise MissingDataError(f"{name} has one strike with a bid: a strip needs two")
    price = np.where(strikes < strikes[middle], put, call)
    price[middle] = 0.5 * (put[middle] + call[middle])
    K = strikes[places]
    gaps = np.diff(K)
    step = 0.5 * (np.concatenate([gaps[:1], gaps]) + np.concatenate([gaps, gaps[-1:]]))
    total = 2.0 / years * growth * float(np.sum(step / K**2 * price[places]))
    variance = total - (forward / float(strikes[middle]) - 1.0) ** 2 / years
    return StripVariance(
        float(years), forward, float(strikes[middle]), variance, int(places.size), float(K[0]), float(K[-1])
    )


def strip_index(near: StripVariance, far: StripVariance, days: float = 30.0) -> float:
    """Volatility of a constant maturity, a fraction, total variance being linear in time (steps 4 and 5 of the paper).

    Raises InvalidValueError where `days` lie outside the two expiries: nothing is extrapolated.
    """
    target = days / DAYS_PER_YEAR
    if not near.years < far.years:
        raise InvalidValueError("far.years", far.years, f"above near.years, {near.years}")
    if not near.years <= target <= far.years:
        bound = f"from {near.years * DAYS_PER_YEAR:.4g} to {far.years * DAYS_PER_YEAR:.4g}, the two expiries"
        raise InvalidValueError("days", days, bound)
    share = (target - near.years) / (far.years - near.years)
    total = (1.0 - share) * near.years * near.variance + share * far.years * far.variance
    return float(np.sqrt(total / target))


def chain_strip_index(
    solved: SolvedChain, days: float = 30.0, *, fridays: bool = False
) -> tuple[float, StripVariance, StripVariance]:
    """`strip_index` of the two expiries around `days`, rates being those of the chain's own discount factors.

    `fridays`: expiries that fall on Fridays alone, as Cboe takes for its index (where a Friday has two roots, the one
    that settles first). Raises MissingDataError where the chain has no expiry with a discount factor on either side.
    """
    live = sorted((item for item in solved.slices if item.rate is not None), key=lambda item: item.years)
    if fridays:
        live = [item for item in live if item.source.expiry.weekday() == FRIDAY]
    early = [item for item in live if item.years * DAYS_PER_YEAR <= days]
    late = [item for item in live if item.years * DAYS_PER_YEAR > days]
    if not (early and late):
        kind = "Friday expiry" if fridays else "expiry"
        side = "before" if not early else "after"
        raise MissingDataError(f"{solved.chain.underlying} has no {kind} with a discount factor {side} {days:g} days")
    near, far = (strip_variance(item.source, item.years, float(item.rate or 0.0)) for item in (early[-1], late[0]))
    return strip_index(near, far, days), near, far


def _mid(bid: FloatArray, ask: FloatArray) -> tuple[BoolArray, FloatArray]:
    """Which quotes count, and their mids."""
    with np.errstate(invalid="ignore"):
        good = (bid > 0.0) & np.isfinite(ask) & (ask >= bid)
    return good, np.where(good, 0.5 * (bid + ask), np.nan)


def _taken(bids: BoolArray) -> NDArray[np.intp]:
    """Places, going outwards, of the options that count: those with a bid, up to two in a row without one."""
    pairs = np.flatnonzero(~bids[:-1] & ~bids[1:])
    end = int(pairs[0]) if pairs.size else bids.size
    return np.flatnonzero(bids[:end])
