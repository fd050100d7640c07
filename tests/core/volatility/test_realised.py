"""Realised volatility and the rank of implied volatility, and their refusal of short histories."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.protocols import PriceHistory
from optionix_core.volatility.realised import close_to_close, iv_percentile, iv_rank, rolling_close_to_close


def history(close, implied=None):
    close = np.asarray(close, dtype=float)
    implied = np.full(close.shape, np.nan) if implied is None else np.asarray(implied, dtype=float)
    days = tuple(date(2024, 1, 1) + timedelta(days=day) for day in range(close.size))
    return PriceHistory("ORBIT", "test", days, close, close, close, close, close, implied)


def test_alternating_returns_have_the_volatility_of_the_textbook_formula():
    # returns +1%, -1%, ...: mean 0, so the sample deviation of 20 is 0.01 sqrt(20 / 19)
    close = 100.0 * np.exp(np.cumsum([0.0] + [0.01, -0.01] * 10))
    assert close_to_close(history(close), 20) == pytest.approx(0.01 * np.sqrt(20 / 19) * np.sqrt(252), rel=1e-12)
    assert close_to_close(history(close), 20, per_year=365) == pytest.approx(0.01 * np.sqrt(20 / 19 * 365), rel=1e-12)


def test_the_rolling_form_ends_on_the_single_one():
    close = 100.0 * np.exp(np.cumsum(np.random.default_rng(1).normal(0.0, 0.01, 60)))
    rolling = rolling_close_to_close(history(close), 20)
    assert rolling[-1] == pytest.approx(close_to_close(history(close), 20), rel=1e-12)
    assert np.isnan(rolling[:20]).all()
    assert np.isfinite(rolling[20:]).all()


def test_rank_and_percentile_stand_where_the_days_say():
    implied = np.array([0.10, 0.30, 0.20, 0.20, 0.15])
    past = history(np.full(5, 100.0), implied)
    assert iv_rank(past, 5) == pytest.approx((0.15 - 0.10) / (0.30 - 0.10))
    assert iv_percentile(past, 5) == pytest.approx(1 / 5)
    assert iv_rank(past, 5, current=0.35) == 1.0
    assert iv_percentile(past, 5, current=0.20) == pytest.approx(2 / 5)


def test_a_short_or_broken_history_is_refused():
    short = history(np.full(20, 100.0), np.linspace(0.1, 0.2, 20))
    with pytest.raises(MissingDataError, match="21 closes of ORBIT needed, 20 there"):
        close_to_close(short, 20)
    with pytest.raises(MissingDataError, match="252 implied volatilities of ORBIT needed, 20 there"):
        iv_rank(short)
    with pytest.raises(MissingDataError, match="5 implied volatilities of ORBIT needed, 5 of them absent"):
        iv_percentile(history(np.full(9, 100.0)), 5)
    with pytest.raises(MissingDataError, match="did not move"):
        iv_rank(history(np.full(9, 100.0), np.full(9, 0.2)), 9)
    with pytest.raises(InvalidValueError, match="days must be at least 2"):
        close_to_close(short, 1)
    with pytest.raises(InvalidValueError, match="current must be positive"):
        iv_rank(short, 20, current=0.0)


def test_realised_volatility_of_the_sp500_in_march_2020_was_extreme(shared_data):
    rows = (shared_data / "rv" / "sp500_ohlc_arch.csv").read_text().splitlines()
    assert rows[0].startswith("Date,Open,High,Low,Close")
    close = [float(row.split(",")[4]) for row in rows[1:] if "2008-09-15" <= row[:10] <= "2008-11-20"]
    # the autumn of 2008: daily moves of 4 to 5%
    assert 0.6 < close_to_close(history(close), 30) < 0.9
