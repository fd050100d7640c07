"""What several legs together would be worth if the market were elsewhere: the pricer's view of a strategy.

Each leg keeps its own volatility, forward and rate as the chains have them; moves go on top of all of them. Profit is
counted from the mids of the moment that the legs were read at. Valued as European options before they end, as
`services.strategies` says among its assumptions. Where the market has the legs is `what_if_legs_market`'s business.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import DomainError, InvalidValueError
from optionix_core.market.units import DAYS_PER_YEAR, POINT
from optionix_core.portfolio.strategies import model
from optionix_core.pricing.engine.result import GREEK_NAMES
from optionix_core.services import strategies
from optionix_core.services.what_if import (
    DATE_SHARES,
    POINTS,
    REACH,
    VOLATILITY_MOVES,
    Curve,
    Density,
    GridBy,
    MoveGrid,
    Picture,
    lognormal,
    rounded_moves,
    thirds,
)
from optionix_core.services.what_if_inputs import Input, Reach, reach

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.portfolio.strategies.model import LegTerms, ModelTerms
    from optionix_core.services.strategies import Report
    from optionix_core.services.what_if_legs_market import LegsMarket
    from optionix_core.volatility.surface.surface import VolatilitySurface

    FloatArray = NDArray[np.float64]

SUMMED = tuple(name for name in GREEK_NAMES if not name.startswith("dual"))
"""Greeks that can be added up over legs of several strikes."""
AT_MIDS = "profit is counted from the mids that the legs were read at"


class Moves(NamedTuple):
    """What is different from the market; natural units."""

    spot: float | None = None
    """The price itself; None where it is the market's."""
    volatility: float = 0.0
    """On top of every leg's."""
    elapsed: float = 0.0
    """Years that have passed."""
    rate: float = 0.0
    dividend_yield: float = 0.0


STILL = Moves()


@dataclass(frozen=True, slots=True, eq=False)
class LegsView:
    """Several legs as the pricer shows them, in money."""

    market: LegsMarket
    moves: Moves
    profit: float
    """Since the mids."""
    value: float
    """What the legs are worth; negative where closing them costs money."""
    greeks: tuple[tuple[str, float | None], ...]
    """`SUMMED` in natural units; None where a leg ends now."""
    picture: Picture
    grid: MoveGrid | None
    report: Report | None
    """At the moved market; None where it was not asked for, or a leg ends now."""
    density: Density | str


def moved_terms(terms: ModelTerms, moves: Moves) -> ModelTerms:
    """The terms after `moves`: forwards go with the spot, and by the moved rate and yield; volatilities are shifted.

    Raises InvalidValueError for a spot or volatility that is not positive, and for more time than the nearest leg has.
    """
    spot = terms.spot if moves.spot is None else moves.spot
    if not 0.0 < spot < math.inf:
        raise InvalidValueError("spot", spot, "positive and finite")
    if not 0.0 <= moves.elapsed <= terms.nearest * (1.0 + 1e-12):
        bound = f"from 0 to {terms.nearest * DAYS_PER_YEAR:.6g} days, when the nearest leg ends"
        raise InvalidValueError("days that pass", f"{moves.elapsed * DAYS_PER_YEAR:g}", bound)
    found: list[LegTerms | None] = []
    for one in terms.legs:
        if one is None:
            found.append(None)
            continue
        volatility = one.volatility + moves.volatility
        if not volatility > 0.0:
            bound = f"above {-one.volatility / POINT:.4g} points, or a leg has no volatility left"
            raise InvalidValueError("vol move", f"{moves.volatility / POINT:g} points", bound)
        left = max(one.years - moves.elapsed, 0.0)
        rate = -math.log(one.discount_factor) / one.years + moves.rate
        growth = math.log(one.forward / terms.spot) / one.years + moves.rate - moves.dividend_yield
        found.append(model.LegTerms(left, spot * math.exp(growth * left), math.exp(-rate * left), volatility))
    return model.ModelTerms(spot, tuple(found), terms.volatility_source)


def legs_view(
    market: LegsMarket,
    moves: Moves = STILL,
    *,
    dates: Sequence[float] | None = None,
    by: GridBy | None = "volatility",
    surface: VolatilitySurface | None = None,
    full: bool = True,
) -> LegsView:
    """Everything about the legs after `moves`.

    `dates`: as in `what_if.contract_view`. `surface`: the smile for probability and density; without one they are
    lognormal of the volatility at the forward. `full`: with bounds, breakevens and probability, which take longer where
    the legs end at several dates. Raises what `moved_terms` raises.
    """
    terms = moved_terms(market.terms, moves)
    spot, left = terms.spot, terms.nearest
    profit_now = float(model.profit(market.strategy, terms, spot, 0.0))
    picture = _picture(market, terms, dates)
    flat = None if market.at_the_money is None else market.at_the_money + moves.volatility
    report = None
    if full and left > 0.0:
        report = strategies.of_terms(market.strategy, terms, surface, flat, (AT_MIDS,))
    cost = sum(float(leg.exposure) * float(leg.price or 0) for leg in market.strategy.legs)
    return LegsView(
        market,
        moves,
        profit_now,
        profit_now + cost,
        _summed(market, moves, terms),
        picture,
        None if by is None else _grid(market, moves, by, profit_now),
        report,
        _density(terms, left, flat, surface),
    )


def _summed(market: LegsMarket, moves: Moves, terms: ModelTerms) -> tuple[tuple[str, float | None], ...]:
    from optionix_core.pricing import black_scholes

    rows = [
        (leg.sign, float(leg.strike or 0), float(leg.exposure), now, then)
        for leg, now, then in zip(market.strategy.legs, market.terms.legs, terms.legs, strict=True)
        if now is not None and then is not None
    ]
    shares = sum(float(leg.exposure) for leg in market.strategy.legs if leg.type == "stock")
    sign, strike, size = (np.array(column, dtype=np.float64) for column in list(zip(*rows, strict=True))[:3])
    years = np.array([then.years for *_, then in rows])
    rate = np.array([-math.log(now.discount_factor) / now.years + moves.rate for *_, now, _ in rows])
    growth = np.array([math.log(now.forward / market.terms.spot) / now.years for *_, now, _ in rows])
    carry = rate - (growth + moves.rate - moves.dividend_yield)
    sigma = np.array([then.volatility for *_, then in rows])
    found = black_scholes.greeks(sign, terms.spot, strike, years, rate, carry, sigma)
    totals: list[tuple[str, float | None]] = []
    for name in SUMMED:
        total = float(np.dot(size, getattr(found, name))) + (shares if name == "delta" else 0.0)
        totals.append((name, total if math.isfinite(total) else None))
    return tuple(totals)


def _picture(market: LegsMarket, terms: ModelTerms, dates: Sequence[float] | None) -> Picture:
    strikes = [float(leg.strike) for leg in market.strategy.legs if leg.strike is not None]
    widest = max(one.volatility * math.sqrt(max(one.years, 0.0)) for one in market.terms.legs if one is not None)
    half = min(max(0.8 * REACH * widest, 0.05), 1.0)
    middle = market.terms.spot
    low = min(middle * math.exp(-half), terms.spot, 0.97 * min(strikes))
    high = max(middle * math.exp(half), terms.spot, 1.03 * max(strikes))
    spots = np.unique(np.concatenate([np.linspace(low, high, POINTS), strikes, [terms.spot]]))
    left = terms.nearest
    chosen = thirds(left) if dates is None else tuple(dates)
    for moment in chosen:
        if not 0.0 < moment < left:
            bound = f"between now and the nearest expiry, {left * DAYS_PER_YEAR:.6g} days"
            raise InvalidValueError("dates", f"{moment * DAYS_PER_YEAR:.6g} days", bound)
    moments = (0.0, *sorted(set(chosen)), left) if left > 0.0 else (0.0,)
    curves = tuple(Curve(moment, model.profit(market.strategy, terms, spots, moment)) for moment in moments)
    return Picture(spots, curves)


def _grid(market: LegsMarket, moves: Moves, by: GridBy, profit_now: float) -> MoveGrid:
    terms = moved_terms(market.terms, moves)
    level = market.at_the_money or max(one.volatility for one in terms.legs if one is not None)
    steps = rounded_moves(level, terms.nearest)
    spots = terms.spot * (1.0 + np.array(steps))
    lowest = min(one.volatility for one in terms.legs if one is not None)
    if by == "days":
        rows = tuple(dict.fromkeys(terms.nearest * share for share in DATE_SHARES))
        tables = [model.profit(market.strategy, terms, spots, row) for row in rows]
    else:
        rows = tuple(move for move in VOLATILITY_MOVES if lowest + move > 0.0)
        tables = [
            model.profit(
                market.strategy,
                moved_terms(market.terms, moves._replace(volatility=moves.volatility + row)),
                spots,
                0.0,
            )
            for row in rows
        ]
    changes = tuple(tuple((table - profit_now).tolist()) for table in tables)
    return MoveGrid(by, steps, rows, changes)


def _density(terms: ModelTerms, years: float, flat: float | None, surface: VolatilitySurface | None) -> Density | str:
    if not years > 0.0:
        return "the nearest leg ends now"
    if surface is not None:
        return smile_density(surface, years)
    if flat is None or not flat > 0.0:
        return "neither a smile nor a volatility at the forward"
    nearest = min((one for one in terms.legs if one is not None), key=lambda one: one.years)
    return lognormal(nearest.forward, years, flat)


def smile_density(surface: VolatilitySurface, years: float) -> Density | str:
    """The density of a fitted smile at `years`, or why it has none."""
    from optionix_core.volatility.analysis import risk_neutral_density

    try:
        told = risk_neutral_density(surface, years, points=POINTS, deviations=4.0)
    except DomainError as error:
        return str(error)
    return Density(told.level, told.density, f"smile ({surface.model})")


def inputs(market: LegsMarket, moves: Moves) -> tuple[Input, ...]:
    """What can be moved of legs: the spot, the days to the nearest expiry, and shifts of volatility, rate and yield."""
    return (
        Input("spot", "spot", "price", market.terms.spot if moves.spot is None else moves.spot),
        Input("volatility", "vol ±", "volatility", moves.volatility),
        Input("expiry", "days", "time", market.terms.nearest - moves.elapsed),
        Input("rate", "rate ±", "rate", moves.rate),
        Input("dividend_yield", "div ±", "rate", moves.dividend_yield),
    )


def reach_of(market: LegsMarket, name: str) -> Reach:
    """Of an input's slider."""
    if name == "spot":
        return reach(Input("spot", "spot", "price", market.terms.spot), None)
    day = 1.0 / DAYS_PER_YEAR
    return {
        "volatility": Reach(-0.15, 0.15, 0.001, 0.01),
        "expiry": Reach(0.0, market.terms.nearest, day, 7.0 * day),
    }.get(name, Reach(-0.05, 0.05, 0.0005, 0.005))


def moved(market: LegsMarket, moves: Moves, name: str, value: float | None) -> Moves:
    """Moves with an input at `value`; None: where the market has it. Raises what `moved_terms` raises."""
    if name == "expiry":
        fresh = moves._replace(elapsed=0.0 if value is None else market.terms.nearest - value)
    elif name == "spot":
        fresh = moves._replace(spot=value)
    elif name == "volatility":
        fresh = moves._replace(volatility=value or 0.0)
    elif name == "rate":
        fresh = moves._replace(rate=value or 0.0)
    else:
        fresh = moves._replace(dividend_yield=value or 0.0)
    moved_terms(market.terms, fresh)
    return fresh
