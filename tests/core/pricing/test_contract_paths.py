"""Barriers, lookbacks and averages in closed form, under the contract of all pricers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from optionix_core.pricing import asian, barrier, black_scholes, digital, lookback
from tests.core.pricing.contract import (
    Arguments,
    Array,
    PricerContract,
    against_sign,
    option,
    same_as_sign,
    up,
)

VANILLA = ("option_type", "spot", "strike", "expiry", "rate", "dividend_yield", "volatility")


def vanilla(arguments: Arguments) -> Array:
    return np.asarray(black_scholes.price(**{field: arguments[field] for field in VANILLA}))


class Barrier(PricerContract):
    """A knock-out or knock-in whose barrier the spot has not reached."""

    money = ("spot", "strike", "barrier")
    positive = ("spot", "strike", "barrier")
    tolerance = 3e-13

    def distance(self, draw: np.random.Generator, rows: int) -> Array:
        away: Array = np.exp(draw.uniform(np.log(0.03), np.log(0.8), rows))
        return away

    def bounds(self, arguments: Arguments) -> tuple[Any, Any]:
        return 0.0, vanilla(arguments)

    def outside(self) -> dict[str, float]:
        return {**super().outside(), "barrier": -1.0}


class TestSingleBarrier(Barrier):
    function = barrier.price
    money = ("spot", "strike", "barrier", "rebate")

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        base = option(draw, rows, calm=calm)
        kinds = draw.choice(barrier.BARRIER_TYPES, rows)
        side = np.where(np.char.startswith(kinds, "down"), -1.0, 1.0)
        level = base["spot"] * np.exp(side * self.distance(draw, rows))
        return {**base, "barrier_type": kinds, "barrier": level, "rebate": np.zeros(rows)}

    def edges(self, arguments: Arguments) -> dict[str, tuple[Any, Any]]:
        below = np.char.startswith(arguments["barrier_type"], "down")
        level = arguments["barrier"]
        return {"spot": (np.where(below, level, 0.0), np.where(below, np.inf, level))}

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        kinds = arguments["barrier_type"]
        other = np.where(
            np.char.endswith(kinds, "-in"), np.char.replace(kinds, "-in", "-out"), np.char.replace(kinds, "-out", "-in")
        )
        yield self.price(arguments) + self.price(arguments, barrier_type=other), vanilla(arguments)
        market = {field: arguments[field] for field in (*VANILLA[3:], "spot", "barrier")}
        paid = self.price(arguments, rebate=3.0) - self.price(arguments)
        out = np.char.endswith(kinds, "-out")
        yield paid, np.where(out, digital.one_touch(**market, cash=3.0), digital.no_touch(**market, cash=3.0))

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        out = np.char.endswith(arguments["barrier_type"], "-out")
        down = np.char.startswith(arguments["barrier_type"], "down")
        far = arguments["spot"] * np.where(down, 1e-9, 1e9)
        yield self.price(arguments, barrier=far), np.where(out, vanilla(arguments), 0.0)
        yield self.price(arguments, barrier=arguments["spot"]), np.where(out, 0.0, vanilla(arguments))
        now = np.maximum(arguments["option_type"] * (arguments["spot"] - arguments["strike"]), 0.0)
        yield self.price(arguments, expiry=0.0 * far), np.where(out, now, 0.0)


class TestDoubleBarrier(Barrier):
    function = barrier.double_price
    money = ("spot", "strike", "lower", "upper")
    positive = ("spot", "strike", "lower", "upper")

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        base = option(draw, rows, calm=calm)
        lower, upper = (base["spot"] * np.exp(side * self.distance(draw, rows)) for side in (-1.0, 1.0))
        return {**base, "barrier_type": draw.choice(barrier.DOUBLE_TYPES, rows), "lower": lower, "upper": upper}

    def edges(self, arguments: Arguments) -> dict[str, tuple[Any, Any]]:
        return {"spot": (arguments["lower"], arguments["upper"])}

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        other = np.where(arguments["barrier_type"] == "knock-in", "knock-out", "knock-in")
        yield self.price(arguments) + self.price(arguments, barrier_type=other), vanilla(arguments)

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        out = arguments["barrier_type"] == "knock-out"
        plain = {field: arguments[field] for field in VANILLA}
        down = barrier.price(**plain, barrier_type="down-out", barrier=arguments["lower"], rebate=0.0)
        one = np.where(out, down, vanilla(arguments) - down)
        yield self.price(arguments, upper=1e9 * arguments["spot"]), one
        yield (
            self.price(arguments, spot=arguments["lower"]),
            np.where(out, 0.0, vanilla({**arguments, "spot": arguments["lower"]})),
        )

    def outside(self) -> dict[str, float]:
        return {**super().outside(), "lower": -1.0, "upper": 1.0}


class TestPartialBarrier(Barrier):
    function = barrier.partial_price
    rows = 12
    tolerance = 1e-12
    dates = ("barrier_time",)

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        base = option(draw, rows, calm=calm)
        kinds = draw.choice(barrier.BARRIER_TYPES, rows)
        side = np.where(np.char.startswith(kinds, "down"), -1.0, 1.0)
        return {
            **base,
            "barrier_type": kinds,
            "window": draw.choice(barrier.WINDOWS, rows),
            "barrier": base["spot"] * np.exp(side * self.distance(draw, rows)),
            "barrier_time": base["expiry"] * draw.uniform(0.1, 0.9, rows),
        }

    def edges(self, arguments: Arguments) -> dict[str, tuple[Any, Any]]:
        early = arguments["window"] == "start"
        below = np.char.startswith(arguments["barrier_type"], "down")
        level = arguments["barrier"]
        return {
            **super().edges(arguments),
            "spot": (np.where(early & below, level, 0.0), np.where(early & ~below, level, np.inf)),
        }

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        kinds = arguments["barrier_type"]
        other = np.where(
            np.char.endswith(kinds, "-in"), np.char.replace(kinds, "-in", "-out"), np.char.replace(kinds, "-out", "-in")
        )
        yield self.price(arguments) + self.price(arguments, barrier_type=other), vanilla(arguments)

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        plain = {name: value for name, value in arguments.items() if name not in {"window", "barrier_time"}}
        whole = barrier.price(**plain, rebate=0.0)
        yield self.price({**arguments, "window": "start", "barrier_time": arguments["expiry"]}), whole
        yield self.price({**arguments, "window": "end-b2", "barrier_time": 0.0 * whole}), whole

    def above(self, arguments: Arguments) -> Iterator[Array]:
        plain = {name: value for name, value in arguments.items() if name not in {"window", "barrier_time"}}
        out = np.char.endswith(arguments["barrier_type"], "-out")
        late = arguments["window"] == "end-b1"
        yield np.where(out & ~late, barrier.price(**plain, rebate=0.0), 0.0)

    def outside(self) -> dict[str, float]:
        return {**super().outside(), "barrier_time": 100.0}


class Lookback(PricerContract):
    """Extremes watched continuously."""

    money = ("spot", "strike", "running_extreme")
    tolerance = 3e-13
    side = 1.0
    """Of a call's running extreme: above the spot (+1) or below."""

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        base = option(draw, rows, calm=calm)
        away = np.where(draw.random(rows) < (0.0 if calm else 0.15), 0.0, draw.uniform(0.05, 0.5, rows))
        return {**base, "running_extreme": base["spot"] * np.exp(self.side * base["option_type"] * away)}

    def edges(self, arguments: Arguments) -> dict[str, tuple[Any, Any]]:
        above = arguments["running_extreme"] > arguments["spot"]
        level = arguments["running_extreme"]
        return {"spot": (np.where(above, 0.0, level), np.where(above, level, np.inf))}


class TestFixedLookback(Lookback):
    function = lookback.fixed_price
    positive = ("spot", "strike", "running_extreme")
    directions = (("strike", against_sign), ("volatility", up))
    convex = ("strike",)

    def above(self, arguments: Arguments) -> Iterator[Array]:
        yield vanilla(arguments)

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        earned = np.maximum(a["option_type"] * (a["running_extreme"] - a["strike"]), 0.0)
        yield self.price(a, expiry=0.0 * earned), earned

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        """A strike within reach of the extreme only moves the payment: fixed less floating is the forward."""
        a = arguments
        struck = np.where(a["option_type"] > 0, np.minimum(a["strike"], a["spot"]), np.maximum(a["strike"], a["spot"]))
        fixed = self.price(a, strike=struck)
        other = {name: a[name] for name in a if name != "strike"}
        floating = lookback.floating_price(**{**other, "option_type": -a["option_type"]})
        asset = a["spot"] * np.exp(-a["dividend_yield"] * a["expiry"])
        yield fixed, floating + a["option_type"] * (asset - struck * np.exp(-a["rate"] * a["expiry"]))


class TestFloatingLookback(Lookback):
    function = lookback.floating_price
    money = ("spot", "running_extreme")
    positive = ("spot", "running_extreme")
    directions = (("volatility", up),)
    side = -1.0

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        arguments = super().draw(draw, rows, calm=calm)
        del arguments["strike"]
        return arguments

    def above(self, arguments: Arguments) -> Iterator[Array]:
        market = {name: value for name, value in arguments.items() if name != "running_extreme"}
        yield np.asarray(black_scholes.price(**market, strike=arguments["running_extreme"]))

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        yield self.price(a, expiry=0.0 * a["spot"]), np.abs(a["spot"] - a["running_extreme"])


class Average(PricerContract):
    """On a price's average from now to expiry, or at fixings."""

    directions = (("spot", same_as_sign), ("strike", against_sign), ("dividend_yield", against_sign))
    convex = ("strike", "spot")

    def mean(self, arguments: Arguments) -> Array:
        """Expected average."""
        growth = (arguments["rate"] - arguments["dividend_yield"]) * arguments["expiry"]
        safe = np.where(growth == 0.0, 1.0, growth)
        return np.asarray(arguments["spot"] * np.where(growth == 0.0, 1.0, np.expm1(safe) / safe))

    def forward(self, arguments: Arguments) -> Array:
        discount = np.exp(-arguments["rate"] * arguments["expiry"])
        return np.asarray(discount * (self.mean(arguments) - arguments["strike"]))

    def bounds(self, arguments: Arguments) -> tuple[Any, Any]:
        return np.maximum(arguments["option_type"] * self.forward(arguments), 0.0), np.inf

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        other = self.price(arguments, option_type=-arguments["option_type"])
        yield self.price(arguments) - other, arguments["option_type"] * self.forward(arguments)

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        yield self.price(a, expiry=0.0 * a["spot"]), np.maximum(a["option_type"] * (a["spot"] - a["strike"]), 0.0)
        yield self.price(a, volatility=0.0 * a["spot"]), np.maximum(a["option_type"] * self.forward(a), 0.0)


class TestTurnbullWakeman(Average):
    function = asian.arithmetic_price
    directions = (*Average.directions, ("volatility", up))


class TestCurran(TestTurnbullWakeman):
    names = (("method", "curran"),)
    rows = 20
    tolerance = 1e-12


class TestExactAverage(Average):
    """The continuous average; extrapolated in the number of fixings to about 1e-9 of the spot."""

    function = asian.arithmetic_price
    names = (("method", "exact"),)
    rows = 2
    tolerance = 3e-8
    directions = (*Average.directions, ("volatility", up))
    greeks_of_bumps = ("delta",)
    greek_tolerance = 1e-5

    def above(self, arguments: Arguments) -> Iterator[Array]:
        yield asian.arithmetic_price(**arguments, method="curran")

    def outside(self) -> dict[str, float]:
        return {**super().outside(), "volatility": 60.0}


class Fixings(Average):
    """Twelve fixings within the shortest life drawn, paid at expiry."""

    times = np.arange(1, 13) / 12 / 52

    def mean(self, arguments: Arguments) -> Array:
        carry = arguments["rate"] - arguments["dividend_yield"]
        return np.asarray(arguments["spot"] * np.mean(np.exp(np.multiply.outer(self.times, carry)), axis=0))

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        arguments = super().draw(draw, rows, calm=calm)
        return {**arguments, "expiry": np.maximum(arguments["expiry"], self.times[-1])}

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        yield self.price(a, volatility=0.0 * a["spot"]), np.maximum(a["option_type"] * self.forward(a), 0.0)

    def outside(self) -> dict[str, float]:
        return {**super().outside(), "expiry": 0.01}

    greeks_of_bumps = ("delta", "gamma", "vega", "epsilon")


class TestExactFixings(Fixings):
    function = asian.arithmetic_price
    names = (("method", "exact"), ("fixing_times", Fixings.times))
    rows = 6
    tolerance = 2e-12
    directions = (*Average.directions, ("volatility", up))
    greeks_of_bumps = ("delta",)

    def above(self, arguments: Arguments) -> Iterator[Array]:
        yield asian.arithmetic_price(**arguments, method="curran", fixing_times=self.times)

    def outside(self) -> dict[str, float]:
        return {**super().outside(), "volatility": 60.0}


class TestGeometric(PricerContract):
    function = asian.geometric_price
    directions = (("spot", same_as_sign), ("strike", against_sign))
    convex = ("strike", "spot")

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        yield self.price(a, expiry=0.0 * a["spot"]), np.maximum(a["option_type"] * (a["spot"] - a["strike"]), 0.0)

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        drift = (a["rate"] - a["dividend_yield"] - a["volatility"] ** 2 / 6.0) * a["expiry"] / 2.0
        paid = np.exp(-a["rate"] * a["expiry"]) * (a["spot"] * np.exp(drift) - a["strike"])
        yield self.price(a) - self.price(a, option_type=-a["option_type"]), a["option_type"] * paid
