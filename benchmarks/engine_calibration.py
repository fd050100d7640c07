"""Calibrations: milliseconds and errors, on prices of known parameters and on real chains beside QuantLib.

QuantLib's Heston and Bates are calibrated as its own examples do it: AnalyticHestonEngine (BatesEngine),
HestonModelHelper with errors of implied volatility, LevenbergMarquardt, from one start; the same quotes, forwards and
discount factors go to both, and errors are measured by the same function. SABR's peers are pysabr where it is
installed, scipy's least_squares over QuantLib's sabrVolatility, and QuantLib's own SABRInterpolation.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import math
import time
import warnings
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from benchmarks.measure import Figure
from optionix_core.feeds import files
from optionix_core.volatility import CalibrationEngine
from optionix_core.volatility.calibration.families import BATES, DOUBLE_HESTON, HESTON, MERTON, Family
from optionix_core.volatility.calibration.quotes import CalibrationQuotes, of_prices, of_slices
from optionix_core.volatility.solve import solve
from optionix_core.volatility.surface.quotes import SliceQuotes, of_chain

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "chains"
EXPIRIES = np.array([1.0 / 12.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0])
KNOWN: tuple[tuple[str, Family, tuple[float, ...], float | None], ...] = (
    ("Heston", HESTON, (0.04, 1.5, 0.06, 0.4, -0.7), 5.0),
    ("Heston, Feller violated", HESTON, (0.04, 1.5, 0.06, 0.8, -0.7), 5.0),
    ("Heston, wild and lasting", HESTON, (0.09, 0.5, 0.04, 1.0, -0.9), 5.0),
    ("Heston, low and rising", HESTON, (0.01, 5.0, 0.09, 0.8, -0.3), 5.0),
    ("Bates", BATES, (0.04, 1.5, 0.06, 0.5, -0.7, 0.5, -0.1, 0.15), None),
    ("Merton", MERTON, (0.2, 0.5, -0.1, 0.15), None),
    ("double Heston", DOUBLE_HESTON, (0.02, 6.0, 0.02, 0.6, -0.5, 0.03, 0.5, 0.05, 0.4, -0.8), None),
)
RECOVERED = 1e-6
MOST_EXPIRIES, MOST_STRIKES = 7, 8
"""Of a real chain that QuantLib is given."""
TIMES_FASTER = 20.0


def figures(_environment: dict[str, str]) -> list[Figure]:
    """Milliseconds of CPU, kernels loaded."""
    rows: list[Figure] = []
    for name, family, values, budget in KNOWN:
        rows += _known(name, family, values, budget)
    chains = [(path.stem[:14], of_chain(solve(files.read(path)))[0]) for path in sorted(DATA.glob("SPX*.csv"))]
    for name, slices in chains:
        rows += _beside_quantlib(name, _chosen(slices))
        rows += _sabr(name, slices)
    # Last: large matrices wake the threads of BLAS, whose waiting would count as the CPU of all that follows.
    for name, slices in chains:
        rows += _whole(name, slices)
    return rows


def _known(name: str, family: Family, values: tuple[float, ...], budget: float | None) -> list[Figure]:
    level = math.sqrt(values[0]) if family is not MERTON else values[0]
    strikes = 100.0 * np.exp(level * np.sqrt(EXPIRIES)[:, None] * np.linspace(-2.0, 1.5, 8))
    sides = np.where(strikes >= 100.0, 1, -1)
    prices = family.make(*values).price(sides, 100.0, strikes, EXPIRIES[:, None], 0.02, 0.01)

    def run() -> Any:
        quotes = of_prices(100.0, strikes, EXPIRIES[:, None], sides, prices, 0.02, 0.01)
        return CalibrationEngine().fit(family.name, quotes)

    result, seconds = _timed(run, 15)
    error = max(abs(one.value - value) for one, value in zip(result.parameters, values, strict=True))
    note = f"{result.evaluations} evaluations, {len(result.starts)} starts"
    return [
        Figure(f"{name}, 56 quotes", 1e3 * seconds, "ms CPU", budget, note),
        Figure(f"{name}, parameters recovered to", error, "", RECOVERED),
    ]


def _whole(name: str, slices: tuple[SliceQuotes, ...]) -> list[Figure]:
    quotes = of_slices(slices)
    rows = []
    for model in ("heston", "bates", "double-heston"):
        result, seconds = _timed(lambda model=model: CalibrationEngine().fit(model, quotes), 1)
        note = f"rmse {100.0 * result.rmse_volatility:.2f} vol points, {quotes.count} quotes, {len(slices)} expiries"
        rows.append(Figure(f"{name} whole, {model}", 1e3 * seconds, "ms CPU", note=note))
    return rows


def _timed(run: Any, times: int) -> tuple[Any, float]:
    result = run()
    time.sleep(0.3)  # until threads of BLAS, woken by an earlier call's large matrices, have stopped to wait busily
    taken = []
    for _ in range(times):
        started = time.process_time()
        run()
        taken.append(time.process_time() - started)
    return result, median(taken)


def _chosen(slices: tuple[SliceQuotes, ...]) -> tuple[SliceQuotes, ...]:
    """Expiries from a month to two years, whole days, with strikes spread over what is quoted."""
    within = [item for item in slices if 25.0 / 365.0 <= item.years <= 2.2]
    places = np.unique(np.linspace(0, len(within) - 1, MOST_EXPIRIES).round().astype(int))
    found = []
    for item in (within[place] for place in places):
        x = item.log_moneyness / item.deviation
        wanted = np.linspace(max(x[0], -2.5), min(x[-1], 1.5), MOST_STRIKES)
        kept = np.unique([int(np.argmin(np.abs(x - value))) for value in wanted])
        days = round(item.years * 365.0)
        scale = days / 365.0 / item.years
        columns = {name: getattr(item, name)[kept] * scale for name in ("bid", "ask", "middle")}
        found.append(dataclasses.replace(item, years=days / 365.0, log_moneyness=item.log_moneyness[kept], **columns))
    return tuple(found)


def _beside_quantlib(name: str, slices: tuple[SliceQuotes, ...]) -> list[Figure]:
    try:
        import QuantLib as ql  # noqa: N813 - as its own examples name it
    except ImportError:
        return []
    quotes = dataclasses.replace(of_slices(slices), weight=np.ones(sum(item.count for item in slices)))
    market = _Market(ql, slices, quotes)
    rows = []
    for model, peer in (("heston", market.heston), ("bates", market.bates)):
        result, seconds = _timed(lambda model=model: CalibrationEngine().fit(model, quotes), 7)
        started = time.process_time()
        values = peer()
        slow = time.process_time() - started
        error = _rmse(HESTON if model == "heston" else BATES, values, quotes)
        ours = result.rmse_volatility
        note = f"QuantLib {100.0 * error:.4f}, {quotes.count} quotes"
        rows.append(Figure(f"{name} {model}, rmse", 100.0 * ours, "vol points", 100.0 * error * (1.0 + 1e-6), note))
        rows.append(Figure(f"{name} {model}", 1e3 * seconds, "ms CPU", note=f"QuantLib {1e3 * slow:,.0f}"))
        faster = slow / seconds
        rows.append(
            Figure(f"{name} {model}, faster than QuantLib", faster, "times", TIMES_FASTER, larger_is_better=True)
        )
    return rows


def _sabr(name: str, slices: tuple[SliceQuotes, ...]) -> list[Figure]:
    """One model an expiry, beta 1, all quotes: total CPU and the root-mean-square error over all."""
    try:
        import QuantLib as ql  # noqa: N813 - as its own examples name it
    except ImportError:
        return []
    within = [item for item in slices if 25.0 / 365.0 <= item.years <= 2.2]
    smiles = [dataclasses.replace(of_slices([item]), weight=np.ones(item.count)) for item in within]
    results, seconds = _timed(lambda: [CalibrationEngine().fit("sabr", smile) for smile in smiles], 3)
    ours = math.sqrt(np.mean(np.concatenate([one.quotes.error for one in results]) ** 2))
    rows = [Figure(f"{name} SABR, {len(smiles)} expiries", 1e3 * seconds, "ms CPU")]
    peers = [("scipy", _scipy_sabr), ("QuantLib", _quantlib_sabr)]
    if importlib.util.find_spec("pysabr") is not None:
        peers.append(("pysabr", _pysabr))
    for peer, fit in peers:
        started = time.process_time()
        found = [fit(ql, smile) for smile in smiles]
        slow = time.process_time() - started
        errors = [_sabr_error(ql, smile, *values) for smile, values in zip(smiles, found, strict=True)]
        error = math.sqrt(np.mean(np.concatenate(errors) ** 2))
        note = f"{peer} {100.0 * error:.4f}, {sum(smile.count for smile in smiles)} quotes"
        budget = 100.0 * error * (1.0 + 1e-6)
        rows.append(Figure(f"{name} SABR, rmse beside {peer}", 100.0 * ours, "vol points", budget, note))
        times = slow / seconds
        goal = TIMES_FASTER if peer == "pysabr" else None
        rows.append(Figure(f"{name} SABR, faster than {peer}", times, "times", goal, larger_is_better=True))
    return rows


def _sabr_error(ql: Any, smile: CalibrationQuotes, alpha: float, rho: float, nu: float) -> Any:
    terms = float(smile.forward[0]), float(smile.years[0]), alpha, 1.0, nu, rho
    return np.array([ql.sabrVolatility(strike, *terms) for strike in smile.strike.tolist()]) - smile.volatility


def _scipy_sabr(ql: Any, smile: CalibrationQuotes) -> tuple[float, float, float]:
    level = float(smile.volatility[np.argmin(np.abs(smile.log_moneyness))])
    found = least_squares(
        lambda x: _sabr_error(ql, smile, *x), (level, -0.3, 0.5), bounds=((1e-4, -0.999, 1e-4), (10.0, 0.999, 50.0))
    )
    alpha, rho, nu = found.x.tolist()
    return alpha, rho, nu


def _quantlib_sabr(ql: Any, smile: CalibrationQuotes) -> tuple[float, float, float]:
    level = float(smile.volatility[np.argmin(np.abs(smile.log_moneyness))])
    peer = ql.SABRInterpolation(
        smile.strike.tolist(), smile.volatility.tolist(), float(smile.years[0]), float(smile.forward[0]),
        level, 1.0, 0.5, -0.3, betaIsFixed=True, vegaWeighted=False,
    )  # fmt: skip
    return peer.alpha(), peer.rho(), peer.nu()


def _pysabr(_ql: Any, smile: CalibrationQuotes) -> tuple[float, float, float]:
    from pysabr import Hagan2002LognormalSABR

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = Hagan2002LognormalSABR(f=float(smile.forward[0]), shift=0.0, t=float(smile.years[0]), beta=1.0)
        alpha, rho, nu = peer.fit(smile.strike, 100.0 * smile.volatility)
    return float(alpha), float(rho), float(nu)


def _faster(name: str, times: float) -> Figure:
    return Figure(f"{name}, faster than QuantLib", times, "times", TIMES_FASTER, larger_is_better=True)


def _rmse(family: Family, values: tuple[float, ...], quotes: CalibrationQuotes) -> float:
    model = family.make(*values)
    found = model.implied_volatility(1.0, np.exp(quotes.log_moneyness), quotes.years, 0.0, 0.0)
    error = np.asarray(found) - quotes.volatility
    return float(np.sqrt(np.mean(error**2)))


class _Market:
    """The quotes as QuantLib takes them."""

    def __init__(self, ql: Any, slices: tuple[SliceQuotes, ...], quotes: CalibrationQuotes) -> None:
        self._ql = ql
        today = ql.Date(2, 1, 2025)
        ql.Settings.instance().evaluationDate = today
        days = ql.Actual365Fixed()
        terms = [round(item.years * 365.0) for item in slices]
        spot = slices[0].forward
        rates = [-math.log(item.discount_factor) / item.years for item in slices]
        yields = [rate - math.log(item.forward / spot) / item.years for rate, item in zip(rates, slices, strict=True)]
        dates = [today, *(today + term for term in terms)]
        self._rate, self._yield = (
            ql.YieldTermStructureHandle(ql.ZeroCurve(dates, [column[0], *column], days)) for column in (rates, yields)
        )
        self._spot = ql.QuoteHandle(ql.SimpleQuote(spot))
        self._calendar = ql.NullCalendar()
        self._quotes, self._level = quotes, spot

    def _helpers(self, engine: Any) -> list[Any]:
        ql = self._ql
        found = []
        for years, strike, volatility in zip(
            self._quotes.years.tolist(), self._quotes.strike.tolist(), self._quotes.volatility.tolist(), strict=True
        ):
            helper = ql.HestonModelHelper(
                ql.Period(round(years * 365.0), ql.Days), self._calendar, self._level, strike,
                ql.QuoteHandle(ql.SimpleQuote(volatility)), self._rate, self._yield,
                ql.BlackCalibrationHelper.ImpliedVolError,
            )  # fmt: skip
            helper.setPricingEngine(engine)
            found.append(helper)
        return found

    def _start(self) -> tuple[float, float, float, float, float]:
        level = float(np.mean(self._quotes.volatility**2))
        return level, 1.5, level, 0.5, -0.5

    def heston(self) -> tuple[float, ...]:
        """v0, kappa, theta, sigma, rho."""
        ql = self._ql
        process = ql.HestonProcess(self._rate, self._yield, self._spot, *self._start())
        model = ql.HestonModel(process)
        self._calibrate(model, ql.AnalyticHestonEngine(model))
        theta, kappa, sigma, rho, v0 = model.params()
        return v0, kappa, theta, sigma, rho

    def bates(self) -> tuple[float, ...]:
        """And the jumps' intensity, mean and volatility."""
        ql = self._ql
        process = ql.BatesProcess(self._rate, self._yield, self._spot, *self._start(), 0.3, -0.1, 0.1)
        model = ql.BatesModel(process)
        self._calibrate(model, ql.BatesEngine(model))
        theta, kappa, sigma, rho, v0, mean, volatility, intensity = model.params()
        return v0, kappa, theta, sigma, rho, intensity, mean, volatility

    def _calibrate(self, model: Any, engine: Any) -> None:
        ql = self._ql
        method = ql.LevenbergMarquardt(1e-8, 1e-8, 1e-8)
        model.calibrate(self._helpers(engine), method, ql.EndCriteria(500, 50, 1e-8, 1e-8, 1e-8))
