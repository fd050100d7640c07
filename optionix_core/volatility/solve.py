"""From quotes to implied volatilities and Greeks: a whole chain in one pass.

Every quote is judged (`quality`), forwards and discount factors are read off put-call parity (`parity`,
`forwards`), then all usable quotes of all expiries go through one vectorised call of the implied
volatility and of the Greeks. A rejected quote has a reason and no number.

Conventions:

- Time to expiry is ACT/365 fixed: seconds from `chain.as_of` to the slice's settlement moment, divided by
  365 days of 86,400 seconds.
- Volatilities are Black's ("The pricing of commodity contracts", Journal of Financial Economics 3, 1976) on
  the slice's forward; the Greeks are of the mid's volatility, in natural units, for one unit of the underlying.
- `delta` and `gamma` are with respect to the spot, the forward moving in proportion to it: D N(d1) F / S. The
  spot is the source's, unless the forwards say that it is of another moment (`forwards.synchronous_spot`);
  where there is neither, they are with respect to the forward and `spot_source` is None.
- `vega` is per 1.00 of volatility. `theta` is per year, calendar time passing with spot, rate and carry held; a
  carry ln(F / S) / T outside +-25% a year tells of a spot of another moment, and the forward is held instead.
- Inverse options are valued in the quote currency: price in coins times forward. Their Greeks are of that value;
  `mid` stays in coins.
- `days` are calendar days between the exchange's dates: New York's, or UTC's for options that settle at 08:00 UTC.
- American options are solved as European ones on the parity forward (`SolvedSlice.american_approximation`);
  `american_quotes.without_early_exercise` solves them as American ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.volatility.forwards import chain_forwards, synchronous_spot
from optionix_core.volatility.parity import ParityRules, implied_forward
from optionix_core.volatility.quality import (
    ACCEPTED,
    REASONS,
    QuoteRules,
    Rejection,
    judge,
    judge_bounds,
    reason_texts,
)
from optionix_core.volatility.solved import SolvedChain, SolvedColumns, SolvedSlice

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.market.chain import ChainSlice, OptionChain

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]
    CodeArray = NDArray[np.int8]

SECONDS_PER_YEAR = 365.0 * 86_400.0
_LARGEST_CARRY = 0.25


class _Flat(NamedTuple):
    """All quotes of a chain, calls of a slice before its puts, arrays of shape (quotes,)."""

    place: NDArray[np.intp]
    """Position of the slice."""
    sign: FloatArray
    strike: FloatArray
    bid: FloatArray
    ask: FloatArray
    quoted_at: FloatArray
    exists: BoolArray


class _Numbers(NamedTuple):
    """Solved numbers, arrays of shape (quotes,), nan where rejected."""

    mid: FloatArray
    iv: FloatArray
    bid_iv: FloatArray
    ask_iv: FloatArray
    delta: FloatArray
    gamma: FloatArray
    vega: FloatArray
    theta: FloatArray


def years_between(moment: datetime, settlement: datetime) -> float:
    """ACT/365 fixed time from `moment` to `settlement` (aware datetimes); negative once it has passed."""
    return (settlement - moment).total_seconds() / SECONDS_PER_YEAR


def solve(
    chain: OptionChain,
    rate: float | None = None,
    *,
    stale_after: timedelta | None = None,
    now: datetime | None = None,
    maximum_relative_spread: float = 1.0,
    parity: ParityRules | None = None,
    greeks: bool = True,
) -> SolvedChain:
    """Forwards, implied volatilities, Greeks and reasons of every quote of `chain`.

    Without `greeks` those are nan: a fit of a surface needs none, and should not wait for them.

    `rate` (continuously compounded, per year) replaces the discount factors that the quotes imply. A quote
    whose exchange time is more than `stale_after` before `now` (default: `chain.as_of`) is stale.
    Raises InvalidValueError for an unaware `as_of` or `now`, and for limits outside their bounds.
    """
    rules = QuoteRules(maximum_relative_spread, stale_after)
    seen_at = chain.as_of if now is None else now
    for field, moment in (("chain.as_of", chain.as_of), ("now", seen_at)):
        if moment.tzinfo is None:
            raise InvalidValueError(field, moment.isoformat(), "a moment with a time zone")
    slices = chain.slices
    if not slices:
        return SolvedChain(chain, (), chain.spot, None if chain.spot is None else "source")
    years = [years_between(chain.as_of, item.expires_at) for item in slices]
    flat = _flatten(slices)
    times = np.array(years)
    codes = judge(flat.exists, times[flat.place], flat.bid, flat.ask, flat.quoted_at, seen_at.timestamp(), rules)

    sides = _sides(slices)
    fits = [
        implied_forward(item, left, codes[call] == ACCEPTED, codes[put] == ACCEPTED, parity) if left > 0.0 else None
        for item, left, (call, put) in zip(slices, years, sides, strict=True)
    ]
    carried = chain_forwards(slices, years, fits, rate, parity)
    forward = np.array([np.nan if one.forward is None else one.forward for one in carried])
    discount = np.array([np.nan if one.discount_factor is None else one.discount_factor for one in carried])
    european = np.array([item.exercise == "european" for item in slices])
    spot, spot_source = synchronous_spot(chain.spot, times, np.where(european, forward, np.nan))

    inverse = np.array([item.inverse for item in slices])
    unit = np.where(inverse, forward, 1.0)
    numbers = _solve_quotes(flat, codes, times, forward, discount, unit, spot, greeks=greeks)
    solved = tuple(
        SolvedSlice(
            source=item,
            years=left,
            days=_calendar_days(item, chain.as_of),
            carried=one,
            call=_columns(numbers, codes, call),
            put=_columns(numbers, codes, put),
        )
        for item, left, one, (call, put) in zip(slices, years, carried, sides, strict=True)
    )
    return SolvedChain(chain, solved, spot, spot_source)


def _flatten(slices: Sequence[ChainSlice]) -> _Flat:
    columns = [side for item in slices for side in (item.call, item.put)]
    size = [item.strikes.size for item in slices for _ in range(2)]
    strike = np.concatenate([item.strikes for item in slices for _ in range(2)])
    return _Flat(
        place=np.repeat(np.repeat(np.arange(len(slices)), 2), size),
        sign=np.repeat(np.tile([1.0, -1.0], len(slices)), size),
        strike=strike,
        bid=np.concatenate([side.bid for side in columns]),
        ask=np.concatenate([side.ask for side in columns]),
        quoted_at=np.concatenate([side.quoted_at for side in columns]),
        exists=np.array([symbol is not None for side in columns for symbol in side.symbols], dtype=bool)
        & (strike > 0.0)
        & np.isfinite(strike),
    )


def _calendar_days(item: ChainSlice, moment: datetime) -> int:
    """Days from the exchange's date at `moment` to the expiry date: UTC dates for those that settle at 08:00 UTC."""
    coins = item.expires_at.astimezone(UTC).time() == time(8)
    zone = UTC if coins else ZoneInfo("America/New_York")
    return (item.expiry - moment.astimezone(zone).date()).days


def _sides(slices: Sequence[ChainSlice]) -> list[tuple[slice, slice]]:
    """Where the calls and the puts of each slice lie in the flat arrays."""
    places, start = [], 0
    for item in slices:
        size = item.strikes.size
        places.append((slice(start, start + size), slice(start + size, start + 2 * size)))
        start += 2 * size
    return places


def _solve_quotes(
    flat: _Flat,
    codes: CodeArray,
    years: FloatArray,
    forward: FloatArray,
    discount: FloatArray,
    unit: FloatArray,
    spot: float | None,
    *,
    greeks: bool,
) -> _Numbers:
    """Fill in what the accepted quotes say; `codes` takes the reasons of those that fall out here."""
    from optionix_core.pricing.implied_volatility import implied_volatility

    numbers = _Numbers(*(np.full(flat.strike.shape, np.nan) for _ in _Numbers._fields))
    passed = np.flatnonzero(codes == ACCEPTED)
    place = flat.place[passed]
    sign, strike, F, D = flat.sign[passed], flat.strike[passed], forward[place], discount[place]
    mid = 0.5 * (flat.bid[passed] + flat.ask[passed])
    bounds = judge_bounds(sign, strike, F, D, mid * unit[place])
    codes[passed] = bounds
    inside = bounds == ACCEPTED
    passed, place, sign, strike = passed[inside], place[inside], sign[inside], strike[inside]
    F, D, mid = F[inside], D[inside], mid[inside]
    if not passed.size:
        return numbers

    T = years[place]
    r = -np.log(D) / T
    option_type = sign.astype(np.int64)
    price = np.concatenate([mid, flat.bid[passed], flat.ask[passed]]) * np.tile(unit[place], 3)
    sides, forwards, strikes, times, rates = (np.tile(column, 3) for column in (option_type, F, strike, T, r))
    volatilities = implied_volatility(sides, price, forwards, strikes, times, rates, rates)
    iv, bid_iv, ask_iv = np.split(np.asarray(volatilities), 3)
    solved = np.isfinite(iv) & (iv > 0.0)
    codes[passed[~solved]] = REASONS.index(Rejection.NO_SOLUTION)
    passed, place, strike, F, D, T, r = (column[solved] for column in (passed, place, strike, F, D, T, r))
    for column, found in ((numbers.iv, iv), (numbers.bid_iv, bid_iv), (numbers.ask_iv, ask_iv), (numbers.mid, mid)):
        column[passed] = found[solved]
    if not passed.size or not greeks:
        return numbers

    from optionix_core.pricing.black_scholes import greeks as black_scholes_greeks

    sensitivities = black_scholes_greeks(
        option_type[solved], F, strike, T, r, r, iv[solved], names=("delta", "gamma", "vega", "theta")
    )
    ratio = F / spot if spot is not None else np.ones_like(F)
    carry = np.log(ratio) / T
    carry[np.abs(carry) > _LARGEST_CARRY] = 0.0
    numbers.delta[passed] = sensitivities.delta * ratio
    numbers.gamma[passed] = sensitivities.gamma * ratio**2
    numbers.vega[passed] = sensitivities.vega
    numbers.theta[passed] = sensitivities.theta - carry * F * sensitivities.delta
    return numbers


def _columns(numbers: _Numbers, codes: CodeArray, where: slice) -> SolvedColumns:
    mid, iv, bid_iv, ask_iv, delta, gamma, vega, theta = (column[where] for column in numbers)
    return SolvedColumns(mid, iv, bid_iv, ask_iv, delta, gamma, vega, theta, reason_texts(codes[where]))
