"""Options on two assets, on options, and choosers, under the contract of all pricers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from optionix_core.pricing import black_scholes, chooser, compound, two_asset
from tests.core.pricing.contract import Arguments, Array, PricerContract, against_sign, market, option, same_as_sign, up

SECOND = ("spot", "dividend_yield", "volatility")


def vanilla(arguments: Arguments, number: int) -> Array:
    return np.asarray(
        black_scholes.price(
            **{name: arguments[name] for name in ("option_type", "strike", "expiry", "rate")},
            **{name: arguments[f"{name}_{number}"] for name in SECOND},
        )
    )


class TwoAssets(PricerContract):
    """Two lognormal assets; the first is the one that Greeks are taken in."""

    axes = ("spot_1", "expiry", "rate", "dividend_yield_1", "volatility_1")
    money = ("spot_1", "spot_2", "strike")
    positive = ("spot_1", "spot_2")
    tolerance = 5e-13

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        first, second = option(draw, rows, calm=calm), market(draw, rows, calm=calm)
        limits = 0.0 if calm else 0.08
        correlation = np.where(
            draw.random(rows) < limits, draw.choice([-1.0, 1.0], rows), draw.uniform(-0.95, 0.95, rows)
        )
        return {
            **{name: first[name] for name in ("option_type", "strike", "expiry", "rate")},
            **{f"{name}_1": first[name] for name in SECOND},
            **{f"{name}_2": second[name] for name in SECOND},
            "correlation": correlation,
        }

    def mirrored(self, arguments: Arguments) -> Arguments:
        names = {**{f"{name}_1": f"{name}_2" for name in SECOND}, **{f"{name}_2": f"{name}_1" for name in SECOND}}
        return {names.get(name, name): value for name, value in arguments.items()}

    def assets(self, arguments: Arguments) -> tuple[Array, Array, Array]:
        """Present values of both assets and of the strike."""
        a = arguments
        first, second = (a[f"spot_{n}"] * np.exp(-a[f"dividend_yield_{n}"] * a["expiry"]) for n in (1, 2))
        return first, second, a["strike"] * np.exp(-a["rate"] * a["expiry"])

    def amount(self, arguments: Arguments) -> Array:
        return np.asarray(2.0 * arguments["spot_1"])

    def outside(self) -> dict[str, float]:
        return {"spot_1": 1e200, "expiry": -1.0, "volatility_1": -0.1, "volatility_2": 1e9, "correlation": -1.0001}


class TestMinimum(TwoAssets):
    function = two_asset.minimum
    directions = (("spot_1", same_as_sign), ("spot_2", same_as_sign), ("strike", against_sign))
    convex = ("strike",)

    def bounds(self, arguments: Arguments) -> tuple[Any, Any]:
        first, second, cash = self.assets(arguments)
        call = arguments["option_type"] > 0
        return 0.0, np.where(call, np.minimum(first, second), cash)

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        yield self.price(arguments), self.price(self.mirrored(arguments))
        other = two_asset.maximum(**arguments)
        yield self.price(arguments) + other, vanilla(arguments, 1) + vanilla(arguments, 2)

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        lesser = np.minimum(a["spot_1"], a["spot_2"])
        yield self.price(a, expiry=0.0 * lesser), np.maximum(a["option_type"] * (lesser - a["strike"]), 0.0)


class TestMaximum(TestMinimum):
    function = two_asset.maximum

    def bounds(self, arguments: Arguments) -> tuple[Any, Any]:
        first, second, cash = self.assets(arguments)
        return 0.0, np.where(arguments["option_type"] > 0, first + second, cash)

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        yield self.price(arguments), self.price(self.mirrored(arguments))

    def above(self, arguments: Arguments) -> Iterator[Array]:
        call = arguments["option_type"] > 0
        yield np.where(call, np.maximum(vanilla(arguments, 1), vanilla(arguments, 2)), 0.0)

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        greater = np.maximum(a["spot_1"], a["spot_2"])
        yield self.price(a, expiry=0.0 * greater), np.maximum(a["option_type"] * (greater - a["strike"]), 0.0)


class TestExchange(TwoAssets):
    function = two_asset.exchange
    money = ("spot_1", "spot_2")
    directions = (("spot_1", same_as_sign), ("spot_2", against_sign))
    convex = ("spot_1", "spot_2")

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        return {**super().draw(draw, rows, calm=calm), "strike": np.zeros(rows)}

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        first, second, _ = self.assets(arguments)
        sign = arguments["option_type"]
        other = self.price(arguments, option_type=-sign)
        yield self.price(arguments) - other, sign * (first - second)
        yield self.price(arguments), self.price(self.mirrored({**arguments, "option_type": -sign}))

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        now = np.maximum(a["option_type"] * (a["spot_1"] - a["spot_2"]), 0.0)
        yield self.price(a, expiry=0.0 * now), now

    def outside(self) -> dict[str, float]:
        return {**super().outside(), "strike": 5.0}


class TestSpread(TwoAssets):
    function = two_asset.spread
    rows = 4
    directions = (("spot_1", same_as_sign), ("spot_2", against_sign))
    convex = ("spot_1", "spot_2")
    greeks_of_bumps = ("delta", "gamma", "vega")

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        arguments = super().draw(draw, rows, calm=calm)
        return {**arguments, "strike": draw.uniform(-80.0, 80.0, rows)}

    def bounds(self, arguments: Arguments) -> tuple[Any, Any]:
        first, second, cash = self.assets(arguments)
        return np.maximum(arguments["option_type"] * (first - second - cash), 0.0), np.inf

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        first, second, cash = self.assets(arguments)
        sign = arguments["option_type"]
        other = self.price(arguments, option_type=-sign)
        yield self.price(arguments) - other, sign * (first - second - cash)
        swapped = {**arguments, "option_type": -sign, "strike": -arguments["strike"]}
        yield self.price(arguments), self.price(self.mirrored(swapped))

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        now = np.maximum(a["option_type"] * (a["spot_1"] - a["spot_2"] - a["strike"]), 0.0)
        yield self.price(a, expiry=0.0 * now), now
        yield self.price(a, strike=0.0 * now), two_asset.exchange(**{**a, "strike": 0.0})


class TestKirk(TestSpread):
    names = (("method", "kirk"),)
    rows = 60
    convex = ()
    directions = ()

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        arguments = super().draw(draw, rows, calm=calm)
        return {**arguments, "strike": np.abs(arguments["strike"])}

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        first, second, cash = self.assets(arguments)
        sign = arguments["option_type"]
        other = self.price(arguments, option_type=-sign)
        yield self.price(arguments) - other, sign * (first - second - cash)

    def outside(self) -> dict[str, float]:
        return {**super().outside(), "strike": -1e4}


class TestCompound(PricerContract):
    function = compound.price
    money = ("spot", "strike", "underlying_strike")
    positive = ("spot", "underlying_strike")
    axes = ("spot", "expiry", "rate", "dividend_yield", "volatility")
    tolerance = 5e-13
    directions = (("strike", against_sign),)
    convex = ("strike",)
    greeks_of_bumps = ("delta", "gamma", "vega", "rho", "epsilon")

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        base = option(draw, rows, calm=calm)
        underlying = base.pop("strike")
        share = np.where(draw.random(rows) < (0.0 if calm else 0.1), 1.0, draw.uniform(0.1, 0.9, rows))
        return {
            **base,
            "underlying_option_type": draw.choice([1.0, -1.0], rows),
            "underlying_strike": underlying,
            "strike": base["spot"] * draw.uniform(0.01, 0.3, rows),
            "underlying_expiry": base["expiry"],
            "expiry": base["expiry"] * share,
        }

    def inner(self, arguments: Arguments) -> Array:
        market = {name: arguments[name] for name in ("spot", "rate", "dividend_yield", "volatility")}
        return np.asarray(
            black_scholes.price(
                option_type=arguments["underlying_option_type"],
                strike=arguments["underlying_strike"],
                expiry=arguments["underlying_expiry"],
                **market,
            )
        )

    def bounds(self, arguments: Arguments) -> tuple[Any, Any]:
        cash = arguments["strike"] * np.exp(-arguments["rate"] * arguments["expiry"])
        return 0.0, np.where(arguments["option_type"] > 0, self.inner(arguments), cash)

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        sign = arguments["option_type"]
        cash = arguments["strike"] * np.exp(-arguments["rate"] * arguments["expiry"])
        other = self.price(arguments, option_type=-sign)
        yield self.price(arguments) - other, sign * (self.inner(arguments) - cash)

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        worth = self.inner(a)
        yield self.price(a, expiry=0.0 * worth), np.maximum(a["option_type"] * (worth - a["strike"]), 0.0)
        yield self.price(a, strike=0.0 * worth), np.where(a["option_type"] > 0, worth, 0.0)

    def outside(self) -> dict[str, float]:
        return {"spot": 1e200, "strike": -1.0, "expiry": 100.0, "underlying_expiry": -1.0, "volatility": -0.1}


class TestSimpleChooser(PricerContract):
    function = chooser.simple_price
    dates = ("choice_time",)
    directions = (("volatility", up), ("choice_time", up))
    convex = ("spot", "strike")

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        base = option(draw, rows, calm=calm)
        del base["option_type"]
        return {**base, "choice_time": base["expiry"] * draw.uniform(0.1, 0.6, rows)}

    @property
    def whole(self) -> tuple[str, ...]:
        return ("spot", "strike", "expiry", "rate", "dividend_yield", "volatility")

    def bounds(self, arguments: Arguments) -> tuple[Any, Any]:
        call, put = (black_scholes.price(sign, **{name: arguments[name] for name in self.whole}) for sign in (1, -1))
        return np.maximum(call, put), call + put

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        low, high = self.bounds(arguments)
        yield self.price(arguments, choice_time=0.0 * low), low
        yield self.price(arguments, choice_time=arguments["expiry"]), high

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        same = {name: arguments[name] for name in ("spot", "choice_time", "rate", "dividend_yield", "volatility")}
        strikes = {"call_strike": arguments["strike"], "put_strike": arguments["strike"]}
        lives = {"call_expiry": arguments["expiry"], "put_expiry": arguments["expiry"]}
        yield self.price(arguments), chooser.complex_price(**same, **strikes, **lives)

    def test_prices_rise_and_fall_as_declared(self) -> None:  # type: ignore[override]
        """A later choice is worth more, up to expiry."""
        arguments, error = self.sample(5)
        later = self.price(arguments, choice_time=1.5 * arguments["choice_time"])
        assert (later >= self.price(arguments) - error).all()
        assert (self.price(arguments, volatility=1.1 * arguments["volatility"] + 0.01) >= self.price(arguments)).all()

    def outside(self) -> dict[str, float]:
        return {**super().outside(), "choice_time": 100.0}


class TestComplexChooser(PricerContract):
    function = chooser.complex_price
    money = ("spot", "call_strike", "put_strike")
    positive = ("spot", "call_strike", "put_strike")
    directions = (("put_strike", up),)
    convex = ("call_strike", "put_strike")
    tolerance = 5e-13
    greeks_of_bumps = ()

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        base = option(draw, rows, calm=calm)
        life = base.pop("expiry")
        strike = base.pop("strike")
        del base["option_type"]
        return {
            **base,
            "call_strike": strike,
            "put_strike": strike * draw.uniform(0.7, 1.3, rows),
            "choice_time": life * draw.uniform(0.1, 1.0, rows),
            "call_expiry": life,
            "put_expiry": life * draw.uniform(1.0, 2.0, rows),
        }

    def bounds(self, arguments: Arguments) -> tuple[Any, Any]:
        market = {name: arguments[name] for name in ("spot", "rate", "dividend_yield", "volatility")}
        call, put = (
            black_scholes.price(kind, strike=arguments[f"{kind}_strike"], expiry=arguments[f"{kind}_expiry"], **market)
            for kind in ("call", "put")
        )
        return np.maximum(call, put), call + put

    def test_prices_rise_and_fall_as_declared(self) -> None:  # type: ignore[override]
        arguments, error = self.sample(6)
        more = self.price(arguments, put_strike=1.1 * arguments["put_strike"])
        less = self.price(arguments, call_strike=1.1 * arguments["call_strike"])
        assert (more >= self.price(arguments) - error).all()
        assert (less <= self.price(arguments) + error).all()

    def outside(self) -> dict[str, float]:
        return {"spot": 1e200, "choice_time": 100.0, "volatility": -0.1}
