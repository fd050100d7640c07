"""Parts of the change of an option's value between two states, by Taylor's theorem along the straight line between.

With x(s) = x0 + s (x1 - x0), s from 0 to 1, x = (spot, volatility, time, rate, yield) and g = dV/dx,

    V(x1) - V(x0) = sum_i dx_i int g_i(x(s)) ds,    int g_i ds = g_i(x0) + sum_j dx_j int (1 - s) dg_i/dx_j ds.

So delta and vega are those of the start, gamma, vanna and volga are averaged along the line with weight 2 (1 - s),
theta, carry, rho and epsilon are averaged evenly, and `cross` is what delta and vega gain from time, rates and yields.
Integrals are Gauss-Legendre sums between the moments at which a discrete dividend goes off; there the value jumps, and
the jump belongs to dividends. What the sums miss is the residual. Source: Taylor's theorem with the remainder as an
integral, Apostol, Mathematical Analysis (1974), theorem 12.14.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from optionix_core.pricing.dividends import CashDividends, Dividends, ProportionalDividends, schedule
from optionix_core.risk._option_rows import OptionRows, moved

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.pricing.american import Accuracy

    FloatArray = NDArray[np.float64]

NODES: Final = 5
"""Of a Gauss-Legendre sum between two dividends: exact to the ninth degree."""
_TINY: Final = 1e-10
"""Years: a dividend that is due now, for pricing that takes positive times alone."""
PATH_GREEKS: Final = ("delta", "gamma", "vega", "theta", "rho", "epsilon", "vanna", "volga")
START_GREEKS: Final = (*PATH_GREEKS, "charm", "veta")

TAYLOR: Final = ("delta", "gamma", "unit_vega", "vanna", "volga", "theta", "carry", "rho", "dividend", "cross")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Move:
    """From where to where options of one kind and underlying went; the end's arrays are of shape (rows,)."""

    start: OptionRows
    spot: FloatArray
    years: FloatArray
    """Left at the end; zero where they settled."""
    rate: FloatArray
    dividend_yield: FloatArray
    volatility: FloatArray
    elapsed: float
    """Years between the two moments: discrete dividends come nearer by these."""
    dividends: Dividends | None
    """Schedule that the end knows of."""

    def at(self, share: float) -> OptionRows:
        """The options a share of the way; dividends that went off by then are gone."""
        here = self.start

        def between(first: float | FloatArray, last: FloatArray) -> FloatArray:
            found: FloatArray = first + share * (last - first)
            return found

        return moved(
            here,
            spot=between(here.spot, self.spot),
            years=between(here.years, self.years),
            rate=between(here.rate, self.rate),
            dividend_yield=between(here.dividend_yield, self.dividend_yield),
            volatility=between(here.volatility, self.volatility),
            dividends=nearer(here.dividends, share * self.elapsed),
        )


def path_terms(move: Move, accuracy: Accuracy) -> dict[str, FloatArray]:
    """Every one of `TAYLOR` for one unit, arrays of shape (rows,); `unit_vega` is per 1.00 of a move of the smile."""
    first = move.start.greeks(("delta", "vega"), accuracy)
    spot, volatility, gone = _differences(move)
    rows = move.start.places.size
    even = {name: np.zeros(rows) for name in ("delta", "vega", "theta", "carry", "rho", "epsilon")}
    weighed = {name: np.zeros(rows) for name in ("gamma", "vanna", "volga")}
    for share, weight in _shares(move):
        here = move.at(share)
        found = here.greeks(PATH_GREEKS, accuracy)
        found["carry"] = _carry(here, found)
        for name in even:
            even[name] += weight * found[name]
        for name in weighed:
            weighed[name] += weight * (1.0 - share) * found[name]
    terms = {
        "delta": first["delta"] * spot,
        "gamma": weighed["gamma"] * spot**2,
        "unit_vega": first["vega"],
        "vanna": 2.0 * weighed["vanna"] * spot * volatility,
        "volga": weighed["volga"] * volatility**2,
        "theta": (even["theta"] - even["carry"]) * gone,
        "carry": even["carry"] * gone,
        "rho": even["rho"] * (move.rate - move.start.rate),
        "dividend": even["epsilon"] * (move.dividend_yield - move.start.dividend_yield) + _jumps(move, accuracy),
    }
    whole = even["delta"] * spot + even["vega"] * volatility
    told = terms["delta"] + terms["gamma"] + first["vega"] * volatility + terms["vanna"] + terms["volga"]
    return terms | {"cross": whole - told}


def start_terms(move: Move, accuracy: Accuracy) -> dict[str, FloatArray]:
    """Every one of `TAYLOR` to second order from the Greeks of the start; a Greek that is not given counts nothing."""
    here = move.start
    found = {name: np.nan_to_num(values) for name, values in here.greeks(START_GREEKS, accuracy).items()}
    spot, volatility, gone = _differences(move)
    carry = _carry(here, found)
    return {
        "delta": found["delta"] * spot,
        "gamma": 0.5 * found["gamma"] * spot**2,
        "unit_vega": found["vega"],
        "vanna": found["vanna"] * spot * volatility,
        "volga": 0.5 * found["volga"] * volatility**2,
        "theta": (found["theta"] - carry) * gone,
        "carry": carry * gone,
        "rho": found["rho"] * (move.rate - here.rate),
        "dividend": found["epsilon"] * (move.dividend_yield - here.dividend_yield) + _jumps(move, accuracy),
        "cross": (found["charm"] * spot + found["veta"] * volatility) * gone,
    }


def nearer(dividends: Dividends | None, years: float) -> Dividends | None:
    """The same schedule after some time has passed; what went off is gone."""
    paid = schedule(dividends)
    kept = [(time - years, amount) for time, amount in zip(paid.times, paid.amounts, strict=True) if time > years]
    if not kept:
        return None
    times, amounts = zip(*kept, strict=True)
    return ProportionalDividends(times, amounts) if paid.proportional else CashDividends(times, amounts)


def _differences(move: Move) -> tuple[FloatArray, FloatArray, FloatArray]:
    return move.spot - move.start.spot, move.volatility - move.start.volatility, move.start.years - move.years


def _carry(rows: OptionRows, found: dict[str, FloatArray]) -> FloatArray:
    """Per year: what the value earns at the rate, less what its delta gains by the drift of the underlying."""
    drift = (rows.rate - rows.dividend_yield) * rows.spot * found["delta"]
    earned: FloatArray = rows.rate * found["price"] - drift
    return earned


def _went_off(move: Move) -> list[float]:
    return [time for time in schedule(move.start.dividends).times if time <= move.elapsed]


def _shares(move: Move) -> Iterator[tuple[float, float]]:
    points, weights = np.polynomial.legendre.leggauss(NODES)
    inner = sorted({time / move.elapsed for time in _went_off(move) if time < move.elapsed})
    edges = [0.0, *inner, 1.0]
    for low, high in pairwise(edges):
        for point, weight in zip(points, weights, strict=True):
            yield float(low + (high - low) * (1.0 + point) / 2.0), float(weight * (high - low) / 2.0)


def _jumps(move: Move, accuracy: Accuracy) -> FloatArray:
    """What dividends that went off, and changes of those still to come, did to the value of one."""
    total = np.zeros(move.start.places.size)
    for time in sorted(set(_went_off(move))):
        share = time / move.elapsed
        without = move.at(share)
        due = moved(without, dividends=_due_now(move, time))
        total += without.prices(accuracy) - due.prices(accuracy)
    last = move.at(1.0)
    if schedule(last.dividends) != schedule(move.dividends):
        total += moved(last, dividends=move.dividends).prices(accuracy) - last.prices(accuracy)
    return total


def _due_now(move: Move, time: float) -> Dividends | None:
    return nearer(move.start.dividends, time - _TINY)
