"""Realised volatility from daily bars by five estimators, cones, and the standing of implied volatility."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.market.protocols import PriceHistory
from optionix_core.volatility import analysis
from optionix_core.volatility.realised import ESTIMATORS, iv_percentile, iv_rank, realised_volatility, rolling

START = date(2024, 1, 1)


def history(open_, high, low, close, implied=None) -> PriceHistory:
    columns = [np.asarray(one, dtype=float) for one in (open_, high, low, close)]
    size = columns[0].size
    absent = np.full(size, np.nan)
    days = tuple(START + timedelta(days=day) for day in range(size))
    return PriceHistory(
        "ORBIT", "test", days, *columns, absent, absent if implied is None else np.asarray(implied, dtype=float)
    )


def walk(size: int, volatility: float = 0.2, night: float = 0.3, steps: int = 400, drift: float = 0.0) -> PriceHistory:
    """Brownian motion with a share `night` of each day's variance before the open; volatility for 252 days a year."""
    generator = np.random.default_rng(3)
    daily = volatility / math.sqrt(252.0)
    gaps = generator.normal(0.0, daily * math.sqrt(night), size)
    moves = generator.normal(0.0, daily * math.sqrt((1.0 - night) / steps), (size, steps)) + drift / steps
    inside = np.cumsum(moves, axis=1)
    before = np.concatenate([[0.0], np.cumsum(gaps[1:] + inside[:-1, -1])])
    # Highs and lows between steps: M. Broadie, P. Glasserman and S. Kou, Math. Finance 7 (1997) 325
    unseen = 0.5826 * daily * math.sqrt((1.0 - night) / steps)
    high = before + np.maximum(inside.max(axis=1), 0.0) + unseen
    low = before + np.minimum(inside.min(axis=1), 0.0) - unseen
    return history(*(100.0 * np.exp(one) for one in (before, high, low, before + inside[:, -1])))


BARS = [
    (100.0, 102.0, 99.0, 101.0), (101.5, 103.0, 101.0, 102.5), (102.0, 102.5, 98.0, 99.0),
    (98.5, 100.0, 97.5, 99.5), (100.5, 101.0, 99.0, 100.0), (99.0, 103.5, 98.5, 103.0),
]  # fmt: skip


def expected(estimator: str, bars: list[tuple[float, float, float, float]]) -> float:
    """Variance a day of all bars but the first, by the formulas of the papers, one bar after the other."""
    terms, nights, days = [], [], []
    for (_, _, _, before), (o, h, low, c) in pairwise(bars):
        u, d, e = math.log(h / o), math.log(low / o), math.log(c / o)
        nights.append(math.log(o / before))
        days.append(e)
        terms.append(
            {
                "close-close": math.log(c / before),
                "parkinson": (u - d) ** 2 / (4.0 * math.log(2.0)),
                "garman-klass": 0.5 * (u - d) ** 2 - (2.0 * math.log(2.0) - 1.0) * e**2,
                "rogers-satchell": math.log(h / c) * math.log(h / o) + math.log(low / c) * math.log(low / o),
                "yang-zhang": math.log(h / c) * math.log(h / o) + math.log(low / c) * math.log(low / o),
            }[estimator]
        )
    n = len(terms)

    def sample(values: list[float]) -> float:
        mean = sum(values) / n
        return sum((one - mean) ** 2 for one in values) / (n - 1)

    if estimator == "close-close":
        return sample(terms)
    if estimator == "yang-zhang":
        k = 0.34 / (1.34 + (n + 1) / (n - 1))  # Yang and Zhang 2000, eq. 10 with alpha 1.34
        return sample(nights) + k * sample(days) + (1.0 - k) * sum(terms) / n
    return sum(terms) / n


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_each_estimator_is_its_paper_s_formula(estimator) -> None:
    found = realised_volatility(history(*zip(*BARS, strict=True)), 5, estimator)
    assert found == pytest.approx(math.sqrt(252.0 * expected(estimator, BARS)), rel=1e-12)
    found = realised_volatility(history(*zip(*BARS, strict=True)), 5, estimator, per_year=365)
    assert found == pytest.approx(math.sqrt(365.0 * expected(estimator, BARS)), rel=1e-12)


@pytest.mark.parametrize(
    ("estimator", "efficiency"), [("parkinson", 4.9), ("garman-klass", 7.4), ("rogers-satchell", 6.0)]
)
def test_estimators_are_unbiased_and_as_efficient_as_published(estimator, efficiency) -> None:
    # Variance of the squared close over that of the estimator, for one day of Brownian motion without drift:
    # 4.9 Parkinson and 7.4 Garman-Klass (Yang and Zhang 2000, section II), 6.0 Rogers-Satchell (the same)
    bars = walk(12_000, night=0.0, steps=200)
    squares = np.log(bars.close / bars.open) ** 2
    daily = (rolling(bars, 2, estimator, per_year=1.0)) ** 2  # means of two days: twice as efficient as one
    assert math.sqrt(252.0 * daily.mean()) == pytest.approx(0.2, rel=0.01)
    assert np.var(squares) / (2.0 * np.var(daily)) == pytest.approx(efficiency, rel=0.08)


def test_yang_zhang_sees_the_night_and_no_drift() -> None:
    bars = walk(3_000, night=0.4, steps=200, drift=0.004)
    assert realised_volatility(bars, 2_999, "yang-zhang") == pytest.approx(0.2, rel=0.02)
    assert realised_volatility(bars, 2_999, "rogers-satchell") == pytest.approx(0.2 * math.sqrt(0.6), rel=0.02)
    assert realised_volatility(bars, 2_999, "parkinson") > 1.02 * 0.2 * math.sqrt(0.6)  # the drift is in it


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_last_of_a_rolling_series_is_the_single_figure(estimator) -> None:
    bars = walk(60, steps=20)
    whole = rolling(bars, 20, estimator)
    assert whole.shape == ((40,) if estimator in {"close-close", "yang-zhang"} else (41,))
    assert whole[-1] == pytest.approx(realised_volatility(bars, 20, estimator), rel=1e-12)
    earlier = replace(
        bars, days=bars.days[:-7], open=bars.open[:-7], high=bars.high[:-7], low=bars.low[:-7], close=bars.close[:-7]
    )
    assert whole[-8] == pytest.approx(realised_volatility(earlier, 20, estimator), rel=1e-12)


def test_a_cone_is_the_quartiles_of_the_rolling_figures() -> None:
    bars = walk(400, steps=20)
    cone = analysis.volatility_cone(bars, estimator="yang-zhang")
    assert (cone.windows, cone.since, cone.until) == ((10, 20, 60, 120), bars.days[0], bars.days[-1])
    assert cone.counts == (390, 380, 340, 280)
    for place, days in enumerate(cone.windows):
        series = np.sort(rolling(bars, days, "yang-zhang"))
        assert cone.minimum[place] == series[0]
        assert cone.maximum[place] == series[-1]
        assert cone.median[place] == pytest.approx(np.median(series))
        assert np.count_nonzero(series < cone.lower_quartile[place]) / series.size == pytest.approx(0.25, abs=0.01)
        assert np.count_nonzero(series < cone.upper_quartile[place]) / series.size == pytest.approx(0.75, abs=0.01)
        assert cone.now[place] == pytest.approx(realised_volatility(bars, days, "yang-zhang"))
        assert cone.percentile[place] == np.count_nonzero(series < cone.now[place]) / series.size
    # Longer windows of one volatility scatter less
    assert np.all(np.diff(cone.maximum - cone.minimum) < 0.0)


def test_a_history_that_is_too_short_or_has_holes_says_what_is_missing() -> None:
    bars = walk(100, steps=20)
    with pytest.raises(MissingDataError, match="140 days of ORBIT needed for a window of 120, 100 there"):
        analysis.volatility_cone(bars)
    with pytest.raises(MissingDataError, match="121 closes of ORBIT needed, 100 there"):
        realised_volatility(bars, 120)
    close = bars.close.copy()
    close[[40, 50]] = np.nan
    with pytest.raises(MissingDataError, match="100 closes of ORBIT needed, 2 of them absent, 2024-02-10 first"):
        analysis.volatility_cone(replace(bars, close=close), (10,))
    assert realised_volatility(replace(bars, close=close), 20) > 0.0  # the last twenty days are whole
    high = bars.high.copy()
    high[-1] = np.nan
    with pytest.raises(MissingDataError, match="20 highs of ORBIT needed, 1 of them absent, 2024-04-09 first"):
        realised_volatility(replace(bars, high=high), 20, "parkinson")
    late = tuple(day + timedelta(days=30 if place >= 95 else 0) for place, day in enumerate(bars.days))
    with pytest.raises(MissingDataError, match="no bars of ORBIT between 2024-04-04 and 2024-05-05: 21 days needed"):
        realised_volatility(replace(bars, days=late), 20)


def test_bars_that_are_none_are_refused_by_name() -> None:
    bars = history(*zip(*BARS, strict=True))
    low = bars.low.copy()
    low[3] = 99.0
    with pytest.raises(InvalidValueError, match="low must be at or below open and close on 2024-01-04"):
        realised_volatility(replace(bars, low=low), 5, "garman-klass")
    with pytest.raises(InvalidValueError, match="open must be positive"):
        realised_volatility(replace(bars, open=-bars.open), 5, "yang-zhang")
    with pytest.raises(InvalidValueError, match="per_year must be positive"):
        realised_volatility(bars, 5, per_year=0.0)
    with pytest.raises(InvalidValueError, match="windows must be at least one"):
        analysis.volatility_cone(bars, ())
    with pytest.raises(UnknownNameError, match="'range'; known: close-close, parkinson"):
        realised_volatility(bars, 5, "range")  # type: ignore[arg-type]


def test_the_standing_of_implied_volatility_names_its_window_and_extremes() -> None:
    implied = 0.2 + 0.05 * np.sin(np.arange(300) / 20.0)
    bars = replace(walk(300, steps=5), implied_volatility=implied)
    found = analysis.implied_standing(bars)
    past = implied[-252:]
    assert (found.window, found.since, found.until) == (252, bars.days[48], bars.days[-1])
    assert found.rank == iv_rank(bars) == pytest.approx((past[-1] - past.min()) / (past.max() - past.min()))
    assert found.percentile == iv_percentile(bars) == np.count_nonzero(past < past[-1]) / 252
    assert found.least_on == bars.days[48 + int(np.argmin(past))]
    assert found.greatest_on == bars.days[48 + int(np.argmax(past))]
    assert (found.now, found.least, found.greatest) == (past[-1], past.min(), past.max())
    assert analysis.implied_standing(bars, current=0.4).rank == 1.0
    with pytest.raises(MissingDataError, match="365 implied volatilities of ORBIT needed, 300 there"):
        analysis.implied_standing(bars, 365)


def test_estimators_agree_on_a_decade_of_an_index(shared_data) -> None:
    with (shared_data / "rv" / "spy_ohlc_2015_2024.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    bars = history(*([float(row[name]) for row in rows] for name in ("Open", "High", "Low", "Close")))
    bars = replace(bars, days=tuple(date.fromisoformat(row["Date"][:10]) for row in rows))
    figures = {one: realised_volatility(bars, 2_500, one) for one in ESTIMATORS}  # type: ignore[arg-type]
    assert figures["yang-zhang"] == pytest.approx(figures["close-close"], rel=0.05)
    for inside in ("parkinson", "garman-klass", "rogers-satchell"):  # a third of the variance comes overnight
        assert 0.6 < figures[inside] / figures["close-close"] < 0.9
    cone = analysis.volatility_cone(bars)
    assert cone.maximum[1] > 0.8  # March 2020
    assert np.all((cone.minimum < cone.median) & (cone.median < cone.maximum))
