"""Stochastic local volatility as a use case: horizon, progress, stops, the check and what a report says of it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from optionix_core.errors import InterruptedByUserError, UnknownNameError
from optionix_core.pricing.models import HestonModel
from optionix_core.services import slv_calibration, surfaces
from optionix_core.services.feeds import open_feed

MOMENT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
EXPIRIES = (date(2026, 12, 18), date(2027, 3, 19))
HESTON = HestonModel(v0=0.05, kappa=2.0, theta=0.06, sigma=0.5, rho=-0.6)
ASKED = slv_calibration.Asked(HESTON, EXPIRIES[0], particles=1024, paths=256)


@pytest.fixture(scope="module")
def fitted():
    whole = open_feed("sim", seed=20).chain("ORBIT", MOMENT)
    return surfaces.fit(replace(whole, slices=tuple(item for item in whole.slices if item.expiry in EXPIRIES)))


def test_progress_rises_to_the_whole_and_a_stop_keeps_nothing(fitted):
    heard: list[float] = []
    made = slv_calibration.calibrate(fitted, ASKED, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1.0)
    assert [one.item.expiry for one in made.check] == [EXPIRIES[0]] * 3
    for most in (3, len(heard) - 1):
        heard.clear()
        with pytest.raises(InterruptedByUserError):
            slv_calibration.calibrate(fitted, ASKED, progress=heard.append, cancel=lambda most=most: len(heard) >= most)


def test_the_horizon_is_an_expiry_of_the_surface(fitted):
    unchecked = ASKED._replace(paths=None)
    assert slv_calibration.calibrate(fitted, unchecked).model.horizon == fitted.surface.slices[0].years
    last = slv_calibration.calibrate(fitted, unchecked._replace(horizon=None))
    assert last.model.horizon == fitted.surface.slices[-1].years
    assert last.check is None
    with pytest.raises(
        UnknownNameError, match="unknown expiry '2027-01-01'; known: ORBIT 2026-12-18, ORBIT 2027-03-19"
    ):
        slv_calibration.calibrate(fitted, unchecked._replace(horizon=date(2027, 1, 1)))


def test_heston_is_fitted_to_quotes_or_where_there_are_none_to_smiles(fitted):
    unchecked = ASKED._replace(heston=None, paths=None)
    bare = replace(fitted, solved=None, quotes=(), seconds=None)
    of_quotes, of_smiles = (slv_calibration.calibrate(one, unchecked) for one in (fitted, bare))
    assert of_quotes.heston.quotes.years.size == fitted.quote_count
    assert of_smiles.heston.quotes.years.size == 15 * len(fitted.surface.slices)
    told = [slv_calibration.to_json(one)["heston"] for one in (of_quotes, of_smiles)]
    assert [one["origin"] for one in told] == ["quotes", "smiles"]
    assert told[0]["v0"] == of_quotes.model.heston.v0 != told[1]["v0"]


def test_a_price_without_a_volatility_is_null_and_counted(fitted):
    made = slv_calibration.calibrate(fitted, ASKED)
    missing = replace(made.check[0], model_volatility=math.nan, standard_error=math.nan)
    report = slv_calibration.to_json(replace(made, check=(missing, *made.check[1:])))["check"]
    assert report["unsolved"] == 1
    assert report["vanillas"][0]["model_volatility"] is report["vanillas"][0]["distance_bp"] is None
    assert report["largest_bp"] == pytest.approx(1e4 * max(abs(one.distance) for one in made.check[1:]))
    none = slv_calibration.to_json(replace(made, check=(missing,)))
    assert none["check"]["largest_bp"] is none["check"]["median_bp"] is None
    json.dumps(none, allow_nan=False)
