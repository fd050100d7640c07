"""American options and options under other models, by every method that has them, under the contract of all pricers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from optionix_core.pricing import american, black_scholes
from optionix_core.pricing.contracts import AmericanOption, EuropeanOption
from optionix_core.pricing.finite_difference import FiniteDifferenceSolver
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.models.bates import BatesModel
from optionix_core.pricing.models.black_scholes import BlackScholesModel
from optionix_core.pricing.models.cev import CevModel
from optionix_core.pricing.models.double_heston import DoubleHestonModel
from optionix_core.pricing.models.heston import HestonModel
from optionix_core.pricing.models.variance_gamma import VarianceGammaModel
from optionix_core.pricing.monte_carlo import MonteCarloSimulator
from tests.core.pricing.contract import Arguments, Array, PricerContract, against_sign, option, same_as_sign, up
from tests.core.pricing.test_contract_european import Vanilla, legs

HESTON = {"v0": 0.05, "kappa": 1.5, "theta": 0.06, "sigma": 0.5, "rho": -0.7}


class American(PricerContract):
    """Exercise at any time."""

    directions = (("spot", same_as_sign), ("strike", against_sign), ("volatility", up), ("expiry", up))
    convex = ("spot", "strike")

    def bounds(self, arguments: Arguments) -> tuple[Any, Any]:
        a = arguments
        inner = np.maximum(a["option_type"] * (a["spot"] - a["strike"]), 0.0)
        asset, cash = legs(a)
        most = np.where(a["option_type"] > 0, np.maximum(a["spot"], asset), np.maximum(a["strike"], cash))
        return inner, most

    def above(self, arguments: Arguments) -> Iterator[Array]:
        yield np.asarray(black_scholes.price(**arguments))


class TestAmerican(American):
    """R. McDonald and M. Schroder's symmetry: a call is the put with spot and strike, rate and yield exchanged."""

    function = american.price
    names = (("accuracy", "high"),)
    tolerance = 3e-9
    rows = 8
    greek_tolerance = 2e-5

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        mirrored = {
            **a,
            "option_type": -a["option_type"],
            "spot": a["strike"],
            "strike": a["spot"],
            "rate": a["dividend_yield"],
            "dividend_yield": a["rate"],
        }
        yield self.price(a), self.price(mirrored)

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        a = arguments
        yield self.price(a, expiry=0.0 * a["spot"]), np.maximum(a["option_type"] * (a["spot"] - a["strike"]), 0.0)
        kind = np.where(a["rate"] > 0.0, -1.0, 1.0)
        no_reason = {**a, "option_type": kind, "rate": np.abs(a["rate"]) * kind * -1.0}
        free = {**no_reason, "option_type": np.ones_like(kind), "rate": np.abs(a["rate"]), "dividend_yield": 0.0 * kind}
        yield self.price(free), np.asarray(black_scholes.price(**free))

    def analytic_greeks(self, arguments: Arguments) -> Mapping[str, Array]:
        names = ("delta", "gamma", "vega", "theta", "rho", "epsilon")
        return american.greeks(**arguments, names=names, accuracy="high")._asdict()  # type: ignore[no-any-return]


class Model(Vanilla):
    """A European option under a model whose parameters are fixed."""

    model: Any
    tolerance = 1e-11
    directions = (("spot", same_as_sign), ("strike", against_sign))

    def draw(self, draw: np.random.Generator, rows: int, *, calm: bool = False) -> Arguments:
        arguments = option(draw, rows, calm=calm)
        del arguments["volatility"]
        return arguments

    def test_greeks_agree_with_differences_of_prices(self) -> None:  # type: ignore[override]
        arguments = self.draw(np.random.default_rng(3), 12, calm=True)
        width = 0.2 * np.sqrt(arguments["expiry"])
        arguments["strike"] = arguments["spot"] * np.exp(width * np.linspace(-1.0, 1.0, 12))
        found = self.analytic_greeks(arguments)
        assert found is not None
        spot, expiry = arguments["spot"], arguments["expiry"]
        steps = {"delta": ("spot", 1e-3 * spot), "theta": ("expiry", 1e-3 * expiry), "rho": ("rate", 1e-4 + 0.0 * spot)}
        for name, (field, step) in steps.items():
            near, far = (self.difference(arguments, field, k * step) for k in (1.0, 2.0))
            value = found[name] * (-1.0 if name == "theta" else 1.0)
            size = {"delta": 1.0, "theta": spot / np.sqrt(expiry), "rho": spot * expiry}[name]
            off = np.abs(value - (4.0 * near - far) / 3.0) - np.abs(near - far)
            assert (off <= 1e-7 * size).all(), name

    def analytic_greeks(self, arguments: Arguments) -> Mapping[str, Array]:
        return self.model.greeks(**arguments, names=("delta", "theta", "rho"))._asdict()  # type: ignore[no-any-return]


class TestHeston(Model):
    model = HestonModel(**HESTON)
    function = model.price


class TestBates(Model):
    model = BatesModel(**HESTON, jump_intensity=0.6, jump_mean=-0.1, jump_volatility=0.15)
    function = model.price


class TestDoubleHeston(Model):
    model = DoubleHestonModel(
        first=HestonModel(v0=0.03, kappa=2.0, theta=0.03, sigma=0.4, rho=-0.6),
        second=HestonModel(v0=0.02, kappa=0.5, theta=0.03, sigma=0.2, rho=-0.3),
    )
    function = model.price


class TestVarianceGamma(Model):
    model = VarianceGammaModel(volatility=0.2, nu=0.1, theta=-0.14)
    function = model.price


class TestCev(Model):
    """Constant elasticity has no scale of its own."""

    model = CevModel(delta=2.0, beta=0.5)
    function = model.price
    money = ()
    tolerance = 1e-11

    def limits(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        """Absorption at zero leaves a put of any strike with value."""
        a = arguments
        yield self.price(a, expiry=0.0 * a["spot"]), np.maximum(a["option_type"] * (a["spot"] - a["strike"]), 0.0)

    def test_greeks_agree_with_differences_of_prices(self) -> None:  # type: ignore[override]
        """Has none of its own; delta in the spot lies within its bounds."""
        arguments = self.draw(np.random.default_rng(3), self.rows, calm=True)
        delta = self.difference(arguments, "spot", 1e-3 * arguments["spot"]) * arguments["option_type"]
        assert ((delta >= -1e-7) & (delta <= np.exp(-arguments["dividend_yield"] * arguments["expiry"]) + 1e-7)).all()

    def sample(self, seed: int, *, calm: bool = False) -> tuple[Arguments, Array]:
        arguments = self.draw(np.random.default_rng(seed), self.rows, calm=calm)
        return arguments, self.tolerance * np.maximum(arguments["spot"], arguments["strike"])


def one_at_a_time(contract: type[EuropeanOption], price: Callable[..., float]) -> Callable[..., Any]:
    """A pricer of one contract, over the rows of arrays."""

    def single(
        option_type: float,
        spot: float,
        strike: float,
        expiry: float,
        rate: float,
        dividend_yield: float,
        volatility: float,
    ) -> float:
        named = contract(option_type="call" if option_type > 0 else "put", strike=strike, expiry=expiry)
        place = FlatMarket(spot=spot, rate=rate, dividend_yield=dividend_yield)
        return price(named, BlackScholesModel(volatility=volatility), place)

    def every(**arguments: Any) -> Any:
        rows = np.broadcast_arrays(*arguments.values())
        if rows[0].ndim == 0:
            return single(**{name: float(value) for name, value in arguments.items()})
        table = zip(*(row.tolist() for row in rows), strict=True)
        return np.array([single(**dict(zip(arguments, values, strict=True))) for values in table])

    return every


GRID = FiniteDifferenceSolver(space_points=400, time_steps=100)
PATHS = MonteCarloSimulator(paths=4096, sampler="sobol", randomisations=8, workers=1)


class Grid:
    """Second order in space and time, extrapolated: a few 1e-6 of the strike, more where deviations are small."""

    one_by_one = True
    rows = 4
    tolerance = 3e-5
    greeks_of_bumps = ()
    convex = ()


class TestEuropeanByFiniteDifferences(Grid, Vanilla):
    function = one_at_a_time(EuropeanOption, lambda *given: GRID.price(*given).price)

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        yield from super().relations(arguments)
        yield self.price(arguments), np.asarray(black_scholes.price(**arguments))


class TestAmericanByFiniteDifferences(Grid, American):
    function = one_at_a_time(AmericanOption, lambda *given: GRID.price(*given).price)

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        yield self.price(arguments), np.asarray(american.price(**arguments))


class TestEuropeanByMonteCarlo(Vanilla):
    """The same seed prices the same paths, so that monotonicity, convexity and scaling hold path by path."""

    function = one_at_a_time(EuropeanOption, lambda *given: PATHS.price(*given).price)
    one_by_one = True
    rows = 4
    tolerance = 1e-3
    greeks_of_bumps = ()

    def relations(self, arguments: Arguments) -> Iterator[tuple[Array, Array]]:
        yield from super().relations(arguments)
        yield self.price(arguments), np.asarray(black_scholes.price(**arguments))
