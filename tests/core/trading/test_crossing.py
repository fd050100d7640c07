"""Prices of legs that two combinations trade, units out of several offers, and who stands before whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import gcd

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix_core.market.quote import Quote
from optionix_core.trading.crossing import Offer, Run, UnitLeg, depth, first_run, leg_prices
from optionix_core.trading.matching import implied
from optionix_core.trading.open_order import OpenOrder
from optionix_core.trading.orders import OrderIntent, Side, TimeInForce
from optionix_core.trading.working_records import Place

AT = datetime(2026, 3, 10, 15, tzinfo=UTC)
RATIOS = st.lists(st.integers(-6, 6).filter(bool), min_size=2, max_size=4).filter(lambda found: gcd(*found) == 1)


def quote(symbol, bid, ask):
    return Quote(symbol, "told", AT, AT, bid=bid / 100, ask=ask / 100, bid_size=5, ask_size=5)


@given(ratios=RATIOS, data=st.data())
def test_prices_of_legs_add_up_to_the_net_price_in_whole_cents(ratios, data):
    legs = [UnitLeg(f"S{row}", ratio, ratio) for row, ratio in enumerate(ratios)]
    bids = [data.draw(st.integers(50, 900)) for _ in legs]
    asks = [bid + data.draw(st.integers(0, 30)) for bid in bids]
    quotes = {leg.symbol: quote(leg.symbol, bid, ask) for leg, bid, ask in zip(legs, bids, asks, strict=True)}
    near = sum(leg.weight * (bid if leg.weight > 0 else ask) for leg, bid, ask in zip(legs, bids, asks, strict=True))
    far = sum(leg.weight * (ask if leg.weight > 0 else bid) for leg, bid, ask in zip(legs, bids, asks, strict=True))
    cost = Decimal(data.draw(st.integers(near, far))) / 100
    found = leg_prices(legs, cost, quotes)
    if any(gcd(one, other) == 1 for one in ratios for other in ratios):
        assert found is not None
    if found is not None:
        assert sum(leg.weight * found[leg.symbol] for leg in legs) == cost
        assert all(price > 0 and price == round(price, 2) for price in found.values())
    if found is not None and 1 in map(abs, ratios):
        beyond = max(map(abs, ratios))
        for leg, bid, ask in zip(legs, bids, asks, strict=True):
            assert bid - beyond <= found[leg.symbol] * 100 <= ask + beyond


def test_two_combinations_do_not_trade_where_a_leg_has_no_quote_or_no_prices_add_up():
    legs = [UnitLeg("A", 1, 1), UnitLeg("B", -1, -1)]
    assert leg_prices(legs, Decimal(1), {"A": quote("A", 500, 510)}) is None
    assert leg_prices(legs, Decimal("1.005"), {name: quote(name, 500, 510) for name in "AB"}) is None
    threes = [UnitLeg("A", 6, 6), UnitLeg("B", -10, -10), UnitLeg("C", 15, 15)]
    quotes = {name: quote(name, 500, 500) for name in "ABC"}
    assert leg_prices(threes, Decimal("55.01"), quotes) is None


OFFERS = st.lists(st.tuples(st.integers(1, 20), st.integers(1, 6)), max_size=5)


@given(ratios=RATIOS, books=st.lists(OFFERS, min_size=4, max_size=4), most=st.integers(1, 6))
def test_units_are_those_of_the_matching_room(ratios, books, most):
    """The same function over lots and ticks (`matching.implied`), which tells no parts."""
    told = [
        sorted(book, key=lambda one: one[0] * (1 if ratio > 0 else -1))
        for ratio, book in zip(ratios, books, strict=False)
    ]
    legs = [UnitLeg(str(row), ratio, ratio) for row, ratio in enumerate(ratios)]
    offers = {leg.symbol: [Offer(Decimal(p), q) for p, q in book] for leg, book in zip(legs, told, strict=True)}
    mine = first_run(legs, lambda symbol, _side: offers[symbol], most)
    room = implied.first_run([(book, ratio) for ratio, book in zip(ratios, told, strict=True)], most)
    if mine is None or room is None:
        assert mine is room is None
        return
    assert (mine.units, mine.cost) == (room.units, room.cost)
    for leg in legs:
        parts = [part for part in mine.parts if part.symbol == leg.symbol]
        assert sum(part.quantity for part in parts) == mine.units * leg.quantity
    assert sum(part.quantity * part.price for part in mine.parts) == mine.units * mine.cost
    fewer = mine.of_units(1)
    assert isinstance(fewer, Run)
    assert sum(part.quantity * part.price for part in fewer.parts) == mine.cost


def order(name, limit, *, seconds=0, ahead=0, account="b", quantity=1):
    since = AT + timedelta(seconds=seconds)
    intent = OrderIntent(name, account, Side.SELL, quantity, "A", Decimal(limit), since, TimeInForce.GTC)
    return OpenOrder(intent, accepted_at=since, since=since, place=Place(ahead=ahead))


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([order("a", 5), order("b", 5, seconds=1)], ["a", "b", None]),
        ([order("b", 5, seconds=1), order("a", 5)], ["a", "b", None]),
        ([order("a", 6), order("b", 4)], ["b", None, "a"]),
        ([order("a", 5, ahead=3)], [None, "a"]),
        ([order("a", 5, ahead=None)], [None, "a"]),
        ([order("a", 5, ahead=3), order("b", 5, seconds=1)], [None, "a", "b"]),
        ([order("a", 5, account="me"), order("b", 6)], [None, "b"]),
    ],
    ids=["in time", "told late", "better first", "behind", "unknown", "in time though before", "own passed over"],
)
def test_who_stands_before_whom(orders, expected):
    found = depth(orders, "me", Side.BUY, Offer(Decimal(5), 9), {})
    assert [offer.order for offer in found] == expected


def test_an_order_offers_no_more_than_its_account_can_take():
    mine = [order("a", 4, quantity=5), order("b", 4, seconds=1)]
    assert [offer.quantity for offer in depth(mine, "me", Side.BUY, None, {"a": 2})] == [2, 1]
    assert [offer.order for offer in depth(mine, "me", Side.BUY, None, {"a": 0})] == ["b"]
    sold = [replace(one, intent=replace(one.intent, side=Side.BUY)) for one in mine]
    assert depth(sold, "me", Side.BUY, None, {}) == []
