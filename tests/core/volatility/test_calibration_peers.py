"""Calibrations beside those of QuantLib: the same quotes to both, and no worse a fit.

The quotes are a synthetic smile that no model meets; where the shared data lies beside the checkout, a real chain too.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from optionix_core.feeds import files
from optionix_core.volatility import CalibrationEngine
from optionix_core.volatility.calibration.families import BATES, HESTON
from optionix_core.volatility.calibration.quotes import CalibrationQuotes, of_slices
from optionix_core.volatility.solve import solve
from optionix_core.volatility.surface.quotes import of_chain

ql = pytest.importorskip("QuantLib")
TODAY = ql.Date(2, 1, 2025)
START = (0.04, 1.5, 0.05, 0.5, -0.5)
JUMPS = (0.3, -0.1, 0.1)


@pytest.fixture(autouse=True)
def today():
    """The valuation date is QuantLib's own global; put back afterwards."""
    before = ql.Settings.instance().evaluationDate
    ql.Settings.instance().evaluationDate = TODAY
    yield
    ql.Settings.instance().evaluationDate = before


def synthetic():
    """An SVI-like smile whose skew decays as a root of time, of whole days."""
    years = np.repeat(np.array([30.0, 91.0, 182.0, 365.0, 730.0]) / 365.0, 8)
    k = np.tile(np.linspace(-2.0, 1.5, 8), 5) * 0.2 * np.sqrt(years)
    x = k / np.sqrt(years)
    volatility = 0.16 + 0.03 * np.sqrt(years) + 0.08 * (-0.6 * (x - 0.05) + np.sqrt((x - 0.05) ** 2 + 0.04))
    sign = np.where(k >= 0.0, 1.0, -1.0)
    return CalibrationQuotes(years, np.full(40, 100.0), 100.0 * np.exp(k), k, sign, volatility, np.ones(40))


def real(shared_data):
    """Seven expiries of an SPX chain, moved to whole days; eight strikes each."""
    slices, _ = of_chain(solve(files.read(shared_data / "chains" / "SPX_2023-02-07_abasuray.csv")))
    within = [item for item in slices if 25.0 / 365.0 <= item.years <= 2.2]
    found = []
    for place in np.linspace(0, len(within) - 1, 7).round().astype(int):
        item = within[place]
        x = item.log_moneyness / item.deviation
        kept = np.unique([int(np.argmin(np.abs(x - value))) for value in np.linspace(-2.2, 1.3, 8)])
        years = round(item.years * 365.0) / 365.0
        scale = years / item.years
        columns = {name: getattr(item, name)[kept] * scale for name in ("bid", "ask", "middle")}
        found.append(dataclasses.replace(item, years=years, log_moneyness=item.log_moneyness[kept], **columns))
    quotes = of_slices(found)
    forward = np.full(quotes.count, 100.0)
    strike = forward * np.exp(quotes.log_moneyness)
    return dataclasses.replace(quotes, forward=forward, strike=strike, weight=np.ones(quotes.count))


def quantlib(quotes, jumps=()):
    """Parameters by QuantLib, in our order; quotes on a forward of 100, no rates."""
    flat = ql.YieldTermStructureHandle(ql.FlatForward(TODAY, 0.0, ql.Actual365Fixed()))
    spot = ql.QuoteHandle(ql.SimpleQuote(100.0))
    if jumps:
        model = ql.BatesModel(ql.BatesProcess(flat, flat, spot, *START, *jumps))
        engine = ql.BatesEngine(model)
    else:
        model = ql.HestonModel(ql.HestonProcess(flat, flat, spot, *START))
        engine = ql.AnalyticHestonEngine(model)
    helpers = []
    for years, strike, volatility in zip(*(column.tolist() for column in (
        quotes.years, quotes.strike, quotes.volatility)), strict=True):  # fmt: skip
        helper = ql.HestonModelHelper(
            ql.Period(round(years * 365.0), ql.Days), ql.NullCalendar(), 100.0, strike,
            ql.QuoteHandle(ql.SimpleQuote(volatility)), flat, flat, ql.BlackCalibrationHelper.ImpliedVolError,
        )  # fmt: skip
        helper.setPricingEngine(engine)
        helpers.append(helper)
    model.calibrate(helpers, ql.LevenbergMarquardt(1e-8, 1e-8, 1e-8), ql.EndCriteria(500, 50, 1e-8, 1e-8, 1e-8))
    theta, kappa, sigma, rho, v0, *rest = model.params()
    return (v0, kappa, theta, sigma, rho, *(rest[2:] + rest[:2] if rest else ()))


def rmse(family, values, quotes):
    found = family.make(*values).implied_volatility(1.0, np.exp(quotes.log_moneyness), quotes.years, 0.0, 0.0)
    return math.sqrt(np.mean((np.asarray(found) - quotes.volatility) ** 2))


def test_heston_fits_no_worse_than_quantlib_and_where_it_does():
    quotes = synthetic()
    theirs = quantlib(quotes)
    result = CalibrationEngine().fit("heston", quotes)
    assert result.rmse_volatility <= rmse(HESTON, theirs, quotes) * (1.0 + 1e-6)
    assert [one.value for one in result.parameters] == pytest.approx(theirs, rel=2e-3)


def test_bates_fits_no_worse_than_quantlib():
    quotes = synthetic()
    result = CalibrationEngine().fit("bates", quotes)
    assert result.rmse_volatility <= rmse(BATES, quantlib(quotes, JUMPS), quotes) * (1.0 + 1e-6)


@pytest.mark.parametrize("model", ["heston", "bates"])
def test_a_real_chain_is_fitted_no_worse_than_by_quantlib(model, shared_data):
    quotes = real(shared_data)
    result = CalibrationEngine().fit(model, quotes)
    family, jumps = (HESTON, ()) if model == "heston" else (BATES, JUMPS)
    assert result.rmse_volatility <= rmse(family, quantlib(quotes, jumps), quotes) * (1.0 + 1e-6)
    assert result.rmse_volatility < 0.008


def test_sabr_fits_no_worse_than_quantlib():
    quotes = synthetic()
    chosen = quotes.years == 365.0 / 365.0
    smile = CalibrationQuotes(*(getattr(quotes, name)[chosen] for name in (
        "years", "forward", "strike", "log_moneyness", "sign", "volatility", "weight")))  # fmt: skip
    for beta in (1.0, 0.5):
        result = CalibrationEngine().fit("sabr", smile, beta)
        alpha, rho, nu = (one.value for one in result.parameters)
        theirs = [ql.sabrVolatility(k, 100.0, 1.0, alpha, beta, nu, rho) for k in smile.strike.tolist()]
        assert result.quotes.model_volatility == pytest.approx(theirs, rel=1e-5)
        peer = ql.SABRInterpolation(
            smile.strike.tolist(), smile.volatility.tolist(), 1.0, 100.0, 0.2 * 100.0 ** (1.0 - beta), beta, 0.5, -0.3,
            False, True, False, False, False, ql.EndCriteria(1000, 100, 1e-10, 1e-10, 1e-10), errorAccept=1e-6,
        )  # fmt: skip
        fitted = (100.0, 1.0, peer.alpha(), beta, peer.nu(), peer.rho())
        found = np.array([ql.sabrVolatility(k, *fitted) for k in smile.strike.tolist()])
        assert result.rmse_volatility <= math.sqrt(np.mean((found - smile.volatility) ** 2)) * (1.0 + 1e-6)
