"""The laws that every pricer keeps, as one class that the test of each pricer inherits.

A subclass says how its arguments are drawn and which laws hold for it; the tests are here. Arguments are arrays, drawn
from seeds that hypothesis picks, with edges among them: no time, no volatility, no rate, at the money. A law that a
contract does not have is left undeclared, never switched off row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.differences import finite_greeks

Arguments = dict[str, Any]
Array = np.ndarray[Any, np.dtype[np.float64]]
Direction = Callable[[Arguments], Array]

MARKET = ("spot", "expiry", "rate", "dividend_yield", "volatility")
SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(
    max_examples=2,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a smaller seed is no simpler case
    suppress_health_check=[HealthCheck.differing_executors],  # every subclass runs the same tests, none replays them
)
ONCE = settings(FEW, max_examples=1)


def same_as_sign(arguments: Arguments) -> Array:
    return np.asarray(arguments["option_type"], dtype=np.float64)


def against_sign(arguments: Arguments) -> Array:
    return -same_as_sign(arguments)


def up(arguments: Arguments) -> Array:
    return np.ones_like(arguments["expiry"])


def down(arguments: Arguments) -> Array:
    return -up(arguments)


def market(draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
    """Spot, life, rates and volatility; `calm` leaves out no time, no volatility and no rate."""

    def edged(values: Array, edge: float, share: float) -> Array:
        return np.where(draw.random(rows) < share, edge, values)

    often, flat = (0.0, 0.0) if calm else (0.06, 0.15)
    return {
        "spot": draw.uniform(50.0, 200.0, rows),
        "expiry": edged(np.exp(draw.uniform(np.log(1 / 52), np.log(5.0), rows)), 0.0, often),
        "rate": edged(draw.uniform(-0.05, 0.12, rows), 0.0, flat),
        "dividend_yield": edged(draw.uniform(-0.04, 0.1, rows), 0.0, flat),
        "volatility": edged(np.exp(draw.uniform(np.log(0.03), 0.0, rows)), 0.0, often),
    }


def option(draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
    """A call or put on that market, its strike within some deviations of the spot, at times on it."""
    base = market(draw, rows, calm=calm)
    away = np.exp(0.35 * draw.standard_normal(rows))
    strike = np.where(draw.random(rows) < 0.05, base["spot"], base["spot"] * away)
    return {"option_type": draw.choice([1.0, -1.0], rows), "strike": strike, **base}


class PricerContract:
    """What a pricer must keep. Prices are those of `function(**arguments)`."""

    function: ClassVar[Callable[..., Any]]
    rows: ClassVar[int] = 60
    tolerance: ClassVar[float] = 2e-13
    """Of the largest amount of money in the arguments."""
    money: ClassVar[tuple[str, ...]] = ("spot", "strike")
    """Amounts: the price is homogeneous of the first degree in them."""
    directions: ClassVar[tuple[tuple[str, Direction], ...]] = ()
    """Where the price rises (+1) or falls (-1) in a field."""
    convex: ClassVar[tuple[str, ...]] = ()
    names: ClassVar[tuple[tuple[str, Any], ...]] = ()
    """Arguments that are names for all rows alike, such as a method."""
    positive: ClassVar[tuple[str, ...]] = ("spot", "strike")
    """Fields that must be above zero."""
    dates: ClassVar[tuple[str, ...]] = ()
    """Dates before expiry: they move with it."""
    axes: ClassVar[tuple[str, ...]] = MARKET
    """What the pricer calls spot, expiry, rate, dividend yield and volatility."""
    one_by_one: ClassVar[bool] = False
    """Whether the pricer takes a single contract, so that its errors name no row."""
    greeks_of_bumps: ClassVar[tuple[str, ...]] = ("delta", "gamma", "vega", "theta", "rho", "epsilon")
    greek_tolerance: ClassVar[float] = 2e-6
    """Of the Greek's natural size, against differences of prices."""

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        """Arguments of `rows` contracts."""
        return option(draw, rows, calm=calm)

    def bounds(self, arguments: Arguments) -> tuple[Array | float, Array | float]:
        """Lowest and highest price that no model exceeds."""
        del arguments
        return 0.0, np.inf

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        """Pairs that are equal: parities with other prices."""
        del arguments
        yield from ()

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        """Pairs that are equal where there is no time or no volatility, or at far strikes."""
        del arguments
        yield from ()

    def above(self, arguments: Arguments) -> Iterator[Array]:
        """Prices that this one is never below."""
        del arguments
        yield from ()

    def later(self, arguments: Arguments, expiry: Any) -> Arguments:
        """The same contracts with all dates moved as `expiry` is."""
        move = expiry - arguments["expiry"]
        moved = {date: np.clip(arguments[date] + move, 0.0, expiry) for date in self.dates}
        return {**arguments, **moved, "expiry": expiry}

    def edges(self, arguments: Arguments) -> dict[str, tuple[Any, Any]]:
        """Where the Greeks' interpolation must stop."""
        first = [arguments["expiry"] - arguments[date] for date in self.dates]
        return {"expiry": (np.max(first, axis=0), np.inf)} if first else {}

    def analytic_greeks(self, arguments: Arguments) -> Mapping[str, Array] | None:
        """Greeks of the pricer's own, if it has them; else those by interpolation are compared with differences."""
        del arguments
        return None

    def price(self, arguments: Arguments, **changed: Any) -> Array:
        return np.asarray(type(self).function(**{**arguments, **dict(self.names), **changed}), dtype=np.float64)

    def sample(self, seed: int, *, calm: bool = False) -> tuple[Arguments, Array]:
        """Arguments, and the error that prices may have."""
        arguments = self.draw(np.random.default_rng(seed), self.rows, calm=calm)
        amounts = np.max([np.abs(arguments[field]) for field in self.money if field in arguments], axis=0)
        return arguments, self.tolerance * np.maximum(amounts, np.abs(self.price(arguments)))

    @FEW
    @given(seed=SEEDS)
    def test_prices_lie_within_their_bounds(self, seed: int) -> None:
        arguments, error = self.sample(seed)
        price = self.price(arguments)
        low, high = self.bounds(arguments)
        assert np.isfinite(price).all()
        hold(price >= low - error, arguments, price)
        hold(price <= high + error, arguments, price)
        for other in self.above(arguments):
            hold(price >= other - error, arguments, price)

    @FEW
    @given(seed=SEEDS)
    def test_prices_rise_and_fall_as_declared(self, seed: int) -> None:
        arguments, error = self.sample(seed)
        price = self.price(arguments)
        for field, direction in self.directions:
            further = dict(arguments)
            step = np.random.default_rng(seed + 1).uniform(0.001, 0.3, self.rows)
            further[field] = arguments[field] + step * (
                arguments[field] if field in self.money else 0.2 if field == "volatility" else 0.05
            )
            change = self.price(further) - price
            hold(change * direction(arguments) >= -4.0 * error, arguments, change)

    @FEW
    @given(seed=SEEDS)
    def test_prices_are_convex_as_declared(self, seed: int) -> None:
        arguments, error = self.sample(seed)
        for field in self.convex:
            step = np.random.default_rng(seed + 2).uniform(0.001, 0.2, self.rows) * arguments[field]
            low, high = (self.price(arguments, **{field: arguments[field] + side * step}) for side in (-1.0, 1.0))
            bend = 0.5 * (low + high) - self.price(arguments)
            hold(bend >= -4.0 * error, arguments, bend)

    @FEW
    @given(seed=SEEDS)
    def test_prices_scale_with_money(self, seed: int) -> None:
        arguments, error = self.sample(seed)
        scaled = {field: 7.0 * arguments[field] for field in self.money if field in arguments}
        price = self.price(arguments)
        off = np.abs(self.price(arguments, **scaled) - (7.0 * price if scaled else price))
        hold(off <= 20.0 * error, arguments, off)

    @FEW
    @given(seed=SEEDS)
    def test_relations_hold(self, seed: int) -> None:
        arguments, error = self.sample(seed)
        for left, right in self.relations(arguments):
            hold(np.abs(left - right) <= 8.0 * error, arguments, left - right)

    @FEW
    @given(seed=SEEDS)
    def test_limits_are_met(self, seed: int) -> None:
        arguments, error = self.sample(seed)
        for left, right in self.limits(arguments):
            hold(np.abs(left - right) <= 8.0 * error, arguments, left - right)

    @FEW
    @given(seed=SEEDS)
    def test_arrays_are_their_scalars(self, seed: int) -> None:
        arguments, error = self.sample(seed)
        price = self.price(arguments)
        assert price.shape == (self.rows,)
        for row in range(0, self.rows, max(self.rows // 4, 1)):
            alone = type(self).function(**{name: value[row] for name, value in arguments.items()}, **dict(self.names))
            assert isinstance(alone, float)
            assert abs(alone - price[row]) <= error[row]

    @ONCE
    @given(seed=SEEDS)
    def test_greeks_agree_with_differences_of_prices(self, seed: int) -> None:
        if not self.greeks_of_bumps:
            pytest.skip("has no price along a market")
        arguments = self.draw(np.random.default_rng(seed), min(self.rows, 20), calm=True)
        own = self.analytic_greeks(arguments)
        found = own or self.interpolated(arguments)
        for name, off, size in self.bumped(arguments, found):
            assert np.median(off / size) <= self.greek_tolerance, name
            hold(off <= 200.0 * self.greek_tolerance * size, {**arguments, "greek": name}, off)

    def interpolated(self, arguments: Arguments) -> dict[str, Array]:
        given_market = {name: arguments[axis] for name, axis in zip(MARKET, self.axes, strict=True)}

        def along(**moved: Any) -> Any:
            named = {axis: moved[name] for name, axis in zip(MARKET, self.axes, strict=True) if name != "expiry"}
            return self.price({**self.later(arguments, moved["expiry"]), **named})

        greeks, _ = finite_greeks(along, **given_market, names=self.greeks_of_bumps, edges=self.edges(arguments))
        return {name: np.asarray(getattr(greeks, name)) for name in self.greeks_of_bumps}

    def bumped(self, arguments: Arguments, found: Mapping[str, Array]) -> Iterator[tuple[str, Array, Array]]:
        """Greek, its distance from a central difference less what the difference itself leaves open, and its size."""
        spot, expiry, _, _, volatility = (arguments[axis] for axis in self.axes)
        width = volatility * np.sqrt(expiry)
        flat = np.zeros_like(spot)
        steps = {
            "delta": (2e-3 * spot * np.minimum(width, 0.5), flat + 1.0),
            "theta": (1e-3 * expiry, spot * (width / expiry + 0.1)),
            "rho": (flat + 2e-4, spot * expiry),
            "epsilon": (flat + 2e-4, spot * expiry),
            "vega": (2e-3 * volatility, spot * np.sqrt(expiry)),
        }
        share = self.amount(arguments) / spot
        for (name, (step, size)), axis in zip(steps.items(), self.axes, strict=True):
            if name in found:
                near, far = (self.difference(arguments, axis, k * step) for k in (1.0, 2.0))
                value = found[name] * (-1.0 if name == "theta" else 1.0)
                off = np.abs(value - (4.0 * near - far) / 3.0) - np.abs(near - far)
                yield name, np.maximum(off, 0.0), size * share
        if "gamma" in found:
            step = 4e-3 * spot * np.minimum(width, 0.5)
            near, far = (self.bend(arguments, self.axes[0], k * step) for k in (1.0, 2.0))
            off = np.abs(found["gamma"] - (4.0 * near - far) / 3.0) - np.abs(near - far)
            yield "gamma", np.maximum(off, 0.0), 10.0 / (spot * width) * share

    def amount(self, arguments: Arguments) -> Array:
        """The size of a price: that of the spot, unless another unit is paid."""
        return np.asarray(arguments[self.axes[0]])

    def difference(self, arguments: Arguments, field: str, step: Array) -> Array:
        """The central difference over two steps."""
        low, high = (self.price(self.moved(arguments, field, side * step)) for side in (-1.0, 1.0))
        return (high - low) / (2.0 * step)

    def bend(self, arguments: Arguments, field: str, step: Array) -> Array:
        """The second difference."""
        low, high = (self.price(self.moved(arguments, field, side * step)) for side in (-1.0, 1.0))
        return (low + high - 2.0 * self.price(arguments)) / (step * step)

    def moved(self, arguments: Arguments, field: str, step: Array) -> Arguments:
        there = arguments[field] + step
        return self.later(arguments, there) if field == "expiry" else {**arguments, field: there}

    def test_bad_values_are_named_with_their_row(self) -> None:
        arguments = self.draw(np.random.default_rng(0), 3, calm=True)
        numbers = [field for field, value in arguments.items() if np.asarray(value).dtype.kind == "f"]
        if self.one_by_one:
            numbers.remove("option_type")  # contracts have names for it
        assert numbers
        for field in numbers:
            for value in (np.nan, np.inf, -np.inf):
                self.refuses(arguments, field, value)
        for field in self.positive:
            self.refuses(arguments, field, 0.0)
            self.refuses(arguments, field, -5.0)
        for field, value in self.outside().items():
            self.refuses(arguments, field, value)

    def refuses(self, arguments: Arguments, field: str, value: float) -> None:
        """The second row's bad value must end the call by name, value and row."""
        if field not in arguments:
            return
        wrong = np.array(arguments[field], dtype=np.float64)
        wrong[1] = value
        try:
            with np.errstate(all="ignore"):
                price = self.price(arguments, **{field: wrong})
        except InvalidValueError as refusal:
            error = refusal
        else:
            pytest.fail(f"{field} of {value} was priced: {price}")
        told = (field, value, str(error))
        assert error.row == (None if self.one_by_one else 1), told
        assert str(value) in str(error) or str(error.value) in str(error), told
        assert field == error.field or field in error.bound, told

    def outside(self) -> dict[str, float]:
        """Further values that must be refused."""
        return {"spot": 1e200, "expiry": -1.0, "volatility": -0.1, "rate": 1e9}


def hold(truth: Any, arguments: Arguments, shown: Any) -> None:
    """All rows must; the first that does not is told in full."""
    truth = np.asarray(truth)
    if not truth.all():
        row = int(np.flatnonzero(~truth)[0])
        told = {name: np.asarray(value)[row] if np.ndim(value) else value for name, value in arguments.items()}
        raise AssertionError(f"row {row}: {np.broadcast_to(shown, truth.shape)[row]!r} for {told}")
