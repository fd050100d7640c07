"""Independent references of prices that are no closed form of a path: digits of mpmath, QuantLib and publications."""

from __future__ import annotations

import math
import random
from typing import Any

import mpmath as mp
import numpy as np

from optionix_core.pricing import american, black_scholes
from optionix_core.pricing.contracts import AmericanOption, EuropeanOption
from optionix_core.pricing.finite_difference import FiniteDifferenceSolver
from optionix_core.pricing.flat_market import FlatMarket
from optionix_core.pricing.implied_volatility import implied_volatility
from optionix_core.pricing.models.black_scholes import BlackScholesModel
from optionix_core.pricing.models.heston import HestonModel
from optionix_core.pricing.monte_carlo import MonteCarloSimulator
from tests.core.pricing.conftest import DERIVATIVES, exact_greek, exact_price, sampled
from tests.core.pricing.published_peers import Flat, priced
from tests.core.pricing.references import Reference


def european(ql: Any, draw: np.random.Generator, rows: int) -> list[float]:
    del ql, draw
    with mp.workdps(40):
        return [
            float(abs(black_scholes.price(*row) - exact_price(*row)) / max(row[1], row[2]))
            for row in sampled(11, rows, 12.0)
        ]


def all_greeks(ql: Any, draw: np.random.Generator, rows: int) -> list[float]:
    """Of the larger of the Greek and its median over the rows."""
    del ql, draw
    options = sampled(13, rows, 5.0)
    computed = [black_scholes.greeks(*option) for option in options]
    errors = []
    with mp.workdps(50):
        for name in DERIVATIVES:
            exact = [float(exact_greek(name, *option)) for option in options]
            typical = float(np.median(np.abs(exact)))
            pairs = zip(computed, exact, strict=True)
            errors.append(max(abs(getattr(row, name) - value) / max(abs(value), typical) for row, value in pairs))
    return errors


def volatilities(ql: Any, draw: np.random.Generator, rows: int) -> list[float]:
    """In multiples of what half an ulp of price and forward leave open."""
    del ql, draw
    errors = []
    with mp.workdps(40):
        for option in sampled(22, rows, 8.0):
            sign, *numbers = option
            spot, strike, expiry, rate, dividend, vol = (mp.mpf(number) for number in numbers)
            price = float(exact_price(*option))
            s = vol * mp.sqrt(expiry)
            d1 = (mp.log(spot / strike) + (rate - dividend) * expiry) / s + s / 2
            vega = spot * mp.exp(-dividend * expiry) * mp.npdf(d1) * mp.sqrt(expiry)
            if price < 1e-290 or vega == 0:
                continue
            forward = spot * mp.exp((rate - dividend) * expiry)
            blur = mp.mpf(math.ulp(price)) / 2
            blur += mp.exp(-rate * expiry) * mp.ncdf(sign * d1) * mp.mpf(math.ulp(float(forward))) / 2
            bound = max(float(blur / vega / vol), 2.2e-16)
            if bound <= 2e-3:
                found = implied_volatility(sign, price, *numbers[:5])
                errors.append(abs(found / option[6] - 1.0) / bound)
    return errors


def american_rows(rows: int) -> list[tuple[Any, ...]]:
    """Puts and calls at strike 100 over whole days; where QuantLib has one boundary."""
    draw = random.Random(5)
    table = []
    for _ in range(rows):
        sign, days = draw.choice([1, -1]), draw.randint(10, 1080)
        rates = draw.uniform(0.005, 0.1), draw.uniform(0.0, 0.1)
        table.append((sign, draw.uniform(62, 160), 100.0, days / 360, *rates, draw.uniform(0.1, 0.6)))
    return table


def of_quantlib(accuracy: american.Accuracy) -> Any:
    def errors(ql: Any, draw: np.random.Generator, rows: int) -> list[float]:
        del draw
        found = []
        for sign, spot, strike, expiry, rate, dividend, vol in american_rows(rows):
            m = Flat(ql, spot, rate, dividend, vol)
            payoff = ql.PlainVanillaPayoff(ql.Option.Call if sign > 0 else ql.Option.Put, strike)
            option = ql.VanillaOption(payoff, ql.AmericanExercise(m.today, m.date(expiry)))
            scheme = ql.QdFpAmericanEngine.highPrecisionScheme()
            theirs = priced(option, ql.QdFpAmericanEngine(m.process, scheme))
            ours = american.price(sign, spot, strike, expiry, rate, dividend, vol, accuracy)
            found.append(abs(ours - theirs))
        return found

    return errors


def premium(ql: Any, draw: np.random.Generator, rows: int) -> list[float]:
    del ql, draw
    market = ("put", 100.0, 100.0, 1.0, 0.05, 0.05, 0.25)
    return [abs(american.price(*market, "high") - black_scholes.price(*market) - 0.106952702742)] * rows


BROADIE_KAYA = (
    # M. Broadie and O. Kaya, Operations Research 54 (2006) 217-231, tables 1 and 2
    ({"v0": 0.010201, "kappa": 6.21, "theta": 0.019, "sigma": 0.61, "rho": -0.7}, 1.0, 0.0319, 6.8061),
    ({"v0": 0.09, "kappa": 2.0, "theta": 0.09, "sigma": 1.0, "rho": -0.3}, 5.0, 0.05, 34.9998),
)


def published_heston(ql: Any, draw: np.random.Generator, rows: int) -> list[float]:
    del ql, draw
    return [
        abs(HestonModel(**model).price("call", 100.0, 100.0, expiry, rate, 0.0) - value)
        for model, expiry, rate, value in BROADIE_KAYA[:rows]
    ]


def heston(ql: Any, draw: np.random.Generator, rows: int) -> list[float]:
    """QuantLib's Gauss-Lobatto integral to 1e-14, over whole days."""
    found = []
    for _ in range(rows):
        model = {
            "v0": float(draw.uniform(0.01, 0.2)), "kappa": float(draw.uniform(0.3, 4)),
            "theta": float(draw.uniform(0.01, 0.2)), "sigma": float(draw.uniform(0.1, 1.0)),
            "rho": float(draw.uniform(-0.95, 0.3)),
        }  # fmt: skip
        strike, days = float(draw.uniform(70, 140)), int(draw.integers(20, 1000))
        rate, dividend = float(draw.uniform(0, 0.08)), float(draw.uniform(0, 0.05))
        m = Flat(ql, 100.0, rate, dividend, 0.2)
        quote = ql.QuoteHandle(ql.SimpleQuote(100.0))
        process = ql.HestonProcess(m.curve(rate), m.curve(dividend), quote, *model.values())
        option = ql.VanillaOption(ql.PlainVanillaPayoff(ql.Option.Call, strike), m.european(days / 360))
        theirs = priced(option, ql.AnalyticHestonEngine(ql.HestonModel(process), 1e-13, 1_000_000))
        ours = HestonModel(**model).price("call", 100.0, strike, days / 360, rate, dividend)
        found.append(abs(ours - theirs) / 100.0)
    return found


def on_a_grid(kind: type[EuropeanOption]) -> Any:
    def errors(ql: Any, draw: np.random.Generator, rows: int) -> list[float]:
        del ql, draw
        solver = FiniteDifferenceSolver(space_points=800, time_steps=400)
        found = []
        for sign, spot, strike, expiry, rate, dividend, vol in american_rows(rows):
            contract = kind(option_type="call" if sign > 0 else "put", strike=strike, expiry=expiry)
            place = FlatMarket(spot=spot, rate=rate, dividend_yield=dividend)
            ours = solver.price(contract, BlackScholesModel(volatility=vol), place).price
            market = (sign, spot, strike, expiry, rate, dividend, vol)
            exact = american.price(*market, "high") if kind is AmericanOption else black_scholes.price(*market)
            found.append(abs(ours - exact) / strike)
        return found

    return errors


def by_paths(ql: Any, draw: np.random.Generator, rows: int) -> list[float]:
    """Distance from Black-Scholes in standard errors; over so many rows, 3 is not unlikely."""
    del ql, draw
    found = []
    for seed, (sign, spot, strike, expiry, rate, dividend, vol) in enumerate(american_rows(rows)):
        contract = EuropeanOption(option_type="call" if sign > 0 else "put", strike=strike, expiry=expiry)
        place = FlatMarket(spot=spot, rate=rate, dividend_yield=dividend)
        simulator = MonteCarloSimulator(paths=20_000, seed=seed, antithetic=True, workers=1)
        result = simulator.price(contract, BlackScholesModel(volatility=vol), place)
        exact = black_scholes.price(sign, spot, strike, expiry, rate, dividend, vol)
        found.append(abs(result.price - exact) / result.standard_error)
    return found


MEDIAN = "mpmath, 50 digits, of the larger of value and median"
QDFP = "QuantLib QD+ fixed point at strike 100"
MODELS = (
    Reference("black_scholes.price", "mpmath, 40 digits", 400, european),
    Reference("black_scholes.greeks, all sixteen", MEDIAN, 16, all_greeks),
    Reference("implied_volatility", "mpmath, in multiples of the attainable", 300, volatilities),
    Reference("american.price, standard", QDFP, 60, of_quantlib("standard")),
    Reference("american.price, high", QDFP, 60, of_quantlib("high")),
    Reference("american.price, high", "published premium 0.106952702742", 1, premium),
    Reference("HestonModel.price", "Broadie and Kaya (2006), four decimals", 2, published_heston),
    Reference("HestonModel.price", "QuantLib, Gauss-Lobatto to 1e-13", 40, heston),
    Reference("FiniteDifferenceSolver, European", "Black-Scholes; 800 x 400", 12, on_a_grid(EuropeanOption)),
    Reference("FiniteDifferenceSolver, American", "spectral collocation; 800 x 400", 8, on_a_grid(AmericanOption)),
    Reference("MonteCarloSimulator, European", "Black-Scholes, in standard errors; 20,000 paths", 30, by_paths),
)  # fmt: skip
