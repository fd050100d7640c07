"""Forwards and discount factors of American options, by the parity of the European prices behind their quotes.

Parity holds for European prices alone, and these need the forward and the rate that parity is to tell. Both are found
together: premiums of early exercise are taken out near the money on a forward and a rate, the line of parity goes
through what is left, its forward and rate are the next ones, until they stay. Each round leaves 0.1 to 0.2 of an error
in the forward and 0.3 to 0.45 of one in the rate; every third round extrapolates (A. Aitken, Proc. Royal Society of
Edinburgh 46 (1926) 289). Standard errors of the line are widened by what premiums add to them. A rate that is given
stays.

Refuses a forward that did not settle: its expiry has none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from optionix_core.volatility.forwards import SliceForward, chain_forwards, synchronous_spot
from optionix_core.volatility.parity import ParityFit, ParityRules, implied_forward
from optionix_core.volatility.quality import Rejection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from optionix_core.pricing.american import Accuracy
    from optionix_core.pricing.dividends import ProportionalDividends
    from optionix_core.volatility.solved import SolvedChain, SolvedColumns, SolvedSlice

    FloatArray = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]
    SpotSource = Literal["source", "implied"] | None

JUDGED_ON_FORWARD = frozenset(
    {
        Rejection.NO_FORWARD,
        Rejection.BELOW_INTRINSIC,
        Rejection.AT_INTRINSIC,
        Rejection.ABOVE_MAXIMUM,
        Rejection.NO_SOLUTION,
    }
)
"""Reasons that follow from the European reading of a quote and are judged anew."""
START_RATE = 0.03
WINDOW = 2.0
"""Of American windows, for lines through prices without premiums."""
MOST_PAIRS = 40
"""Pairs of an expiry that a round converts; of more, every second, third and so on."""
ROUNDS = 60
SETTLED = 1e-9
"""Largest change of ln F and of r T at which the rounds end."""
ACCEPTED = 1e-5
"""Largest last change of ln F with which an expiry that did not settle keeps its forward: quotes tell no more."""
SPOT_ROUND = 4
"""Every so many rounds the spot is compared with the forwards."""
VALUE_NOISE, SLOPE_NOISE = 1.25, 1.9
"""How much larger an error of a pair comes back through the premiums: 1 / (1 - 0.2) and about 1 / (1 - 0.45)."""
LARGEST_CARRY = 0.25
"""A carry beyond this, per year, tells of a spot of another moment."""


class Carry(NamedTuple):
    """The Black-Scholes market of one expiry."""

    spot: float
    rate: float
    dividend_yield: float
    forward: float


@dataclass(frozen=True, slots=True)
class ExerciseTerms:
    """What all expiries of a chain share."""

    dividends: ProportionalDividends | None
    accuracy: Accuracy

    def kept(self, years: float) -> float:
        """Share of the spot that the given dividends leave by then."""
        if self.dividends is None:
            return 1.0
        paid = [f for t, f in zip(self.dividends.times, self.dividends.fractions, strict=True) if t <= years]
        return float(np.prod(1.0 - np.array(paid)))

    def carry(self, spot: float, forward: float, rate: float, years: float) -> Carry:
        """The yield is what spot, forward, rate and dividends leave; a spot of another moment is left aside."""
        kept = self.kept(years)
        growth = float(np.log(forward / (spot * kept))) / years
        if abs(growth) <= LARGEST_CARRY:
            return Carry(spot, rate, rate - growth, forward)
        return Carry(forward / kept * float(np.exp(-rate * years)), rate, 0.0, forward)

    def volatility(
        self, sign: NDArray[np.int64], price: FloatArray, strike: FloatArray, years: float, at: Carry
    ) -> FloatArray:
        """Of American prices, of the shape of `price`; nan where none or not one alone explains it."""
        from optionix_core.pricing import american

        found: FloatArray = american.implied_volatility(
            sign, price, at.spot, strike, years, at.rate, at.dividend_yield, self.accuracy, self.dividends
        )
        return found


class AmericanForwards(NamedTuple):
    """Carry of a chain's American expiries."""

    spot: float
    spot_source: SpotSource
    carried: dict[int, SliceForward]
    """By place in the chain."""
    rounds: int


def european(
    sign: NDArray[np.int64], strike: FloatArray, years: float, at: Carry, volatility: FloatArray
) -> FloatArray:
    """European prices; nan where the volatility is."""
    from optionix_core.pricing.black_scholes import price

    known = np.isfinite(volatility)
    found = np.full(strike.shape, np.nan)
    if known.any():
        found[known] = price(sign[known], at.forward, strike[known], years, at.rate, at.rate, volatility[known])
    return found


def by_carry(
    solved: SolvedChain,
    spot: float,
    places: Sequence[int],
    terms: ExerciseTerms,
    rate: float,
    dividend_yield: float,
) -> AmericanForwards:
    """Forwards from the spot, a rate and a yield that are given; no quote is asked."""
    carried = {}
    for place in places:
        years = solved.slices[place].years
        forward = spot * terms.kept(years) * float(np.exp((rate - dividend_yield) * years))
        carried[place] = SliceForward(forward, float(np.exp(-rate * years)), "given", "given", None, None)
    return AmericanForwards(spot, solved.spot_source, carried, 0)


def by_parity(
    solved: SolvedChain,
    spot: float,
    places: Sequence[int],
    terms: ExerciseTerms,
    rate: float | None,
    rules: ParityRules,
) -> AmericanForwards:
    """Forwards and rates by rounds of converting and fitting; see the module."""
    items = solved.slices
    years = np.array([item.years for item in items])
    pairs = {place: _pairs(items[place], rules) for place in places}
    source = solved.spot_source
    state = np.array([_start(items[place], spot, rate) for place in places])
    past: list[FloatArray] = []
    carried: dict[int, SliceForward] = {}
    change = np.full(len(places), np.inf)
    done, sure = 0, False
    for done in range(1, ROUNDS + 1):
        fits = {
            place: _line(
                items[place], pairs[place], terms, terms.carry(spot, np.exp(level), r, items[place].years), rules
            )
            for place, (r, level) in zip(places, state.tolist(), strict=True)
        }
        carried = _forwards(solved, years, fits, rate, rules)
        told = np.array(
            [_of(carried[place], old, items[place].years, rules) for place, old in zip(places, state, strict=True)]
        )
        change = np.abs(told[:, 1] - state[:, 1])
        moved = np.maximum(change, np.abs(told[:, 0] - state[:, 0]) * years[list(places)])
        state = told
        if done % SPOT_ROUND == 0:
            old = spot
            spot, source = _spot(solved, spot, years, carried)
            sure = abs(spot / old - 1.0) <= SETTLED
            past = past if sure else []
        if sure and float(moved.max()) <= SETTLED:
            break
        past.append(state)
        if len(past) == 3:
            state = _extrapolated(past)
            past = [state]
    found = {
        place: one if lost <= ACCEPTED else SliceForward.none(one.fit)
        for (place, one), lost in zip(carried.items(), change.tolist(), strict=True)
    }
    return AmericanForwards(spot, source, found, done)


def open_to_judgement(side: SolvedColumns) -> BoolArray:
    """Quotes that no reason but the European reading has thrown out."""
    return np.array([reason is None or reason in JUDGED_ON_FORWARD for reason in side.rejected], dtype=bool)


def _pairs(item: SolvedSlice, rules: ParityRules) -> NDArray[np.intp]:
    """Places of strikes about the money with an open call and put, at most so many."""
    source = item.source
    both = open_to_judgement(item.call) & open_to_judgement(item.put)
    with np.errstate(invalid="ignore"):
        gap = source.call.bid - source.put.bid
        straddle = 0.5 * (source.call.bid + source.call.ask + source.put.bid + source.put.ask)
        good = np.flatnonzero(both & (np.minimum(source.call.bid, source.put.bid) > 0.0))
    if good.size < rules.minimum_pairs:
        return good
    middle = source.strikes[good[np.argmin(np.abs(gap[good]))]]
    order = good[np.argsort(np.abs(source.strikes[good] - middle), kind="stable")]
    deviation = float(np.median(straddle[order[:5]])) / middle * float(np.sqrt(0.5 * np.pi))
    near = np.abs(np.log(source.strikes[order] / middle)) <= 1.25 * WINDOW * rules.american_window * deviation
    near[:12] = True
    kept = np.sort(order[near])
    return kept[:: -(-kept.size // MOST_PAIRS)]


def _start(item: SolvedSlice, spot: float, rate: float | None) -> tuple[float, float]:
    """Rate and ln F to begin with."""
    r = START_RATE if rate is None else rate
    if item.forward is not None and item.forward > 0.0:
        return r, float(np.log(item.forward))
    fit = item.carried.fit
    guess = np.nan if fit is None else fit.forward(float(np.exp(-r * item.years)))
    if not guess > 0.0:
        guess = spot
    return r, float(np.log(guess))


def _line(
    item: SolvedSlice, places: NDArray[np.intp], terms: ExerciseTerms, at: Carry, rules: ParityRules
) -> ParityFit | None:
    """Parity of the European prices behind the pairs."""
    source = item.source
    strikes = source.strikes[places]
    if strikes.size < rules.minimum_pairs:
        return None
    bid, ask = (
        np.concatenate([getattr(side, name)[places] for side in (source.call, source.put)]) for name in ("bid", "ask")
    )
    sign = np.repeat(np.array([1, -1], dtype=np.int64), strikes.size)
    both = np.tile(strikes, 2)
    told = bid > np.maximum(sign * (at.spot - both), 0.0)
    quoted = np.concatenate([np.where(told, 0.5 * (bid + ask), np.nan), np.where(told, ask, np.nan)])
    sign, both = np.tile(sign, 2), np.tile(both, 2)
    volatility = terms.volatility(sign, quoted, both, item.years, at)
    middle, high = np.split(european(sign, both, item.years, at, volatility), 2)
    call, put = np.split(middle, 2)
    half = np.split(high - middle, 2)  # wider than quoted where the price tells less of the volatility
    columns = [
        replace(side, bid=mid - wide, ask=mid + wide)
        for side, mid, wide in zip((source.call, source.put), (call, put), half, strict=True)
    ]
    part = replace(source, exercise="european", strikes=strikes, call=columns[0], put=columns[1])
    narrow = replace(rules, window=WINDOW * rules.american_window)
    good = np.isfinite(half[0] + half[1])
    fit = implied_forward(part, item.years, good, good, narrow)
    if fit is None:
        return None
    return replace(fit, value_error=VALUE_NOISE * fit.value_error, slope_error=SLOPE_NOISE * fit.slope_error)


def _forwards(
    solved: SolvedChain, years: FloatArray, fits: Mapping[int, ParityFit | None], rate: float | None, rules: ParityRules
) -> dict[int, SliceForward]:
    """Of the American expiries, rates pooled with those of the European ones."""
    lines = [fits.get(place, item.carried.fit) for place, item in enumerate(solved.slices)]
    found = chain_forwards([item.source for item in solved.slices], years.tolist(), lines, rate, rules)
    return {place: found[place] for place in fits}


def _of(carried: SliceForward, before: FloatArray, years: float, rules: ParityRules) -> tuple[float, float]:
    """Rate and ln F to go on with: where they are not good enough to be told, the line's; without one, as before."""
    forward, discount = carried.forward, carried.discount_factor
    if forward is None and carried.fit is not None:
        discount = float(np.clip(carried.fit.discount_factor, *rules.discount_bounds(years)))
        forward = carried.fit.forward(discount)
    if forward is None or discount is None or not forward > 0.0:
        return float(before[0]), float(before[1])
    return float(-np.log(discount)) / years, float(np.log(forward))


def _spot(
    solved: SolvedChain, spot: float, years: FloatArray, carried: Mapping[int, SliceForward]
) -> tuple[float, SpotSource]:
    """The spot of the quotes' own moment, where the forwards tell another than the source."""
    forwards = np.array([np.nan if item.forward is None else item.forward for item in solved.slices])
    for place, one in carried.items():
        forwards[place] = np.nan if one.forward is None else one.forward
    found, source = synchronous_spot(solved.chain.spot, years, forwards)
    return (spot, solved.spot_source) if found is None else (found, source)


def _extrapolated(past: Sequence[FloatArray]) -> FloatArray:
    """Aitken's limit of each component, where its steps shrink steadily; the last value elsewhere."""
    first, second = past[1] - past[0], past[2] - past[1]
    steady = (first * second > 0.0) & (np.abs(second) < 0.8 * np.abs(first))
    ratio = np.divide(second, first, out=np.zeros_like(first), where=steady)
    found: FloatArray = past[2] + second * ratio / (1.0 - ratio)
    return found
