"""Greeks of the book against differences of revalued books, and how they are summed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.protocols import PriceHistory
from optionix_core.pricing.contracts import CashOrNothingOption
from optionix_core.risk import betas
from optionix_core.risk.book import Position, PositionKind, RiskBook
from optionix_core.risk.greeks import MONEYNESS_EDGES, NO_STRIKE, book_greeks
from optionix_core.risk.scenarios import StickyRule

from .books import NOON, Smile, book, market, option, share

MIXED = (
    option("p95"),
    option("c105", option_type="call", strike=105.0, quantity=3.0),
    option("a90", "american", strike=90.0, quantity=5.0),
    option("d50", underlying="DELTA", strike=50.0, quantity=4.0, expiry=NOON + timedelta(days=146)),
    share(),
)


def value(held: RiskBook) -> float:
    return book_greeks(held).total().value


def moved(held: RiskBook, **changes: Any) -> RiskBook:
    return replace(held, market=market(**changes))


def test_an_empty_book_has_no_greeks() -> None:
    assert all(number == 0 for number in book_greeks(book()).total() if number is not None)


@pytest.mark.parametrize("kind", ["european", "american"])
def test_delta_and_gamma_in_cash_are_those_of_the_revalued_book(kind: str) -> None:
    # With the volatility of its strike (sticky strike) while the forward moves with the spot.
    held = book(option("x", kind), share())
    found = book_greeks(held).total()
    up, down, step = value(moved(held, orbit=100.5)), value(moved(held, orbit=99.5)), 0.005
    assert found.delta_cash == pytest.approx((up - down) / (2 * step), rel=2e-4)
    assert found.gamma_cash == pytest.approx((up - 2 * found.value + down) / step**2, rel=3e-3, abs=1.0)
    assert found.delta == pytest.approx(found.delta_cash / 100.0)


def test_short_puts_are_long_delta_and_short_gamma_and_vega() -> None:
    found = book_greeks(book(option("x"))).total()
    assert found.delta_cash > 0
    assert found.gamma_cash < 0
    assert found.vega < 0
    assert found.theta > 0


def test_foreign_positions_count_in_the_reporting_currency() -> None:
    one = book_greeks(book(option("x", underlying="DELTA", strike=50.0))).total()
    dearer = book(option("x", underlying="DELTA", strike=50.0), exchange_rates={"EUR": 2.2})
    other = book_greeks(dearer).total()
    assert other.delta_cash == pytest.approx(2.0 * one.delta_cash, rel=1e-12)
    assert other.delta == one.delta


@given(st.lists(st.integers(-50, 50), min_size=5, max_size=5))
@settings(max_examples=25, deadline=None)
def test_every_grouping_sums_to_the_total(quantities: list[int]) -> None:
    held = book(*(replace(one, quantity=float(q)) for one, q in zip(MIXED, quantities, strict=True)))
    found = book_greeks(held, betas={"ORBIT": 1.2, "DELTA": 0.7}, accuracy="fast")
    total = found.total()
    for groups in (found.by_position(), found.by_underlying(), found.by_expiry(), found.by_moneyness()):
        for name in ("value", "delta_cash", "gamma_cash", "vega", "theta", "beta_delta_cash", "beta_gamma_cash"):
            parts = sum(getattr(group, name) for group in groups.values())
            assert parts == pytest.approx(getattr(total, name), rel=1e-9, abs=1e-6)
        assert sum(group.positions for group in groups.values()) == 5


def test_deltas_in_units_are_not_summed_across_underlyings() -> None:
    found = book_greeks(book(*MIXED))
    assert found.total().delta is None
    assert set(found.by_underlying()) == {"ORBIT", "DELTA"}
    assert found.by_underlying()["DELTA"].delta is not None


def test_buckets_of_moneyness_are_of_strike_over_forward() -> None:
    found = book_greeks(book(*MIXED)).by_moneyness()
    # Forward of 73 days: 100 * 1.02^0.2 = 100.40; 95 is at 0.946, 105 at 1.046, 90 at 0.896.
    assert {name: group.positions for name, group in found.items()} == {
        "0.8 to 0.9": 1,
        "0.9 to 0.97": 1,
        "0.97 to 1.03": 1,
        "1.03 to 1.1": 1,
        NO_STRIKE: 1,
    }
    with pytest.raises(InvalidValueError, match="edge of moneyness"):
        book_greeks(book()).by_moneyness((1.0, 0.9))
    assert list(MONEYNESS_EDGES) == sorted(MONEYNESS_EDGES)


def test_beta_weighted_delta_is_the_gain_of_a_move_of_the_index() -> None:
    held = book(*MIXED)
    found = book_greeks(held, betas={"ORBIT": 1.2, "DELTA": 0.7}).total()
    # The index rises by 0.1%: ORBIT by 0.12%, DELTA by 0.07%; volatilities of strikes stay.
    step = 0.001
    up = value(moved(held, orbit=100 * (1 + 1.2 * step), delta=50 * (1 + 0.7 * step)))
    down = value(moved(held, orbit=100 * (1 - 1.2 * step), delta=50 * (1 - 0.7 * step)))
    assert found.beta_delta_cash == pytest.approx((up - down) / (2 * step), rel=1e-4)


def test_a_missing_beta_is_an_error_that_names_the_underlying() -> None:
    with pytest.raises(MissingDataError, match="no beta is known for DELTA"):
        book_greeks(book(*MIXED), betas={"ORBIT": 1.0})
    assert book_greeks(book(*MIXED)).total().beta_delta_cash is None


def test_sticky_delta_is_the_change_when_the_smile_moves_with_the_spot() -> None:
    held = book(option("x"))
    found = book_greeks(held, sticky=StickyRule.DELTA).total()

    def at(spot: float) -> float:
        surfaces = {"ORBIT": Smile(spot), "DELTA": Smile(50.0, 0.3)}
        return value(moved(held, orbit=spot, surfaces=surfaces))

    assert found.delta_cash == pytest.approx((at(100.2) - at(99.8)) / 0.004, rel=1e-4)
    # A falling smile rises at each strike with the spot: a long option gains delta by it, a short one loses some.
    assert found.delta_cash < book_greeks(held).total().delta_cash


def test_sticky_delta_needs_a_surface() -> None:
    held = book(option("x", volatility=0.2), market=market(surfaces={}))
    assert book_greeks(held).total().delta_cash > 0
    with pytest.raises(MissingDataError, match="no volatility surface for ORBIT"):
        book_greeks(held, sticky=StickyRule.DELTA)


def test_an_exotic_is_priced_by_the_engine() -> None:
    contract = CashOrNothingOption(option_type="call", strike=100.0, expiry=0.2, cash=1.0)
    exotic = Position(
        id="digital", underlying="ORBIT", quantity=-1000.0, kind=PositionKind.EXOTIC, contract=contract, volatility=0.2
    )
    found = book_greeks(book(exotic))
    assert -1000.0 < found.total().value < 0.0
    assert found.total().delta_cash < 0.0
    assert found.expiries == ((NOON + timedelta(days=73)).date(),)
    with pytest.raises(InvalidValueError, match="digital has no single volatility"):
        book_greeks(book(exotic), sticky=StickyRule.DELTA)


def test_a_beta_is_the_slope_of_least_squares_with_its_standard_error() -> None:
    # Worked by hand: x = -1, 0, 1 (ten times over), y = 2 x + (1, -2, 1) / 10: the residuals have mean 0, no slope.
    index = np.tile([-1.0, 0.0, 1.0], 10)
    own = 2.0 * index + np.tile([0.1, -0.2, 0.1], 10)
    found = betas.estimate(own, index)
    assert found.beta == pytest.approx(2.0, abs=1e-14)
    # s^2 = 10 * 0.06 / 28, var = s^2 / 20.
    assert found.standard_error == pytest.approx((0.6 / 28 / 20) ** 0.5, rel=1e-12)
    assert found.r_squared == pytest.approx(1 - 0.6 / (4 * 20 + 0.6), rel=1e-12)
    assert found.observations == 30


def history(underlying: str, closes: Any, skip: int = 0) -> PriceHistory:
    days = tuple((NOON + timedelta(days=i)).date() for i in range(len(closes)) if i % 7 != skip)
    kept = np.array([close for i, close in enumerate(closes) if i % 7 != skip])
    return PriceHistory(underlying, "test", days, kept, kept, kept, kept, kept, kept)


def test_betas_of_histories_use_the_days_that_both_have() -> None:
    steps = np.random.default_rng(5).normal(size=(2, 120)) * 0.01
    index, own = np.exp(np.cumsum(steps[0])), np.exp(np.cumsum(1.5 * steps[0]))
    found = betas.from_histories({"ORBIT": history("ORBIT", own, skip=3)}, history("INDEX", index))
    assert found["ORBIT"].beta == pytest.approx(1.5, abs=1e-10)
    assert found["ORBIT"].observations == len([i for i in range(120) if i % 7 not in (0, 3)]) - 1


def test_too_short_a_history_has_no_beta() -> None:
    short = history("ORBIT", np.linspace(100, 110, 20))
    with pytest.raises(MissingDataError, match="beta of ORBIT to INDEX: a beta needs at least 30"):
        betas.from_histories({"ORBIT": short}, history("INDEX", np.linspace(1, 2, 200)))
