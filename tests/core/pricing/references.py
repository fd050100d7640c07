"""Independent references of the closed forms: QuantLib's engines, integrals, and published digits, row by row."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np

from optionix_core.pricing import (
    asian,
    barrier,
    black_scholes,
    chooser,
    compound,
    digital,
    forward_start,
    lookback,
    merton,
    quanto,
    two_asset,
)
from tests.core.pricing.published_peers import Flat, integrated, jump_diffusions, priced

Row = dict[str, Any]


class Reference(NamedTuple):
    """One line of the table of accuracy; errors are of the larger of spot and strike, or of one unit paid."""

    function: str
    source: str
    rows: int
    errors: Callable[[Any, np.random.Generator, int], list[float]]
    """Of QuantLib's module, a generator and a number of rows."""


def drawn(draw: np.random.Generator) -> Row:
    """A contract over whole days by Actual/360."""
    spot = float(draw.uniform(50, 150))
    return {
        "sign": int(draw.choice([1, -1])),
        "spot": spot,
        "strike": spot * float(np.exp(draw.uniform(-0.4, 0.4))),
        "expiry": int(draw.integers(20, 1000)) / 360,
        "rate": float(draw.uniform(-0.03, 0.1)),
        "dividend_yield": float(draw.uniform(-0.03, 0.08)),
        "volatility": float(draw.uniform(0.08, 0.7)),
    }


def place(ql: Any, row: Row) -> Flat:
    return Flat(ql, row["spot"], row["rate"], row["dividend_yield"], row["volatility"])


def payoff(ql: Any, row: Row) -> Any:
    return ql.PlainVanillaPayoff(side(ql, row), row["strike"])


def side(ql: Any, row: Row) -> Any:
    return ql.Option.Call if row["sign"] > 0 else ql.Option.Put


def market(row: Row) -> tuple[float, float, float, float]:
    return row["expiry"], row["rate"], row["dividend_yield"], row["volatility"]


def row_by_row(one: Callable[[Any, np.random.Generator, Row], tuple[float, float, float]]) -> Any:
    """`one` gives our price, the reference and the amount that errors are measured in."""

    def errors(ql: Any, draw: np.random.Generator, rows: int) -> list[float]:
        found = []
        for _ in range(rows):
            ours, theirs, amount = one(ql, draw, drawn(draw))
            found.append(abs(ours - theirs) / amount)
        return found

    return errors


def amount(row: Row) -> float:
    return max(row["spot"], row["strike"])


def cash_digital(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    del draw
    option = ql.VanillaOption(
        ql.CashOrNothingPayoff(side(ql, row), row["strike"], 1.0), place(ql, row).european(row["expiry"])
    )
    theirs = priced(option, ql.AnalyticEuropeanEngine(place(ql, row).process))
    return digital.cash_or_nothing(row["sign"], row["spot"], row["strike"], *market(row)), theirs, 1.0


def asset_digital(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    del draw
    m = place(ql, row)
    option = ql.VanillaOption(ql.AssetOrNothingPayoff(side(ql, row), row["strike"]), m.european(row["expiry"]))
    theirs = priced(option, ql.AnalyticEuropeanEngine(m.process))
    return digital.asset_or_nothing(row["sign"], row["spot"], row["strike"], *market(row)), theirs, amount(row)


def touch(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    """The first-passage law at 40 digits (Rubinstein and Reiner 1991), rates of zero or more."""
    del ql
    level = row["spot"] * math.exp(float(draw.choice([-1, 1])) * draw.uniform(0.02, 0.5))
    expiry, rate, dividend, vol = market({**row, "rate": abs(row["rate"])})
    with mp.workdps(40):
        v, h = mp.mpf(vol), mp.log(mp.mpf(level) / mp.mpf(row["spot"]))
        nu = mp.mpf(rate) - mp.mpf(dividend) - v * v / 2
        root = mp.sqrt(nu * nu + 2 * mp.mpf(rate) * v * v)
        s, eta = v * mp.sqrt(expiry), mp.sign(h)
        terms = [
            mp.exp((nu + sign * root) * h / (v * v)) * mp.ncdf(-eta * (h + sign * root * expiry) / s)
            for sign in (1, -1)
        ]
        theirs = float(terms[0] + terms[1])
    return digital.one_touch(row["spot"], level, expiry, rate, dividend, vol), theirs, 1.0


def single_barrier(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    kind = str(draw.choice(barrier.BARRIER_TYPES))
    away = draw.uniform(0.02, 0.5) * (-1 if kind.startswith("down") else 1)
    level, rebate = row["spot"] * math.exp(away), float(draw.uniform(0, 5))
    row["rate"] = abs(row["rate"])
    m = place(ql, row)
    named = getattr(ql.Barrier, "".join(part.capitalize() for part in kind.split("-")))
    option = ql.BarrierOption(named, level, rebate, payoff(ql, row), m.european(row["expiry"]))
    theirs = priced(option, ql.AnalyticBarrierEngine(m.process))
    ours = barrier.price(row["sign"], kind, row["spot"], row["strike"], level, rebate, *market(row))
    return ours, theirs, amount(row)


def double_barrier(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    kind = str(draw.choice(barrier.DOUBLE_TYPES))
    lower, upper = (row["spot"] * math.exp(s * draw.uniform(0.1, 0.6)) for s in (-1, 1))
    row["strike"] = float(np.clip(row["strike"], lower, upper))  # the engine's formula is for strikes between
    m = place(ql, row)
    named = ql.DoubleBarrier.KnockOut if kind == "knock-out" else ql.DoubleBarrier.KnockIn
    option = ql.DoubleBarrierOption(named, lower, upper, 0.0, payoff(ql, row), m.european(row["expiry"]))
    theirs = priced(option, ql.AnalyticDoubleBarrierEngine(m.process, 20))
    ours = barrier.double_price(row["sign"], kind, row["spot"], row["strike"], lower, upper, *market(row))
    return ours, theirs, amount(row)


def partial_barrier(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    del ql
    kind = str(draw.choice(["down-out", "up-out"]))
    level = row["spot"] * math.exp(draw.uniform(0.02, 0.4) * (-1 if kind.startswith("down") else 1))
    edge = row["expiry"] * draw.uniform(0.2, 0.8)
    rest = (row["expiry"] - edge, *market(row)[1:])

    def later(there: Any) -> Any:
        return barrier.price(row["sign"], kind, there, row["strike"], level, 0.0, *rest)

    theirs = integrated(later, level, row["spot"], (edge, *market(row)[1:]))
    arguments = (row["spot"], row["strike"], level, edge, *market(row))
    return barrier.partial_price(row["sign"], kind, "end-b2", *arguments), theirs, amount(row)


def floating_lookback(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    extreme = row["spot"] * math.exp(-row["sign"] * draw.uniform(0.01, 0.3))
    m = place(ql, row)
    option = ql.ContinuousFloatingLookbackOption(
        extreme, ql.FloatingTypePayoff(side(ql, row)), m.european(row["expiry"])
    )
    theirs = priced(option, ql.AnalyticContinuousFloatingLookbackEngine(m.process))
    return lookback.floating_price(row["sign"], row["spot"], extreme, *market(row)), theirs, amount(row)


def fixed_lookback(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    extreme = row["spot"] * math.exp(row["sign"] * draw.uniform(0.01, 0.3))
    m = place(ql, row)
    option = ql.ContinuousFixedLookbackOption(extreme, payoff(ql, row), m.european(row["expiry"]))
    theirs = priced(option, ql.AnalyticContinuousFixedLookbackEngine(m.process))
    return lookback.fixed_price(row["sign"], row["spot"], extreme, row["strike"], *market(row)), theirs, amount(row)


def geometric(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    days = np.unique(draw.integers(1, round(row["expiry"] * 360), 9))
    m = place(ql, row)
    dates = [m.today + int(day) for day in days]
    option = ql.DiscreteAveragingAsianOption(
        ql.Average.Geometric, 1.0, 0, dates, payoff(ql, row), m.european(row["expiry"])
    )
    theirs = priced(option, ql.AnalyticDiscreteGeometricAveragePriceAsianEngine(m.process))
    return asian.geometric_price(row["sign"], row["spot"], row["strike"], *market(row), days / 360), theirs, amount(row)


def levy(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    del draw
    m = place(ql, row)
    option = ql.ContinuousAveragingAsianOption(ql.Average.Arithmetic, payoff(ql, row), m.european(row["expiry"]))
    current = ql.QuoteHandle(ql.SimpleQuote(row["spot"]))
    theirs = priced(option, ql.ContinuousArithmeticAsianLevyEngine(m.process, current, m.today))
    ours = asian.arithmetic_price(row["sign"], row["spot"], row["strike"], *market(row), method="levy")
    return ours, theirs, amount(row)


def two_fixings(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    """Black's formula for the second fixing given the first, integrated over the first."""
    del ql
    first = row["expiry"] * draw.uniform(0.2, 0.8)
    rest = (row["expiry"] - first, *market(row)[1:])
    growth = (row["rate"] - row["dividend_yield"]) * rest[0]

    def later(there: Any) -> Any:
        left = 2.0 * row["strike"] - there
        sure = np.maximum(row["sign"] * (there * math.exp(growth) - left), 0.0) * math.exp(-row["rate"] * rest[0])
        option = black_scholes.price(row["sign"], there, np.where(left > 0, left, 1.0), *rest)
        return 0.5 * np.where(left > 0, option, sure)

    theirs = integrated(later, 2.0 * row["strike"], row["spot"], (first, *market(row)[1:]))
    times = [first, row["expiry"]]
    ours = asian.arithmetic_price(row["sign"], row["spot"], row["strike"], *market(row), times, "exact")
    return ours, theirs, amount(row)


LINETSKY = (
    (2.0, 0.02, 0.10, 1, 0.0559860415),
    (2.0, 0.18, 0.30, 1, 0.2183875466),
    (2.0, 0.0125, 0.25, 2, 0.1722687410),
    (1.9, 0.05, 0.50, 1, 0.1931737903),
    (2.0, 0.05, 0.50, 1, 0.2464156905),
    (2.1, 0.05, 0.50, 1, 0.3062203648),
    (2.0, 0.05, 0.50, 2, 0.3500952190),
)
"""V. Linetsky, Operations Research 52 (2004) 856-867, table 3: spot, rate, volatility, expiry, price at strike 2."""


def continuous(ql: Any, draw: np.random.Generator, rows: int) -> list[float]:
    del ql, draw
    return [
        abs(asian.arithmetic_price("call", spot, 2.0, expiry, rate, 0.0, vol, method="exact") - value) / 2.0
        for spot, rate, vol, expiry, value in LINETSKY[:rows]
    ]


def pair(draw: np.random.Generator, row: Row) -> tuple[Row, float]:
    other = drawn(draw)
    return {**other, "expiry": row["expiry"], "rate": row["rate"]}, float(draw.uniform(-0.95, 0.95))


def two_arguments(row: Row, other: Row, strike: float, correlation: float) -> tuple[float, ...]:
    yields = (row["dividend_yield"], other["dividend_yield"])
    vols = (row["volatility"], other["volatility"])
    return row["spot"], other["spot"], strike, row["expiry"], row["rate"], *yields, *vols, correlation


def extreme_of_two(name: str) -> Any:
    def one(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
        other, correlation = pair(draw, row)
        m = place(ql, row)
        second = m.of(other["spot"], other["rate"], other["dividend_yield"], other["volatility"])
        wrapped = ql.MinBasketPayoff if name == "minimum" else ql.MaxBasketPayoff
        option = ql.BasketOption(wrapped(payoff(ql, row)), m.european(row["expiry"]))
        theirs = priced(option, ql.StulzEngine(m.process, second, correlation))
        price = getattr(two_asset, name)
        return price(row["sign"], *two_arguments(row, other, row["strike"], correlation)), theirs, amount(row)

    return one


def spread(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    del ql
    other, rho = pair(draw, row)
    strike = float(draw.uniform(0.0, 40.0))
    expiry, rate, dividend, vol = market(row)
    s1, s2 = vol * math.sqrt(expiry), other["volatility"] * math.sqrt(expiry)
    rest = s2 * math.sqrt(1 - rho * rho)

    def later(there: Any) -> Any:
        z = (np.log(there / row["spot"]) - (rate - dividend) * expiry) / s1 + s1 / 2
        forward = other["spot"] * np.exp((rate - other["dividend_yield"]) * expiry + rho * s2 * z - (rho * s2) ** 2 / 2)
        given = np.where(there > strike, there - strike, 1.0)
        worth = black_scholes.price(-row["sign"], forward, given, 1.0, 0.0, 0.0, rest)
        return np.where(there > strike, worth, np.maximum(row["sign"] * (there - strike - forward), 0.0))

    theirs = integrated(later, max(strike, 1e-3), row["spot"], (expiry, rate, dividend, vol))
    ours = two_asset.spread(row["sign"], *two_arguments(row, other, strike, rho))
    return ours, theirs, max(row["spot"], other["spot"])


def kink_of(gain: Callable[[float], float], spot: float) -> float:
    low, high = 1e-6 * spot, 1e6 * spot
    rises = gain(high) > gain(low)
    for _ in range(200):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if (gain(middle) < 0) == rises else (low, middle)
    return low


def on_option(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    del ql
    inner, share = int(draw.choice([1, -1])), float(draw.uniform(0.2, 0.8))
    first, strike = share * row["expiry"], float(draw.uniform(1.0, 15.0))
    rest = (row["expiry"] - first, *market(row)[1:])

    def gain(there: Any) -> Any:
        return black_scholes.price(inner, there, row["strike"], *rest) - strike

    kink = kink_of(gain, row["spot"])
    theirs = integrated(
        lambda there: np.maximum(row["sign"] * gain(there), 0.0), kink, row["spot"], (first, *market(row)[1:])
    )
    times = (first, row["expiry"])
    ours = compound.price(row["sign"], inner, row["spot"], strike, row["strike"], *times, *market(row)[1:])
    return ours, theirs, amount(row)


def undecided(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    del ql
    choice = row["expiry"] * draw.uniform(0.2, 0.8)
    other = {"strike": row["strike"] * draw.uniform(0.8, 1.2), "expiry": row["expiry"] * draw.uniform(1.0, 1.5)}

    def pairs(there: Any) -> tuple[Any, Any]:
        rates = market(row)[1:]
        return (
            black_scholes.price(1, there, row["strike"], row["expiry"] - choice, *rates),
            black_scholes.price(-1, there, other["strike"], other["expiry"] - choice, *rates),
        )

    kink = kink_of(lambda there: float(np.subtract(*pairs(there))), row["spot"])
    theirs = integrated(lambda there: np.maximum(*pairs(there)), kink, row["spot"], (choice, *market(row)[1:]))
    strikes, lives = (row["strike"], other["strike"]), (row["expiry"], other["expiry"])
    ours = chooser.complex_price(row["spot"], *strikes, choice, *lives, *market(row)[1:])
    return ours, theirs, amount(row)


def later_strike(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    del ql
    start = row["expiry"] * draw.uniform(0.1, 0.9)
    moneyness = row["strike"] / row["spot"]
    rest = (row["expiry"] - start, *market(row)[1:])
    theirs = integrated(
        lambda there: black_scholes.price(row["sign"], there, moneyness * there, *rest), row["spot"], row["spot"],
        (start, *market(row)[1:]),
    )  # fmt: skip
    return forward_start.price(row["sign"], row["spot"], moneyness, start, *market(row)), theirs, amount(row)


def in_home_currency(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    foreign, fx, rho = draw.uniform(-0.02, 0.08), draw.uniform(0.05, 0.3), draw.uniform(-0.9, 0.9)
    m = place(ql, row)
    option = ql.QuantoVanillaOption(payoff(ql, row), m.european(row["expiry"]))
    correlation = ql.QuoteHandle(ql.SimpleQuote(float(rho)))
    theirs = priced(
        option, ql.QuantoEuropeanEngine(m.process, m.curve(float(foreign)), m.smile(float(fx)), correlation)
    )
    arguments = (row["expiry"], row["rate"], foreign, row["dividend_yield"], row["volatility"], fx, rho)
    return quanto.price(row["sign"], row["spot"], row["strike"], *arguments), theirs, amount(row)


def jumping(ql: Any, draw: np.random.Generator, row: Row) -> tuple[float, float, float]:
    gamma, often = float(draw.uniform(0.1, 0.6)), float(draw.uniform(0.5, 6.0))
    named = {
        "s": row["spot"],
        "strike": row["strike"],
        "t": row["expiry"],
        "r": row["rate"],
        "q": row["dividend_yield"],
    }
    vol = row["volatility"] + 0.1
    told = {**named, "v": vol, "gamma": gamma, "jumpIntensity": often, "type": "Call" if row["sign"] > 0 else "Put"}
    deviation = math.sqrt(gamma * vol * vol / often)
    arguments = (*market(row)[:3], vol * math.sqrt(1 - gamma), often, -deviation * deviation / 2, deviation)
    return merton.price(row["sign"], row["spot"], row["strike"], *arguments), jump_diffusions(ql, told), amount(row)


QUANTLIB = "QuantLib, analytic engine"
INTEGRAL = "integral over an earlier price"
CLOSED_FORMS = (
    Reference("digital.cash_or_nothing", QUANTLIB, 200, row_by_row(cash_digital)),
    Reference("digital.asset_or_nothing", QUANTLIB, 200, row_by_row(asset_digital)),
    Reference("digital.one_touch", "mpmath, 40 digits", 200, row_by_row(touch)),
    Reference("barrier.price", QUANTLIB, 300, row_by_row(single_barrier)),
    Reference("barrier.double_price", QUANTLIB, 200, row_by_row(double_barrier)),
    Reference("barrier.partial_price", INTEGRAL, 60, row_by_row(partial_barrier)),
    Reference("lookback.floating_price", QUANTLIB, 200, row_by_row(floating_lookback)),
    Reference("lookback.fixed_price", QUANTLIB, 200, row_by_row(fixed_lookback)),
    Reference("asian.geometric_price", QUANTLIB, 100, row_by_row(geometric)),
    Reference("asian.arithmetic_price, exact, two fixings", INTEGRAL, 100, row_by_row(two_fixings)),
    Reference("asian.arithmetic_price, exact, continuous", "Linetsky (2004), ten decimals", 7, continuous),
    Reference("asian.arithmetic_price, levy", QUANTLIB, 100, row_by_row(levy)),
    Reference("two_asset.minimum", QUANTLIB, 200, row_by_row(extreme_of_two("minimum"))),
    Reference("two_asset.maximum", QUANTLIB, 200, row_by_row(extreme_of_two("maximum"))),
    Reference("two_asset.spread", "integral over the other asset", 100, row_by_row(spread)),
    Reference("compound.price", INTEGRAL, 60, row_by_row(on_option)),
    Reference("chooser.complex_price", INTEGRAL, 60, row_by_row(undecided)),
    Reference("forward_start.price", INTEGRAL, 60, row_by_row(later_strike)),
    Reference("quanto.price", QUANTLIB, 200, row_by_row(in_home_currency)),
    Reference("merton.price", "Lewis's integral", 60, row_by_row(jumping)),
)


def measured(reference: Reference, ql: Any, rows: int | None = None, seed: int = 1) -> float:
    """The worst error over the reference's rows, or the first `rows` of them."""
    return max(reference.errors(ql, np.random.default_rng(seed), rows or reference.rows))
