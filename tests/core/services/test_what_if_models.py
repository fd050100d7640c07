"""A model that is chosen takes the parameters of the last calibration to the underlying, and of no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from optionix_core.market.clock import ManualClock
from optionix_core.services import calibration_history, calibrations, contract_pricing, price_words, what_if
from optionix_core.services.feeds import open_feed
from optionix_core.services.home import HomeFolders
from optionix_core.services.what_if_models import last_calibrated

MOMENT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def test_the_last_calibration_of_the_model_and_underlying_is_taken(tmp_path):
    home, clock = HomeFolders.of(tmp_path / "home"), ManualClock(MOMENT)
    whole = open_feed("sim", seed=20).chain("ORBIT", MOMENT)
    chain = replace(whole, slices=whole.slices[3:6])
    assert last_calibrated(home, clock, "ORBIT", "heston") is None
    heston = calibrations.calibrate(chain, calibrations.Asked("heston"))
    sabr = calibrations.calibrate(chain, calibrations.Asked("sabr"))
    calibration_history.keep(home, clock, calibrations.document(MOMENT, heston))
    calibration_history.keep(home, clock, calibrations.document(MOMENT + timedelta(minutes=1), sabr))

    found = last_calibrated(home, clock, "ORBIT", "heston")
    assert found is not None
    assert found.time == MOMENT
    assert float(found.terms["kappa"]) == pytest.approx(heston.fits[0].result.model.kappa)
    line = "--type call --spot 210 --strike 210 --expiry 0.1 --rate 0.04 --dividend-yield 0.01 --model heston"
    options = price_words.parse(line)._replace(terms=found.terms)
    assert contract_pricing.price(what_if.request(options)).price > 0.0

    expiry = chain.slices[1].expiry
    own = last_calibrated(home, clock, "ORBIT", "sabr", expiry)
    assert own is not None
    assert float(own.terms["alpha"]) == pytest.approx(sabr.fits[1].result.model.alpha)
    assert last_calibrated(home, clock, "ORBIT", "sabr") is None, "an expiry has its own"
    assert last_calibrated(home, clock, "TUNDRA", "heston") is None
    assert last_calibrated(home, clock, "ORBIT", "bates") is None
