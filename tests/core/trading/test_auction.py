"""The auction's price by its four criteria, against a search that tries every price."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.trading.auction import RULE, AuctionOrder, auction_price, clear


def orders(*pairs):
    return [AuctionOrder(None if limit is None else Decimal(str(limit)), quantity) for limit, quantity in pairs]


def outcome(buys, sells, reference):
    found = clear(orders(*buys), orders(*sells), reference)
    return found.price, found.matched, found.imbalance


def test_the_most_is_matched_first() -> None:
    # 101: 10 against 30; 100: 30 against 20; 99: 30 against 5.
    buys, sells = [(101, 10), (100, 20)], [(99, 5), (100, 15), (101, 10)]
    assert outcome(buys, sells, 101) == (100, 20, 10)


def test_then_the_least_is_left_over() -> None:
    # 10 match at 99.99 and at 100; at 100 alone nobody is left over.
    assert outcome([("100", 10), ("99.99", 5)], [("99.99", 10)], 90) == (100, 10, 0)


def test_then_the_nearest_to_the_reference() -> None:
    assert outcome([(102, 10)], [(98, 10)], 100) == (100, 10, 0)
    assert outcome([(102, 10)], [(98, 10)], 110) == (102, 10, 0)
    assert outcome([(102, 10)], [(98, 10)], 90) == (98, 10, 0)


def test_a_price_between_all_limits_may_leave_the_least() -> None:
    # At 100 five buyers are left over, at 101 ten sellers; between them none.
    buys, sells = [(101, 10), (100, 5)], [(99, 10), (101, 10)]
    assert outcome(buys, sells, 100) == (Decimal("100.01"), 10, 0)
    assert outcome(buys, sells, "100.5") == (Decimal("100.5"), 10, 0)
    assert outcome(buys, sells, 110) == (Decimal("100.99"), 10, 0)


def test_a_price_beyond_all_limits_may_leave_the_least() -> None:
    assert outcome([(None, 10)], [(None, 10), (100, 5)], 101) == (Decimal("99.99"), 10, 0)


def test_a_reference_between_two_ticks_goes_to_the_side_of_the_imbalance() -> None:
    buyers_over = outcome([(102, 20)], [(98, 10)], "100.005")
    assert buyers_over == (Decimal("100.01"), 10, 10)
    sellers_over = outcome([(102, 10)], [(98, 20)], "100.005")
    assert sellers_over == (Decimal("100.00"), 10, -10)
    balanced = outcome([(102, 10)], [(98, 10)], "100.005")
    assert balanced == (Decimal("100.00"), 10, 0)


def test_a_result_names_its_rule() -> None:
    assert clear([], [], 100).rule == RULE
    assert RULE.startswith("maximum volume, minimum imbalance, nearest to the reference")


def test_market_orders_take_part_at_any_price() -> None:
    assert outcome([(None, 10)], [(103, 4), (104, 6)], 100) == (104, 10, 0)


def test_where_nothing_crosses_there_is_no_price() -> None:
    assert outcome([(99, 10)], [(100, 10)], 100) == (None, 0, 0)
    assert outcome([], [(100, 10)], 100) == (None, 0, 0)
    assert outcome([], [], 100) == (None, 0, 0)


@pytest.mark.parametrize(
    ("buys", "sells", "reference", "field", "row"),
    [
        ([(100, 1), (100, 0)], [], 100, "buys.quantity", 1),
        ([], [(100, 1.5)], 100, "sells.quantity", 0),
        ([], [(-1, 1)], 100, "sells.limit", 0),
        ([(100, 1)], [("100.005", 1)], 100, "sells.limit", 0),
        ([], [], 0, "reference_price", None),
    ],
)
def test_what_is_no_order_is_refused(buys, sells, reference, field, row) -> None:
    with pytest.raises(InvalidValueError) as caught:
        clear(orders(*buys), orders(*sells), reference)
    assert (caught.value.field, caught.value.row) == (field, row)


sides = st.lists(st.tuples(st.one_of(st.none(), st.integers(2, 12)), st.integers(1, 9)), max_size=8)


@given(sides, sides, st.integers(2, 26).map(lambda halves: Decimal(halves) / 2))
@settings(max_examples=300, deadline=None)
def test_no_tick_at_all_is_better(buys, sells, reference) -> None:
    found = clear(orders(*buys), orders(*sells), reference, tick=1)

    def score(price: int) -> tuple[int, int, Decimal, int]:
        willing = sum(size for limit, size in buys if limit is None or limit >= price)
        offered = sum(size for limit, size in sells if limit is None or limit <= price)
        surplus = willing - offered
        return min(willing, offered), -abs(surplus), -abs(price - reference), price if surplus > 0 else -price

    best = max(range(1, 40), key=score)
    if score(best)[0] == 0:
        assert found.price is None
    else:
        assert found.price == best
        assert (found.matched, -abs(found.imbalance)) == score(best)[:2]


@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 9)), max_size=6),
    st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 9)), max_size=6),
    st.integers(-9, 9),
    st.integers(0, 9),
    st.integers(0, 9),
)
@settings(max_examples=300, deadline=None)
def test_the_rule_on_ticks_is_the_same_below_zero(buyers, sellers, reference, market_buyers, market_sellers) -> None:
    """A net price may be negative; moved up by a thousand ticks nothing else changes, and `clear` says the same."""
    found = auction_price(buyers, sellers, reference, market_buyers, market_sellers)
    moved = auction_price(
        [(price + 1000, lots) for price, lots in buyers],
        [(price + 1000, lots) for price, lots in sellers],
        reference + 1000,
        market_buyers,
        market_sellers,
    )
    assert moved == (None if found is None else found._replace(price=found.price + 1000))
    exact = clear(
        [*orders(*((price + 1000, lots) for price, lots in buyers)), *orders(*[(None, market_buyers)][:market_buyers])],
        [
            *orders(*((price + 1000, lots) for price, lots in sellers)),
            *orders(*[(None, market_sellers)][:market_sellers]),
        ],
        reference + 1000,
        tick=1,
    )
    expected = (None, 0, 0) if moved is None else tuple(moved)
    assert (exact.price, exact.matched, exact.imbalance) == expected
