"""Histories of factors: what is missing is named, stand-ins are asked for."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.risk import value_at_risk

DAYS = tuple(date(2025, 1, 1) + timedelta(days=day) for day in range(100))
SPX = np.random.default_rng(1).normal(0.0, 0.01, 100)


def gapped() -> value_at_risk.FactorHistory:
    return value_at_risk.align({"SPX": (DAYS, SPX), "NEW": (DAYS[60:], 1.5 * SPX[60:])})


def test_a_complete_history_is_its_moves() -> None:
    history = value_at_risk.align({"SPX": (DAYS, SPX), "NDX": (DAYS, 2.0 * SPX)})
    assert history.factors == ("SPX", "NDX")
    assert value_at_risk.missing(history) == {}
    assert np.array_equal(value_at_risk.complete(history), np.stack([SPX, 2.0 * SPX]))


def test_missing_dates_are_named_by_factor() -> None:
    with pytest.raises(MissingDataError) as caught:
        value_at_risk.complete(gapped())
    assert str(caught.value) == (
        "NEW lacks 60 of 100 dates: 2025-01-01, 2025-01-02, 2025-01-03, 2025-01-04, 2025-01-05 and 55 more"
    )
    assert value_at_risk.missing(gapped()) == {"NEW": DAYS[:60]}
    other = value_at_risk.align({"SPX": (DAYS[:-1], SPX[:-1]), "NEW": ((), ()), "NDX": (DAYS, SPX)})
    with pytest.raises(
        MissingDataError, match="SPX lacks 1 of 100 dates: 2025-04-10; NEW has no history on any of 100"
    ):
        value_at_risk.complete(other)


def test_a_stand_in_is_used_on_request_and_told() -> None:
    filled = value_at_risk.with_proxies(gapped(), {"NEW": value_at_risk.Proxy("SPX", beta=1.2)})
    moves = value_at_risk.complete(filled)
    assert moves[1, :60] == pytest.approx(1.2 * SPX[:60], rel=1e-14)
    assert np.array_equal(moves[1, 60:], 1.5 * SPX[60:])
    assert filled.notes == ("NEW: 60 of 100 moves are 1.2 times those of SPX",)
    assert np.isnan(gapped().moves).any()


def test_a_regression_finds_the_beta() -> None:
    filled = value_at_risk.with_proxies(gapped(), {"NEW": value_at_risk.Proxy("SPX")})
    assert value_at_risk.complete(filled)[1] == pytest.approx(1.5 * SPX, rel=1e-12)
    assert "1.5 times those of SPX" in filled.notes[0]


def test_a_stand_in_that_lacks_the_date_as_well_is_refused() -> None:
    history = value_at_risk.align({"SPX": (DAYS[1:], SPX[1:]), "NEW": (DAYS[60:], SPX[60:]), "NDX": (DAYS, SPX)})
    with pytest.raises(MissingDataError, match="stand-in for NEW: SPX lacks 1 of 100 dates: 2025-01-01"):
        value_at_risk.with_proxies(history, {"NEW": value_at_risk.Proxy("SPX", beta=1.0)})
    short = value_at_risk.align({"SPX": (DAYS, SPX), "NEW": (DAYS[80:], SPX[80:])})
    with pytest.raises(MissingDataError, match="NEW and SPX have 20 days in common where a regression needs 30"):
        value_at_risk.with_proxies(short, {"NEW": value_at_risk.Proxy("SPX")})


def test_bad_histories_are_named() -> None:
    with pytest.raises(MissingDataError, match="there is no risk factor"):
        value_at_risk.align({})
    with pytest.raises(MissingDataError, match="none of 1 risk factors has a date"):
        value_at_risk.align({"SPX": ((), ())})
    with pytest.raises(InvalidValueError, match="dates of SPX must be increasing"):
        value_at_risk.align({"SPX": ((DAYS[1], DAYS[0]), (0.1, 0.2))})
    with pytest.raises(InvalidValueError, match="moves of SPX must be finite: leave 2025-01-02 out"):
        value_at_risk.align({"SPX": (DAYS[:2], (0.1, np.nan))})
    with pytest.raises(InvalidValueError, match=r"moves of SPX must be \[2\], as its dates"):
        value_at_risk.align({"SPX": (DAYS[:2], (0.1,))})
    with pytest.raises(UnknownNameError, match=r"unknown risk factor 'VIX'.*SPX, NEW"):
        value_at_risk.with_proxies(gapped(), {"NEW": value_at_risk.Proxy("VIX")})
