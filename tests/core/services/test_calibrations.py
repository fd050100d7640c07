"""Chains calibrated as a use case: what goes into a fit, what the record says, and that it is found again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from optionix_core.errors import (
    InterruptedByUserError,
    InvalidValueError,
    MissingDataError,
    StorageError,
    UnknownNameError,
    UsageError,
)
from optionix_core.market.chain import ChainSlice, OptionChain, QuoteColumns
from optionix_core.market.clock import ManualClock
from optionix_core.pricing import american
from optionix_core.services import calibration_history, calibrations
from optionix_core.services.feeds import open_feed
from optionix_core.services.home import HomeFolders
from optionix_core.volatility import HestonModel, SabrModel

MOMENT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
EXPIRIES = (date(2026, 12, 18), date(2027, 3, 19), date(2027, 9, 17))


@pytest.fixture(scope="module")
def chain():
    whole = open_feed("sim", seed=20).chain("ORBIT", MOMENT)
    return replace(whole, slices=tuple(item for item in whole.slices if item.expiry in EXPIRIES))


@pytest.fixture(scope="module")
def fitted(chain):
    return calibrations.calibrate(chain, calibrations.Asked("heston"))


@pytest.fixture
def home(tmp_path):
    return HomeFolders.of(tmp_path / "home")


def test_one_model_is_fitted_to_all_expiries_and_sabr_to_each(chain, fitted):
    assert len(fitted.fits) == 1
    assert [item.expiry for item in fitted.fits[0].slices] == list(EXPIRIES)
    assert fitted.fits[0].result.rmse_volatility < 0.01
    smiles = calibrations.calibrate(chain, calibrations.Asked("sabr", beta=0.5))
    assert [fit.slices[0].expiry for fit in smiles.fits] == list(EXPIRIES)
    assert all(fit.result.model.beta == 0.5 for fit in smiles.fits)
    assert all(fit.result.rmse_volatility < 0.002 for fit in smiles.fits)


def test_expiries_weights_and_starts_are_as_asked(chain, fitted):
    one = calibrations.calibrate(chain, calibrations.Asked("merton", expiries=EXPIRIES[1:2], starts=1, weights="equal"))
    assert [item.expiry for item in one.fits[0].slices] == [EXPIRIES[1]]
    assert len(one.fits[0].result.starts) == 1
    assert np.all(one.fits[0].result.quotes.weight == 1.0)
    spread = fitted.fits[0].result.quotes.weight
    assert spread.mean() == pytest.approx(1.0)
    assert spread.max() > 2.0 * spread.min()


def test_a_record_tells_source_moment_errors_by_expiry_and_the_whole_report(chain, fitted):
    record = calibrations.document(MOMENT, fitted)
    assert (record["model"], record["underlying"], record["source"], record["american"]) == (
        "heston", "ORBIT", "sim", False,
    )  # fmt: skip
    assert record["as_of"] == record["time"].replace(".000000Z", "Z") == "2026-11-20T15:30:00Z"
    (fit,) = record["fits"]
    assert [item["expiry"] for item in fit["expiries"]] == [day.isoformat() for day in EXPIRIES]
    counts = np.array([item["quotes"] for item in fit["expiries"]])
    errors = np.array([item["rmse_volatility"] for item in fit["expiries"]])
    whole = np.sqrt(np.sum(counts * errors**2) / counts.sum())
    assert whole == pytest.approx(fit["calibration"]["rmse_volatility"], rel=1e-9)
    (again,) = calibrations.results(record)
    assert isinstance(again.model, HestonModel)
    assert again.model == fitted.fits[0].result.model
    sabr = calibrations.document(MOMENT, calibrations.calibrate(chain, calibrations.Asked("sabr")))
    assert [type(one.model) for one in calibrations.results(sabr)] == [SabrModel] * 3


def test_expiries_left_out_are_said(chain):
    thin = replace(chain.slices[0], strikes=chain.slices[0].strikes[:2], call=_first(chain.slices[0].call, 2),
                   put=_first(chain.slices[0].put, 2))  # fmt: skip
    double = replace(
        chain.slices[2], strikes=np.repeat(chain.slices[2].strikes[::2], 2)[: chain.slices[2].strikes.size]
    )
    found = calibrations.calibrate(replace(chain, slices=(thin, chain.slices[1])), calibrations.Asked("heston"))
    assert [one.expiry for one in found.skipped] == [EXPIRIES[0]]
    assert not found.american
    record = calibrations.document(MOMENT, found)
    assert record["skipped"][0]["expiry"] == EXPIRIES[0].isoformat()
    assert record["skipped"][0]["reason"]
    twice = calibrations.calibrate(replace(chain, slices=(chain.slices[1], double)), calibrations.Asked("heston"))
    assert [one.expiry for one in twice.skipped] == [EXPIRIES[2]]
    with pytest.raises(
        MissingDataError, match=r"ORBIT has no usable expiry to calibrate to \(ORBIT 2027-09-17: strike"
    ):
        calibrations.calibrate(replace(chain, slices=(double,)), calibrations.Asked("heston"))


def american_chain(model, days=(60, 180, 365), rate=0.05, dividend_yield=0.02):
    """Mids are American prices, each of the volatility that `model` has at its strike."""
    slices = []
    for count in days:
        years = count / 365.0
        strikes = 100.0 * np.exp(0.2 * np.sqrt(years) * np.linspace(-2.0, 1.6, 19))
        volatility = model.implied_volatility(100.0, strikes, years, rate, dividend_yield)
        sides = []
        for sign in (1, -1):
            price = american.price(sign, 100.0, strikes, years, rate, dividend_yield, volatility)
            half = np.minimum(0.005 * price, 0.02)
            names = tuple(f"{sign}{place}" for place in range(strikes.size))
            sides.append(QuoteColumns(names, price - half, price + half, *[np.full(strikes.shape, np.nan)] * 8))
        at = MOMENT + timedelta(days=count)
        slices.append(ChainSlice("ABC", at.date(), at, "PM", "american", 100.0, False, strikes, *sides))
    return OptionChain("ABC", "test", MOMENT, 100.0, "USD", tuple(slices))


def test_early_exercise_is_taken_out_of_american_quotes():
    model = HestonModel(v0=0.04, kappa=1.5, theta=0.06, sigma=0.5, rho=-0.7)
    found = calibrations.calibrate(american_chain(model), calibrations.Asked("heston"))
    assert found.american
    assert calibrations.document(MOMENT, found)["american"] is True
    (fit,) = found.fits
    assert fit.result.rmse_volatility < 2e-4
    assert fit.result.model.v0 == pytest.approx(0.04, rel=0.02)
    assert fit.result.model.rho == pytest.approx(-0.7, abs=0.02)
    with pytest.raises(MissingDataError, match="ABC has no spot"):
        calibrations.calibrate(replace(american_chain(model, (60,)), spot=None), calibrations.Asked("sabr"))


def _first(columns, count):
    return replace(columns, **{name: getattr(columns, name)[:count] for name in columns.__slots__})


def test_what_cannot_be_calibrated_is_named(chain):
    with pytest.raises(UnknownNameError, match="unknown model to calibrate 'cev'"):
        calibrations.calibrate(chain, calibrations.Asked("cev"))
    with pytest.raises(UnknownNameError, match="unknown weight of quotes 'vega'; known: spread, equal"):
        calibrations.calibrate(chain, calibrations.Asked("heston", weights="vega"))
    with pytest.raises(InvalidValueError, match="starts must be from 1 to 8"):
        calibrations.calibrate(chain, calibrations.Asked("heston", starts=9))
    with pytest.raises(MissingDataError, match=r"ORBIT has no such expiry to calibrate to \(listed: ORBIT 2026-12-18"):
        calibrations.calibrate(chain, calibrations.Asked("heston", expiries=(date(2030, 1, 1),)))
    with pytest.raises(MissingDataError, match="has no such expiry"):
        calibrations.calibrate(chain, calibrations.Asked("heston", root="SPX"))


def test_progress_rises_to_its_total_over_all_fits_and_cancelling_stops(chain):
    heard = []
    calibrations.calibrate(chain, calibrations.Asked("sabr"), progress=lambda done, total: heard.append((done, total)))
    total = heard[0][1]
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    assert heard[-1] == (total, total)
    with pytest.raises(InterruptedByUserError):
        calibrations.calibrate(chain, calibrations.Asked("heston"), cancel=lambda: True)


def test_calibrations_are_kept_listed_and_shown(home, fitted):
    clock = ManualClock(MOMENT)
    assert calibration_history.history(home, clock).calibrations == ()
    records = []
    for place in range(3):
        records.append(calibrations.document(MOMENT + timedelta(seconds=place), fitted))
        calibration_history.keep(home, clock, records[-1])
    calibration_history.keep(home, clock, records[0])  # the same one again
    assert calibration_history.history(home, clock).calibrations == tuple(reversed(records))
    assert calibration_history.history(home, clock, 2).calibrations == (records[2], records[1])
    name = records[1]["id"]
    assert calibration_history.show(home, clock, name) == records[1]
    assert calibration_history.show(home, clock, name[:16]) == records[1]
    assert calibrations.results(calibration_history.show(home, clock, name))[0].model == fitted.fits[0].result.model


def test_a_calibration_that_is_not_there_or_not_the_only_one_is_refused(home, fitted):
    clock = ManualClock(MOMENT)
    with pytest.raises(UnknownNameError, match="unknown calibration '2026'"):
        calibration_history.show(home, clock, "2026")
    for place in range(2):
        calibration_history.keep(home, clock, calibrations.document(MOMENT + timedelta(seconds=place), fitted))
    with pytest.raises(UsageError, match="begins the ids of several calibrations"):
        calibration_history.show(home, clock, "2026")
    for name in ("", "2%"):
        with pytest.raises(UnknownNameError):
            calibration_history.show(home, clock, name)
    with pytest.raises(InvalidValueError, match="--limit must be at least 1"):
        calibration_history.history(home, clock, 0)


def test_a_home_that_cannot_be_made_is_a_storage_error(tmp_path, fitted):
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    with pytest.raises(StorageError):
        calibration_history.keep(
            HomeFolders.of(blocked / "home"), ManualClock(MOMENT), calibrations.document(MOMENT, fitted)
        )
