from __future__ import annotations

from datetime import UTC, datetime

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.services.chain_view import ChainView, ChainViewer
from screens.strike_filter import StrikeFilter

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def view() -> ChainView:
    return ChainViewer(SimulatedFeed(seed=20)).view("ORBIT", MOMENT)


def strikes(text: str, view: ChainView) -> list[float]:
    return [row.strike for row in StrikeFilter.parse(text).apply(view)]


def test_nothing_written_keeps_everything(view: ChainView) -> None:
    assert strikes("", view) == [row.strike for row in view.rows]


def test_a_range_keeps_both_its_ends(view: ChainView) -> None:
    low, high = view.rows[3].strike, view.rows[6].strike
    assert strikes(f"{low:g}-{high:g}", view) == [row.strike for row in view.rows[3:7]]


def test_bounds_hold_together(view: ChainView) -> None:
    low, high = view.rows[3].strike, view.rows[6].strike
    assert strikes(f">{low:g} <{high:g}", view) == [row.strike for row in view.rows[3:7]]


def test_a_share_is_measured_from_the_forward(view: ChainView) -> None:
    assert view.forward is not None
    kept = strikes("5%", view)
    assert kept
    assert all(abs(strike / view.forward - 1) <= 0.05 for strike in kept)


def test_rows_are_counted_from_the_money(view: ChainView) -> None:
    kept = strikes("+-4", view)
    assert len(kept) == 9
    assert kept[4] == view.at_the_money


@pytest.mark.parametrize("text", ["soon", "250-220", "10 %%"])
def test_a_word_that_means_nothing_is_named(text: str) -> None:
    with pytest.raises(InvalidValueError, match="filter must be"):
        StrikeFilter.parse(text)
