"""European options, by every model that has them in closed form, under the contract of all pricers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from optionix_core.pricing import black_scholes, digital, forward_start, merton, quanto
from tests.core.pricing.contract import (
    Arguments,
    Array,
    PricerContract,
    against_sign,
    market,
    option,
    same_as_sign,
    up,
)


def legs(a: Arguments) -> tuple[Array, Array]:
    """Present value of the asset and of the strike."""
    return a["spot"] * np.exp(-a["dividend_yield"] * a["expiry"]), a["strike"] * np.exp(-a["rate"] * a["expiry"])


def terminal_bounds(a: Arguments) -> tuple[Array, Array]:
    asset, cash = legs(a)
    sign = a["option_type"]
    return np.maximum(sign * (asset - cash), 0.0), np.where(sign > 0, asset, cash)


def flipped(a: Arguments) -> Arguments:
    return {**a, "option_type": -a["option_type"]}


class Vanilla(PricerContract):
    """Laws of any European call and put, whatever the model."""

    directions = (
        ("spot", same_as_sign),
        ("strike", against_sign),
        ("dividend_yield", against_sign),
    )
    convex = ("spot", "strike")
    far = 1e-30
    """A strike, in spots, that is as good as none."""

    def bounds(self, arguments: Arguments) -> tuple[Any, Any]:
        return terminal_bounds(arguments)

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        asset, cash = legs(arguments)
        sign = arguments["option_type"]
        yield self.price(arguments) - self.price(flipped(arguments)), sign * (asset - cash)

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        sign, spot, strike = (arguments[field] for field in ("option_type", "spot", "strike"))
        yield self.price(arguments, expiry=0.0 * spot), np.maximum(sign * (spot - strike), 0.0)
        far = {**arguments, "strike": self.far * spot}
        asset, cash = legs(far)
        yield self.price(far), np.maximum(sign * (asset - cash), 0.0)


class TestBlackScholes(Vanilla):
    function = black_scholes.price
    directions = (
        *Vanilla.directions,
        ("volatility", up),
    )

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        yield from super().limits(arguments)
        yield self.price(arguments, volatility=0.0 * arguments["spot"]), terminal_bounds(arguments)[0]

    def analytic_greeks(self, arguments: Arguments) -> Mapping[str, Array]:
        return black_scholes.greeks(**arguments)._asdict()

    def outside(self) -> dict[str, float]:
        return {"spot": -5.0, "strike": -1.0, "expiry": -1.0, "volatility": -0.1}


class TestMertonJumps(Vanilla):
    function = merton.price
    directions = (
        *Vanilla.directions,
        ("volatility", up),
    )

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        return {
            **option(draw, rows, calm=calm),
            "jump_intensity": np.where(draw.random(rows) < 0.1, 0.0, draw.uniform(0.0, 4.0, rows)),
            "jump_mean": draw.uniform(-0.3, 0.2, rows),
            "jump_volatility": draw.uniform(0.0, 0.4, rows),
        }

    def above(self, arguments: Arguments) -> Iterator[Array]:
        diffusion = {name: value for name, value in arguments.items() if not name.startswith("jump")}
        yield black_scholes.price(**diffusion)

    def outside(self) -> dict[str, float]:
        return {**super().outside(), "jump_intensity": -1.0, "jump_mean": 11.0, "jump_volatility": -0.1}


class TestQuanto(PricerContract):
    function = quanto.price
    directions = (
        ("spot", same_as_sign),
        ("strike", against_sign),
    )
    convex = ("spot", "strike")

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        return {
            **option(draw, rows, calm=calm),
            "foreign_rate": draw.uniform(-0.05, 0.1, rows),
            "fx_volatility": draw.uniform(0.0, 0.4, rows),
            "correlation": draw.uniform(-1.0, 1.0, rows),
            "exchange_rate": draw.uniform(0.5, 2.0, rows),
        }

    def amount(self, arguments: Arguments) -> Array:
        return np.asarray(2.0 * arguments["spot"])

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        growth = a["foreign_rate"] - a["dividend_yield"] - a["correlation"] * a["volatility"] * a["fx_volatility"]
        forward = a["spot"] * np.exp(growth * a["expiry"])
        paid = a["exchange_rate"] * np.exp(-a["rate"] * a["expiry"]) * (forward - a["strike"])
        yield self.price(a) - self.price(flipped(a)), a["option_type"] * paid

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        now = a["exchange_rate"] * np.maximum(a["option_type"] * (a["spot"] - a["strike"]), 0.0)
        yield self.price(a, expiry=0.0 * a["spot"]), now

    def outside(self) -> dict[str, float]:
        return {**super().outside(), "correlation": 1.0000001, "fx_volatility": -0.1, "exchange_rate": 0.0}


class TestForwardStart(PricerContract):
    function = forward_start.price
    dates = ("start",)
    money = ("spot",)
    directions = (
        ("spot", up),
        ("moneyness", against_sign),
        ("volatility", up),
    )
    convex = ("moneyness",)

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        base = option(draw, rows, calm=calm)
        share = np.where(draw.random(rows) < 0.1, 1.0 if not calm else 0.5, draw.uniform(0.05, 0.95, rows))
        moneyness = base.pop("strike") / base["spot"]
        return {**base, "moneyness": moneyness, "start": share * base["expiry"]}

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        life = a["expiry"] - a["start"]
        paid = np.exp(-a["dividend_yield"] * a["expiry"]) - a["moneyness"] * np.exp(
            -a["rate"] * life - a["dividend_yield"] * a["start"]
        )
        yield self.price(a) - self.price(flipped(a)), a["option_type"] * a["spot"] * paid
        yield (
            self.price(a, start=0.0 * a["spot"]),
            black_scholes.price(
                **{k: v for k, v in a.items() if k not in {"moneyness", "start"}}, strike=a["moneyness"] * a["spot"]
            ),
        )

    def outside(self) -> dict[str, float]:
        return {**super().outside(), "moneyness": 0.0, "start": 1e3}


class TestPerformance(TestForwardStart):
    function = forward_start.performance_price
    money = ()
    positive = ("moneyness",)
    directions = (
        ("moneyness", against_sign),
        ("volatility", up),
    )
    tolerance = 1e-14
    greeks_of_bumps = ()

    def sample(self, seed: int, *, calm: bool = False) -> tuple[Arguments, Array]:
        arguments = self.draw(np.random.default_rng(seed), self.rows, calm=calm)
        return arguments, self.tolerance * np.maximum(3.0, np.abs(self.price(arguments)))

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        arguments = super().draw(draw, rows, calm=calm)
        del arguments["spot"]
        return arguments

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        whole = {**a, "spot": np.ones_like(a["rate"])}
        discount = np.exp((a["dividend_yield"] - a["rate"]) * a["start"])
        yield self.price(a), forward_start.price(**whole) * discount


class TestCashDigital(PricerContract):
    function = digital.cash_or_nothing
    money = ("cash",)
    directions = (
        ("strike", against_sign),
        ("cash", up),
    )
    tolerance = 1e-14

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        return {**option(draw, rows, calm=calm), "cash": draw.uniform(0.5, 20.0, rows)}

    def amount(self, arguments: Arguments) -> Array:
        return np.asarray(20.0 * arguments["cash"])

    def bounds(self, arguments: Arguments) -> tuple[Any, Any]:
        return 0.0, arguments["cash"] * np.exp(-arguments["rate"] * arguments["expiry"])

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        yield self.price(arguments) + self.price(flipped(arguments)), self.bounds(arguments)[1]

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        sign, spot, strike = (arguments[field] for field in ("option_type", "spot", "strike"))
        inside = np.heaviside(sign * (spot - strike), 0.5)
        yield self.price(arguments, expiry=0.0 * spot), arguments["cash"] * inside


class TestAssetDigital(TestCashDigital):
    function = digital.asset_or_nothing
    money = ("spot", "strike")
    directions = (("strike", against_sign),)
    tolerance = 2e-14

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        return option(draw, rows, calm=calm)

    def amount(self, arguments: Arguments) -> Array:
        return np.asarray(20.0 * arguments["spot"])

    def bounds(self, arguments: Arguments) -> tuple[Any, Any]:
        return 0.0, legs(arguments)[0]

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        yield self.price(arguments) + self.price(flipped(arguments)), legs(arguments)[0]
        sign, strike = arguments["option_type"], arguments["strike"]
        cash = digital.cash_or_nothing(**arguments, cash=strike)
        yield sign * (self.price(arguments) - cash), black_scholes.price(**arguments)

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        sign, spot, strike = (arguments[field] for field in ("option_type", "spot", "strike"))
        yield self.price(arguments, expiry=0.0 * spot), spot * np.heaviside(sign * (spot - strike), 0.5)


class TestOneTouch(PricerContract):
    function = digital.one_touch
    money = ("cash",)
    directions = (("cash", up),)
    tolerance = 1e-14
    positive = ("spot", "barrier")

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        base = market(draw, rows, calm=calm)
        base["rate"] = np.abs(base["rate"])
        distance = draw.choice([-1.0, 1.0], rows) * np.exp(draw.uniform(np.log(0.02), np.log(0.8), rows))
        return {**base, "barrier": base["spot"] * np.exp(distance), "cash": draw.uniform(0.5, 20.0, rows)}

    def amount(self, arguments: Arguments) -> Array:
        return np.asarray(20.0 * arguments["cash"])

    def edges(self, arguments: Arguments) -> dict[str, tuple[Any, Any]]:
        below = arguments["barrier"] < arguments["spot"]
        return {
            "spot": (
                np.where(below, arguments["barrier"], 0.0),
                np.where(below, np.inf, arguments["barrier"]),
            )
        }

    def bounds(self, arguments: Arguments) -> tuple[Any, Any]:
        return 0.0, arguments["cash"]

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        late = self.price(arguments, pay_at="expiry")
        both = late + digital.no_touch(**arguments)
        yield both, arguments["cash"] * np.exp(-arguments["rate"] * arguments["expiry"])

    def above(self, arguments: Arguments) -> Iterator[Array]:
        yield self.price(arguments, pay_at="expiry")
        plain = {name: value for name, value in arguments.items() if name != "barrier"}
        sign = np.where(arguments["barrier"] > arguments["spot"], 1.0, -1.0)
        yield digital.cash_or_nothing(option_type=sign, strike=arguments["barrier"], **plain)

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        yield self.price(arguments, expiry=0.0 * arguments["spot"]), 0.0 * arguments["spot"]
        yield self.price(arguments, barrier=arguments["spot"]), arguments["cash"]

    def outside(self) -> dict[str, float]:
        return {**super().outside(), "barrier": -1.0}
