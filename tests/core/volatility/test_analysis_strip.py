"""The variance strip on Cboe's own worked example, on a smile that is known, and on quotes that tell nothing."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.feeds import files
from optionix_core.market.chain import ChainSlice, QuoteColumns
from optionix_core.volatility import VolatilitySurface, analysis
from optionix_core.volatility.solve import solve
from optionix_core.volatility.surface.smiles import FitMetrics, SurfaceSlice
from optionix_core.volatility.svi import Svi

# Quotes of appendix 1 of "The CBOE Volatility Index - VIX" (2009), those of the sum and their neighbours
QUOTES = Path(__file__).with_name("cboe_white_paper_2009.csv")
RATE = 0.0038
YEARS = (9.0 / 365.0, 37.0 / 365.0)  # (930 + 510 + 11,520) / 525,600 and so on, from 8:30


def published(term: str) -> ChainSlice:
    with QUOTES.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["term"] == term]
    absent = np.full(len(rows), np.nan)

    def column(name: str) -> np.ndarray:
        return np.array([float(row[name] or "nan") for row in rows])

    sides = [
        QuoteColumns(tuple(f"{side}{place}" for place in range(len(rows))), column(f"{side}_bid"),
                     column(f"{side}_ask"), *[absent] * 8)
        for side in ("call", "put")
    ]  # fmt: skip
    day = date(2009, 1, 10)
    return ChainSlice(
        "SPX", day, datetime(2009, 1, 10, tzinfo=UTC), "AM", "european", 100.0, False, column("strike"), *sides
    )


def test_the_strip_gives_the_index_of_the_white_paper() -> None:
    near, far = (
        analysis.strip_variance(published(term), years, RATE)
        for term, years in zip(("near", "next"), YEARS, strict=True)
    )
    assert near.forward == pytest.approx(920.50005, abs=1e-5)
    assert near.boundary == far.boundary == 920.0
    # Puts to 400 below two strikes without a bid, calls to 1220 although 1250 has a bid again
    assert (near.lowest, near.highest) == (400.0, 1220.0)
    assert (far.lowest, far.highest) == (200.0, 1160.0)  # one strike without a bid does not end the strip
    assert round(100.0 * analysis.strip_index(near, far), 2) == 61.22


def test_the_strip_of_a_dense_chain_is_the_variance_swap(
    known: Callable, slice_of: Callable, chain_of: Callable
) -> None:
    strikes = np.arange(20.0, 320.0, 0.5)
    chain = chain_of(*(slice_of(known(days, 100.0, 0.03), strikes, 1e-6) for days in (20.0, 45.0)), spot=100.0)
    solved = solve(chain)
    index, near, far = analysis.chain_strip_index(solved)
    # The smile of the chains of conftest, by its parameters
    slices = [
        SurfaceSlice(
            "T",
            date(2026, 2, 1),
            t,
            100.0,
            1.0,
            Svi(0.02 * t, 0.06 * t, -0.5, 0.02, 0.15),
            FitMetrics(1, 1.0, 0.0, 0.0),
        )
        for t in (20.0 / 365.0, 45.0 / 365.0)
    ]
    surface = VolatilitySurface("T", chain.as_of, "svi", 100.0, tuple(slices))
    for strip in (near, far):
        swap = analysis.variance_swap_strike(surface, strip.years)
        # The kink of price at the forward costs a sum of step h the amount h^2 / (6 F^2 T)
        assert strip.variance - 0.25 / (6.0 * 100.0**2 * strip.years) == pytest.approx(swap.variance, rel=1e-5)
        assert strip.forward == pytest.approx(100.0, rel=1e-6)
    total = (15.0 * 20.0 * near.variance + 10.0 * 45.0 * far.variance) / 25.0
    assert index == pytest.approx(np.sqrt(total / 30.0), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "close"),
    [
        # Closes of the VIX of 4 February 2022, 10 June 2022 and 7 February 2023, as Cboe publishes them
        ("SPX_2022-02-05_lucacastelli.csv", 23.22),
        ("SPX_2022-06-11_phammings.csv", 27.75),
        ("SPX_2023-02-07_abasuray.csv", 18.66),
    ],
)
def test_the_strip_of_closing_quotes_is_the_close_of_the_vix(name: str, close: float, shared_data: Path) -> None:
    index, near, far = analysis.chain_strip_index(solve(files.read(shared_data / "chains" / name)), fridays=True)
    assert 100.0 * index == pytest.approx(close, abs=0.05)
    assert 23.0 < 365.0 * near.years <= 30.0 < 365.0 * far.years < 37.0


def test_nothing_is_extrapolated_and_quotes_that_tell_nothing_are_named(
    known: Callable, slice_of: Callable, chain_of: Callable
) -> None:
    strikes = np.arange(60.0, 141.0, 5.0)
    item = slice_of(known(40.0, 100.0, 0.03), strikes)
    strip = analysis.strip_variance(item, 40.0 / 365.0, 0.03)
    later = replace(strip, years=80.0 / 365.0)
    with pytest.raises(InvalidValueError, match="days must be from 40 to 80, the two expiries"):
        analysis.strip_index(strip, later, 30.0)
    with pytest.raises(InvalidValueError, match=r"far\.years must be above near.years"):
        analysis.strip_index(later, strip)
    with pytest.raises(MissingDataError, match="ORBIT has no expiry with a discount factor before 30 days"):
        analysis.chain_strip_index(solve(chain_of(item, spot=100.0)))
    with pytest.raises(MissingDataError, match="ORBIT has no Friday expiry with a discount factor before 30 days"):
        analysis.chain_strip_index(solve(chain_of(item, spot=100.0)), fridays=True)
    with pytest.raises(InvalidValueError, match="years must be positive"):
        analysis.strip_variance(item, 0.0, 0.03)
    with pytest.raises(InvalidValueError, match=r"item\.inverse must be false"):
        analysis.strip_variance(replace(item, inverse=True), 0.1, 0.03)
    crossed = replace(item, call=replace(item.call, bid=item.call.ask + 1.0))
    with pytest.raises(MissingDataError, match="no strike of ORBIT 2026-02-14 has a bid for both call and put"):
        analysis.strip_variance(crossed, 0.1, 0.03)
