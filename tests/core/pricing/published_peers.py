"""Second methods for published rows whose last digit is not ours: QuantLib's closed forms, or an integral."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from optionix_core.pricing import barrier, black_scholes
from tests.core.pricing.published import Row, kind, single, years

Peer = Callable[[Any, Row], float]
"""Of QuantLib's module and a row."""


class Flat:
    """A flat market of QuantLib by Actual/360, from year fractions that are whole days."""

    def __init__(self, ql: Any, spot: float, rate: float, dividend: float, vol: float) -> None:
        self.ql = ql
        self.today = ql.Date(2, 1, 2025)
        ql.Settings.instance().evaluationDate = self.today
        self.process = self.of(spot, rate, dividend, vol)

    def curve(self, rate: float) -> Any:
        return self.ql.YieldTermStructureHandle(self.ql.FlatForward(self.today, rate, self.ql.Actual360()))

    def smile(self, vol: float) -> Any:
        constant = self.ql.BlackConstantVol(self.today, self.ql.NullCalendar(), vol, self.ql.Actual360())
        return self.ql.BlackVolTermStructureHandle(constant)

    def of(self, spot: float, rate: float, dividend: float, vol: float) -> Any:
        quote = self.ql.QuoteHandle(self.ql.SimpleQuote(spot))
        return self.ql.BlackScholesMertonProcess(quote, self.curve(dividend), self.curve(rate), self.smile(vol))

    def date(self, time: float) -> Any:
        return self.today + round(time * 360)

    def european(self, time: float) -> Any:
        return self.ql.EuropeanExercise(self.date(time))

    def vanilla(self, row: Row, field: str = "type", strike: str = "strike") -> Any:
        call = kind(row, field) == "call"
        return self.ql.PlainVanillaPayoff(self.ql.Option.Call if call else self.ql.Option.Put, row[strike])


def priced(option: Any, engine: Any) -> float:
    option.setPricingEngine(engine)
    return float(option.NPV())


def flat(ql: Any, row: Row) -> Flat:
    return Flat(ql, row["s"], row["r"], row["q"], row["v"])


def barrier_kind(ql: Any, row: Row) -> Any:
    names = {"down-out": "DownOut", "down-in": "DownIn", "up-out": "UpOut", "up-in": "UpIn"}
    return getattr(ql.Barrier, names[single(row)])


def barriers(ql: Any, row: Row) -> float:
    m = flat(ql, row)
    option = ql.BarrierOption(
        barrier_kind(ql, row), row["barrier"], row["rebate"], m.vanilla(row), m.european(row["t"])
    )
    return priced(option, ql.AnalyticBarrierEngine(m.process))


def double_barriers(ql: Any, row: Row) -> float:
    m = flat(ql, row)
    out = ql.DoubleBarrier.KnockOut if row["barrierType"].endswith("KnockOut") else ql.DoubleBarrier.KnockIn
    option = ql.DoubleBarrierOption(out, row["barrierlo"], row["barrierhi"], 0.0, m.vanilla(row), m.european(row["t"]))
    return priced(option, ql.AnalyticDoubleBarrierEngine(m.process))


NODES, WEIGHTS = np.polynomial.legendre.leggauss(60)


def integrated(worth: Callable[[Any], Any], kink: float, spot: float, row: tuple[float, float, float, float]) -> float:
    """Discounted expectation of a function of the price at a time, smooth on either side of a kink."""
    time, rate, dividend, vol = row
    s, drift = vol * math.sqrt(time), (rate - dividend - vol * vol / 2) * time
    middle = min(max((math.log(kink / spot) - drift) / s, -12.0), 12.0)
    edges = np.unique([*np.linspace(-12.0, middle, 25), *np.linspace(middle, 12.0, 25)])
    half = 0.5 * np.diff(edges)[:, None]
    z = (edges[:-1, None] + half * (1 + NODES)).ravel()
    mass = (half * WEIGHTS).ravel() * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return float(math.exp(-rate * time) * np.sum(mass * worth(spot * np.exp(drift + s * z))))


def partial_barriers(ql: Any, row: Row) -> float:
    """The barrier option that starts at the window's edge, integrated over the price there.

    QuantLib's engine has a bivariate normal distribution of six digits, which is not enough here.
    """
    del ql
    put = row["test"].endswith("PutOption")
    time = row["days"] / 360

    def worth(there: Any) -> Any:
        sides = np.where(there > 100.0, "down-out", "up-out")
        return barrier.price(
            "put" if put else "call", sides, there, row["strike"], 100.0, 0.0, 1 - time, 0.1, 0.0, 0.25
        )

    return integrated(worth, 100.0, row["underlying"], (time, 0.1, 0.0, 0.25))


def assets_at_hit(ql: Any, row: Row) -> float:
    m = flat(ql, row)
    sign = ql.Option.Call if kind(row) == "call" else ql.Option.Put
    exercise = ql.AmericanExercise(m.today, m.date(row["t"]))
    option = ql.VanillaOption(ql.AssetOrNothingPayoff(sign, row["strike"]), exercise)
    return priced(option, ql.AnalyticDigitalAmericanEngine(m.process))


def floating_lookbacks(ql: Any, row: Row) -> float:
    m = flat(ql, row)
    sign = ql.Option.Call if kind(row) == "call" else ql.Option.Put
    option = ql.ContinuousFloatingLookbackOption(row["minmax"], ql.FloatingTypePayoff(sign), m.european(row["t"]))
    return priced(option, ql.AnalyticContinuousFloatingLookbackEngine(m.process))


def fixed_lookbacks(ql: Any, row: Row) -> float:
    m = flat(ql, row)
    option = ql.ContinuousFixedLookbackOption(row["minmax"], m.vanilla(row), m.european(row["t"]))
    return priced(option, ql.AnalyticContinuousFixedLookbackEngine(m.process))


def baskets(ql: Any, row: Row) -> float:
    m = Flat(ql, row["s1"], row["r"], row["q1"], row["v1"])
    other = m.of(row["s2"], row["r"], row["q2"], row["v2"])
    payoff = ql.MinBasketPayoff if row["basketType"] == "MinBasket" else ql.MaxBasketPayoff
    option = ql.BasketOption(payoff(m.vanilla(row)), m.european(row["t"]))
    return priced(option, ql.StulzEngine(m.process, other, row["rho"]))


def compounds(ql: Any, row: Row, later: float = 0.0) -> float:
    """The inner option at the first expiry, integrated; QuantLib's engine finds the critical price to six digits."""
    del ql
    first, last = years(row["tMother"]) - later, years(row["tDaughter"]) - later
    outer, inner = (1 if kind(row, f"type{who}") == "call" else -1 for who in ("Mother", "Daughter"))
    rest = (last - first, row["r"], row["q"], row["v"])

    def gain(there: Any) -> Any:
        return black_scholes.price(inner, there, row["strikeDaughter"], *rest) - row["strikeMother"]

    low, high = 1e-6 * row["s"], 1e6 * row["s"]
    for _ in range(200):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if inner * gain(middle) < 0 else (low, middle)
    market = (first, row["r"], row["q"], row["v"])
    return integrated(lambda there: np.maximum(outer * gain(there), 0.0), low, row["s"], market)


def compound_theta(ql: Any, row: Row) -> float:
    """A difference of fourth order in calendar time of the integral."""
    step = 1e-3
    near, far = ((compounds(ql, row, k * step) - compounds(ql, row, -k * step)) / (2 * k * step) for k in (1, 2))
    return (4 * near - far) / 3


def compound_engine(ql: Any, row: Row) -> Any:
    m = flat(ql, row)
    outer, inner = (m.vanilla(row, f"type{who}", f"strike{who}") for who in ("Mother", "Daughter"))
    option = ql.CompoundOption(outer, m.european(row["tMother"]), inner, m.european(row["tDaughter"]))
    option.setPricingEngine(ql.AnalyticCompoundOptionEngine(m.process))
    return option


def quanto_barriers(ql: Any, row: Row) -> float:
    m = flat(ql, row)
    option = ql.QuantoBarrierOption(
        barrier_kind(ql, row), row["barrier"], row["rebate"], m.vanilla(row), m.european(row["t"])
    )
    correlation = ql.QuoteHandle(ql.SimpleQuote(row["corr"]))
    return priced(option, ql.QuantoBarrierEngine(m.process, m.curve(row["fxr"]), m.smile(row["fxv"]), correlation))


def performances(ql: Any, row: Row) -> float:
    """The formula of the book (Haug 2007, 4.6) in plain arithmetic: a forward-start option over its spot, deferred."""
    life = years(row["t"]) - row["start"]
    normal = ql.CumulativeNormalDistribution()
    width = row["v"] * math.sqrt(life)
    d1 = (-math.log(row["moneyness"]) + (row["r"] - row["q"]) * life) / width + width / 2
    sign = 1 if kind(row) == "call" else -1
    asset = math.exp(-row["q"] * life) * normal(sign * d1)
    cash = row["moneyness"] * math.exp(-row["r"] * life) * normal(sign * (d1 - width))
    return float(sign * (asset - cash) * math.exp(-row["r"] * row["start"]))


def jump_diffusions(ql: Any, row: Row) -> float:
    """The integral of A. Lewis, "A simple option formula for general jump-diffusion processes" (2001), eq. 3.11."""
    del ql
    time, rate, jumps = years(row["t"]), row["r"], row["jumpIntensity"]
    spread = row["gamma"] * row["v"] ** 2 / jumps
    carried = row["s"] * math.exp((rate - row["q"]) * time)
    x = math.log(carried / row["strike"])
    u = (np.arange(40)[:, None] + 0.5 * (1 + NODES)).ravel() * 7.5
    weights = np.tile(WEIGHTS, 40)
    z = u - 0.5j
    diffusion = -0.5 * row["v"] ** 2 * (1 - row["gamma"]) * (z * z + 1j * z)
    leaps = jumps * (np.exp(-0.5 * spread * (z * z + 1j * z)) - 1)
    integrand = (np.exp(1j * u * x + time * (diffusion + leaps)) / (u * u + 0.25)).real
    share = 3.75 * float(np.sum(weights * integrand)) / math.pi
    discount = math.exp(-rate * time)
    call = discount * (carried - math.sqrt(carried * row["strike"]) * share)
    return call if kind(row) == "call" else call - discount * (carried - row["strike"])


PEERS: dict[tuple[str, str, str], Peer] = {
    ("barrieroption", "testHaugValues", "result"): barriers,
    ("doublebarrieroption", "testEuropeanHaugValues", "result"): double_barriers,
    ("partialtimebarrieroption", "testAnalyticEngine", "result"): partial_barriers,
    ("partialtimebarrieroption", "testAnalyticEnginePutOption", "result"): partial_barriers,
    ("digitaloption", "testAssetAtHitOrNothingAmericanValues", "result"): assets_at_hit,
    ("lookbackoptions", "testAnalyticContinuousFloatingLookback", "result"): floating_lookbacks,
    ("lookbackoptions", "testAnalyticContinuousFixedLookback", "result"): fixed_lookbacks,
    ("basketoption", "testEuroTwoValues", "result"): baskets,
    ("compoundoption", "testValues", "npv"): compounds,
    ("compoundoption", "testValues", "vega"): lambda ql, row: float(compound_engine(ql, row).vega()),
    ("compoundoption", "testValues", "theta"): compound_theta,
    ("quantooption", "testBarrierValues", "result"): quanto_barriers,
    ("forwardoption", "testPerformanceValues", "result"): performances,
    ("jumpdiffusion", "testMerton76", "result"): jump_diffusions,
}
"""By file, test and published field."""
