"""Calibrations as a screen shows them: run, kept, found again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from optionix_core.errors import InterruptedByUserError, StorageError
from optionix_core.market.clock import ManualClock
from optionix_core.services import calibration_history, calibration_view
from optionix_core.services.feeds import open_feed
from optionix_core.services.home import HomeFolders

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
CLOCK = ManualClock(MOMENT)


@pytest.fixture(scope="module")
def chain():
    whole = open_feed("sim", seed=20).chain("ORBIT", MOMENT)
    return replace(whole, slices=whole.slices[3:6])


@pytest.fixture
def home(tmp_path):
    return HomeFolders.of(tmp_path)


def run(home, chain, model="merton", **changes):
    asked = {"progress": lambda _done, _total: None, "cancel": lambda: False, **changes}
    return calibration_view.calibrate(home, CLOCK, chain, model, **asked)


def test_a_calibration_is_kept_and_found_again_by_its_underlying(home, chain):
    told = run(home, chain)
    assert (told.model, told.underlying, told.as_of, told.unkept) == ("merton", "ORBIT", MOMENT, "")
    (found,) = calibration_view.earlier(home, CLOCK, "ORBIT")
    assert (found.model, found.time) == ("merton", MOMENT)
    assert found.rmse == pytest.approx(told.fits[0].rmse)
    assert calibration_view.earlier(home, CLOCK, "TUNDRA") == ()


def test_a_model_of_all_expiries_has_a_smile_for_each(home, chain):
    told = run(home, chain)
    (fit,) = told.fits
    assert [smile.expiry for smile in fit.smiles] == [item.expiry for item in chain.slices]
    for smile in fit.smiles:
        assert told.fit_of(smile.expiry, smile.root) is fit
        points = told.smile_of(smile.expiry, smile.root)
        assert [strike for strike, _ in points] == sorted(strike for strike, _ in points)
        assert all(0.05 < volatility < 1.0 for _, volatility in points)
    elsewhere = date(2030, 1, 18)
    assert told.fit_of(elsewhere, "ORBIT") is fit
    assert told.smile_of(elsewhere, "ORBIT") == ()


def test_a_model_of_each_expiry_covers_its_own_alone(home, chain):
    told = run(home, chain, "sabr")
    assert len(told.fits) == len(chain.slices)
    first = told.fits[0].smiles[0]
    assert told.fit_of(first.expiry, first.root) is told.fits[0]
    assert told.fit_of(date(2030, 1, 18), "ORBIT") is None


def test_a_cancelled_calibration_keeps_nothing(home, chain):
    with pytest.raises(InterruptedByUserError):
        run(home, chain, cancel=lambda: True)
    assert calibration_view.earlier(home, CLOCK, "ORBIT") == ()


def test_a_calibration_that_cannot_be_kept_is_shown_and_says_so(home, chain, monkeypatch):
    def full(*_arguments):
        raise StorageError("the disk is full")

    monkeypatch.setattr(calibration_history, "keep", full)
    told = run(home, chain)
    assert told.unkept == "the disk is full"
    assert told.fits[0].parameters
