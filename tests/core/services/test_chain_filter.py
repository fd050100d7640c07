"""The filter of a chain: what each condition keeps, and what it says of a word that means nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, strategies

from optionix_core.errors import InvalidValueError
from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.services.chain_filter import FIELDS, ChainFilter
from optionix_core.services.chain_view import ChainView, ChainViewer

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def view() -> ChainView:
    return ChainViewer(SimulatedFeed(seed=20)).view("ORBIT", MOMENT, date(2026, 1, 16))


def strikes(text: str, view: ChainView) -> list[float]:
    return [row.strike for row in ChainFilter.parse(text).apply(view)]


def test_nothing_written_keeps_everything(view: ChainView) -> None:
    assert strikes("", view) == [row.strike for row in view.rows]


def test_a_range_keeps_both_its_ends(view: ChainView) -> None:
    low, high = view.rows[3].strike, view.rows[6].strike
    for text in (f"{low:g}-{high:g}", f"strike {low:g}..{high:g}", f">={low:g} <={high:g}", f"> {low:g} < {high:g}"):
        assert strikes(text, view) == [row.strike for row in view.rows[3:7]], text


def test_a_share_is_measured_from_the_forward(view: ChainView) -> None:
    assert view.forward is not None
    kept = strikes("5%", view)
    assert kept
    assert all(abs(strike / view.forward - 1) <= 0.05 for strike in kept)
    above = strikes("moneyness 0..5", view)
    assert above == [strike for strike in kept if strike >= view.forward]
    assert strikes("moneyness 5", view) == kept


def test_rows_are_counted_from_the_money(view: ChainView) -> None:
    kept = strikes("+-4", view)
    assert len(kept) == 9
    assert kept[4] == view.at_the_money
    assert strikes("4", view) == kept


def test_a_distance_in_standard_deviations(view: ChainView) -> None:
    assert view.forward is not None
    assert view.expected_move is not None
    kept = strikes("sigma 1", view)
    assert kept == [row.strike for row in view.rows if abs(row.strike - view.forward) <= view.expected_move]
    assert kept


def test_a_strike_stays_where_one_of_its_options_meets_every_condition(view: ChainView) -> None:
    chosen = ChainFilter.parse("delta .2-.4 otm")
    kept = chosen.apply(view)
    assert kept
    assert len(kept) < len(view.rows)
    for row in kept:
        meeting = [side for side in row.sides if chosen.keeps(view, row, side)]
        assert meeting
        for side in meeting:
            assert side.delta is not None
            assert 0.2 <= abs(side.delta) <= 0.4
            assert (side is row.call) == (row.strike >= (view.forward or 0.0))


def test_liquidity_is_asked_of_options(view: ChainView) -> None:
    for text, field, least in (
        ("volume >100", "volume", 100),
        ("vol>100", "volume", 100),
        ("oi > 1k", "open_interest", 1000),
    ):
        kept = strikes(text, view)
        assert kept == [
            row.strike for row in view.rows if any((getattr(side, field) or 0) >= least for side in row.sides)
        ]
    relative = ChainFilter.parse("spread <5%")
    assert all(any((side.relative_spread or 1.0) <= 0.05 for side in row.sides) for row in relative.apply(view))
    assert 0 < len(strikes("spread <.05", view)) < len(view.rows)


def test_conditions_hold_together(view: ChainView) -> None:
    both = set(strikes("delta .1-.6 volume >50 210-240", view))
    for part in ("210-240",):
        assert both <= set(strikes(part, view))


def test_days_keep_expiries_and_leave_the_strikes_alone(view: ChainView) -> None:
    chosen = ChainFilter.parse("days 7-60")
    kept = chosen.expiries(view.expiries)
    assert [tab.days for tab in kept] == [tab.days for tab in view.expiries if 7 <= tab.days <= 60]
    assert 0 < len(kept) < len(view.expiries)
    assert len(chosen.apply(view)) == len(view.rows)


_WORDS = (
    "180-230",
    ">190",
    "<240",
    "8%",
    "sigma 2",
    "delta .1-.6",
    "volume >20",
    "oi >500",
    "spread <20%",
    "otm",
    "days 3-90",
)


@given(strategies.lists(strategies.sampled_from(_WORDS), unique=True, max_size=5), strategies.sampled_from(_WORDS))
def test_one_condition_more_never_adds_a_strike_and_their_order_does_not_matter(
    view: ChainView, words: list[str], more: str
) -> None:
    before = strikes(" ".join(words), view)
    assert set(strikes(" ".join([*words, more]), view)) <= set(before)
    assert strikes(" ".join(reversed(words)), view) == before
    assert strikes(" ".join([*words, *words]), view) == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("soon", "one of strike"),
        ("dleta .2-.4", "nearest: delta"),
        ("volum >3", "nearest: volume"),
        ("250-220", "lower end first"),
        (">250 <220", "bounds of strike"),
        ("10 %%", "like 220-240"),
        ("delta", "delta with a range, such as .20-.40"),
        ("days 30", "days with a range, such as 7-60"),
        ("volume >5%", "without %"),
        ("otm itm", "not both"),
        ("otm5", "otm alone"),
        ("5-10%", "moneyness"),
        ("1.5", "whole number of rows"),
    ],
)
def test_a_word_that_means_nothing_is_named(text: str, told: str) -> None:
    with pytest.raises(InvalidValueError, match="filter must be") as caught:
        ChainFilter.parse(text)
    assert told in str(caught.value)


def test_every_word_that_is_offered_is_understood() -> None:
    for word in FIELDS:
        text = word if word in {"otm", "itm"} else f"{word} 1-2"
        assert ChainFilter.parse(text).text == text
