"""American quotes as European ones: the volatility that each has as an American option, its premium taken out.

An American option of volatility s in a Black-Scholes market is worth the European one of the same s and the premium of
early exercise. So a quote is solved for s as an American option; the European option of that s is what a smile is made
of. It is the de-Americanisation of O. Burkovska, M. Gass, K. Glau, M. Mahlstedt, W. Schoutens and B. Wohlmuth,
"Calibration to American options: numerical investigation of the de-Americanization method", Quantitative Finance 18
(2018) 1091, with collocation in place of a binomial tree. It takes each strike's premium as that of its own volatility;
a smile's own dynamics may give another, most so for puts near exercise.

A quote whose price is that of exercise at once tells no volatility (`at intrinsic`). Refuses chains without a spot.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.volatility.american_forwards import (
    JUDGED_ON_FORWARD,
    Carry,
    ExerciseTerms,
    by_carry,
    by_parity,
    european,
    open_to_judgement,
)
from optionix_core.volatility.parity import ParityRules
from optionix_core.volatility.quality import ACCEPTED, REASONS, Rejection, first_reason, reason_texts
from optionix_core.volatility.solved import EarlyExercise, SolvedChain, SolvedColumns, SolvedSlice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.chain import QuoteColumns
    from optionix_core.pricing.american import Accuracy
    from optionix_core.pricing.dividends import ProportionalDividends
    from optionix_core.volatility.forwards import SliceForward

    FloatArray = NDArray[np.float64]

LEAST_VOLATILITY = 1e-3
"""Below it no volatility is told."""


def without_early_exercise(
    solved: SolvedChain,
    *,
    rate: float | None = None,
    dividend_yield: float | None = None,
    dividends: ProportionalDividends | None = None,
    accuracy: Accuracy = "standard",
    parity: ParityRules | None = None,
) -> SolvedChain:
    """The chain with its American expiries solved as American; the others are as they were, and so is a done chain.

    In the result volatilities are those of European options, Greeks those of the American ones, and
    `SolvedSlice.early_exercise` tells the market and the premiums. `rate` (continuously compounded, per year) replaces
    what parity tells; one that was given to `solve` stays. `dividend_yield` fixes the carry, so that parity is not
    asked; it needs a rate. `dividends` are fractions of the spot at known times, the yield then being what is left
    beside them; they cost a hundred times as much.

    Raises MissingDataError where there is no spot; InvalidValueError for a yield
    without a rate and for values that are not finite.
    """
    places = [
        place
        for place, item in enumerate(solved.slices)
        if item.source.exercise == "american" and item.early_exercise is None and item.years > 0.0
    ]
    if not places:
        return solved
    if solved.spot is None:
        raise MissingDataError(
            f"{solved.chain.underlying} has no spot: early exercise cannot be taken out of its American options"
        )
    given = [item.rate for item in solved.slices if item.carried.discount_source == "given"]
    if rate is None and given:
        rate = given[0]
    for field, value in (("rate", rate), ("dividend_yield", dividend_yield)):
        if value is not None and not np.isfinite(value):
            raise InvalidValueError(field, value, "finite")
    terms = ExerciseTerms(dividends, accuracy)
    if dividend_yield is None:
        found = by_parity(solved, solved.spot, places, terms, rate, parity or ParityRules())
    elif rate is None:
        raise InvalidValueError("rate", rate, "given where dividend_yield is")
    else:
        found = by_carry(solved, solved.spot, places, terms, rate, dividend_yield)
    slices = list(solved.slices)
    for place in places:
        slices[place] = _solved(slices[place], found.carried[place], found.spot, found.rounds, terms)
    return replace(solved, slices=tuple(slices), spot=found.spot, spot_source=found.spot_source)


def _solved(item: SolvedSlice, carried: SliceForward, spot: float, rounds: int, terms: ExerciseTerms) -> SolvedSlice:
    if carried.forward is None or carried.discount_factor is None:
        return replace(item, carried=carried, call=_without(item.call), put=_without(item.put))
    at = terms.carry(spot, carried.forward, float(-np.log(carried.discount_factor)) / item.years, item.years)
    call, call_premium = _side(item, 1, at, spot, terms)
    put, put_premium = _side(item, -1, at, spot, terms)
    taken = EarlyExercise(at.spot, at.rate, at.dividend_yield, terms.dividends, call_premium, put_premium, rounds)
    return replace(item, carried=carried, call=call, put=put, early_exercise=taken)


def _without(side: SolvedColumns) -> SolvedColumns:
    """A side of an expiry that has no forward."""
    absent = np.full(side.iv.shape, np.nan)
    reasons = tuple(
        Rejection.NO_FORWARD if reason is None or reason in JUDGED_ON_FORWARD else reason for reason in side.rejected
    )
    return SolvedColumns(absent, absent, absent, absent, absent, absent, absent, absent, reasons)


def _side(
    item: SolvedSlice, side: int, at: Carry, spot: float, terms: ExerciseTerms
) -> tuple[SolvedColumns, FloatArray]:
    """Solved columns and premiums of the calls (`side` 1) or the puts (-1)."""
    quotes: QuoteColumns = item.source.call if side > 0 else item.source.put
    before = item.call if side > 0 else item.put
    judged = open_to_judgement(before)
    strikes = item.source.strikes
    found = np.full((9, strikes.size), np.nan)
    codes = np.array([ACCEPTED if reason is None else REASONS.index(reason) for reason in before.rejected], np.int8)
    rows = np.flatnonzero(judged)
    if rows.size:
        K, bid, ask = strikes[rows], quotes.bid[rows], quotes.ask[rows]
        middle = 0.5 * (bid + ask)
        reasons, iv, bid_iv, ask_iv = _volatilities(side, K, bid, middle, ask, item.years, at, terms)
        codes[rows] = reasons
        good = reasons == ACCEPTED
        rows, K, middle, iv = rows[good], K[good], middle[good], iv[good]
        sign = np.full(rows.size, side, dtype=np.int64)
        greeks = _greeks(sign, K, iv, item.years, at, spot, terms)
        taken = np.maximum(middle - european(sign, K, item.years, at, iv), 0.0)
        found[:, rows] = np.vstack([middle, iv, bid_iv[good], ask_iv[good], *greeks, taken])
    mid, iv, bid_iv, ask_iv, delta, gamma, vega, theta, premium = found
    return SolvedColumns(mid, iv, bid_iv, ask_iv, delta, gamma, vega, theta, reason_texts(codes)), premium


def _volatilities(
    side: int,
    strike: FloatArray,
    bid: FloatArray,
    mid: FloatArray,
    ask: FloatArray,
    years: float,
    at: Carry,
    terms: ExerciseTerms,
) -> tuple[NDArray[np.int8], FloatArray, FloatArray, FloatArray]:
    """Reasons, and the volatilities of mid, bid and ask."""
    from optionix_core.pricing import american

    sign = np.full(3 * strike.size, side, dtype=np.int64)
    found = terms.volatility(sign, np.concatenate([mid, bid, ask]), np.tile(strike, 3), years, at)
    iv, bid_iv, ask_iv = np.split(found, 3)
    at_once = np.maximum(side * (at.spot - strike), 0.0)
    least = american.price(
        side, at.spot, strike, years, at.rate, at.dividend_yield, LEAST_VOLATILITY, terms.accuracy, terms.dividends
    )
    most = np.full(strike.shape, at.spot) if side > 0 else strike * max(1.0, float(np.exp(-at.rate * years)))
    untold = ~np.isfinite(iv)
    slack = 1e-9 * np.maximum(strike, at.spot)
    reasons = first_reason(
        (
            (Rejection.BELOW_INTRINSIC, mid < np.maximum(at_once, least) - slack),
            (Rejection.AT_INTRINSIC, untold & (mid <= least + slack)),
            (Rejection.ABOVE_MAXIMUM, mid >= most),
            (Rejection.NO_SOLUTION, untold),
        )
    )
    return reasons, iv, bid_iv, ask_iv


def _greeks(
    sign: NDArray[np.int64],
    strike: FloatArray,
    volatility: FloatArray,
    years: float,
    at: Carry,
    spot: float,
    terms: ExerciseTerms,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Delta, gamma, vega and theta of the American options, the first two with respect to `spot`."""
    from optionix_core.pricing import american

    if not strike.size:
        return strike, strike, strike, strike
    found = american.greeks(
        sign, at.spot, strike, years, at.rate, at.dividend_yield, volatility, terms.accuracy, terms.dividends,
        names=("delta", "gamma", "vega", "theta"),
    )  # fmt: skip
    ratio = at.spot / spot
    return found.delta * ratio, found.gamma * ratio**2, found.vega, found.theta
