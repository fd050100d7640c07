"""The auction's price by its three criteria, against a search that tries every price."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.trading.auction import AuctionOrder, clear


def orders(*pairs):
    return [AuctionOrder(None if limit is None else Decimal(str(limit)), quantity) for limit, quantity in pairs]


def outcome(buys, sells, reference):
    found = clear(orders(*buys), orders(*sells), reference)
    return found.price, found.matched, found.imbalance, found.decided_by


def test_the_most_is_matched_first() -> None:
    # 101: 10 against 30; 100: 30 against 20; 99: 30 against 5.
    buys, sells = [(101, 10), (100, 20)], [(99, 5), (100, 15), (101, 10)]
    assert outcome(buys, sells, 101) == (100, 20, 10, "maximum volume")


def test_then_the_least_is_left_over() -> None:
    # 10 match at 99 and at 100; at 100 no buyer is left over.
    assert outcome([(99, 5), (100, 10)], [(99, 10)], 99) == (100, 10, 0, "minimum imbalance")


def test_then_the_nearest_to_the_reference() -> None:
    assert outcome([(102, 10)], [(98, 10)], 100) == (100, 10, 0, "nearest to the reference")
    assert outcome([(102, 10)], [(98, 10)], 110) == (102, 10, 0, "nearest to the reference")
    assert outcome([(102, 10)], [(98, 10)], 90) == (98, 10, 0, "nearest to the reference")


def test_buyers_left_over_do_not_move_the_price_from_the_reference() -> None:
    assert outcome([(101, 20)], [(99, 10)], 200) == (101, 10, 10, "nearest to the reference")
    assert outcome([(None, 20)], [(None, 10)], 100) == (100, 10, 10, "maximum volume")


def test_market_orders_take_part_at_any_price() -> None:
    assert outcome([(None, 10)], [(103, 4), (104, 6)], 100) == (104, 10, 0, "maximum volume")


def test_where_nothing_crosses_there_is_no_price() -> None:
    assert outcome([(99, 10)], [(100, 10)], 100) == (None, 0, 0, "none")
    assert outcome([], [(100, 10)], 100) == (None, 0, 0, "none")
    assert outcome([], [], 100) == (None, 0, 0, "none")


@pytest.mark.parametrize(
    ("buys", "sells", "reference", "field", "row"),
    [
        ([(100, 1), (100, 0)], [], 100, "buys.quantity", 1),
        ([], [(100, 1.5)], 100, "sells.quantity", 0),
        ([], [(-1, 1)], 100, "sells.limit", 0),
        ([], [], 0, "reference_price", None),
    ],
)
def test_what_is_no_order_is_refused(buys, sells, reference, field, row) -> None:
    with pytest.raises(InvalidValueError) as caught:
        clear(orders(*buys), orders(*sells), reference)
    assert (caught.value.field, caught.value.row) == (field, row)


sides = st.lists(st.tuples(st.one_of(st.none(), st.integers(1, 12)), st.integers(1, 9)), max_size=8)


@given(sides, sides, st.integers(1, 12))
@settings(max_examples=200, deadline=None)
def test_no_price_at_all_is_better(buys, sells, reference) -> None:
    found = clear(orders(*buys), orders(*sells), reference)

    def score(price: Decimal) -> tuple[int, int]:
        willing = sum(size for limit, size in buys if limit is None or limit >= price)
        offered = sum(size for limit, size in sells if limit is None or limit <= price)
        return min(willing, offered), -abs(willing - offered)

    halves = [Decimal(step) / 2 for step in range(1, 27)]
    best_volume = max(score(price)[0] for price in halves)
    assert found.matched == best_volume
    if found.price is not None:
        volume, negative_imbalance = score(found.price)
        assert (volume, -negative_imbalance) == (found.matched, abs(found.imbalance))
        candidates = {Decimal(limit) for limit, _ in (*buys, *sells) if limit is not None} | {Decimal(reference)}
        best = max(score(price) for price in candidates)
        assert score(found.price) == best
        distances = sorted(abs(price - reference) for price in candidates if score(price) == best)
        assert abs(found.price - reference) == distances[0]
        assert len(distances) == 1 or distances[1] > distances[0]
