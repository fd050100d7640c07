"""Combinations: whole units of all legs, implied in both directions, and who meets whom first."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.trading.matching import messages as m
from optionix_core.trading.matching.combinations import Combination, CombinationEvent, CombinationOrder, Leg
from optionix_core.trading.matching.combined_books import CombinedBooks
from optionix_core.trading.matching.combined_steps import CombinedEvents
from optionix_core.trading.matching.implied import first_run, leg_price
from optionix_core.trading.matching.layout import (
    FILL_OR_KILL,
    IMMEDIATE,
    POST_ONLY,
    EventKind,
    FillModel,
    Phase,
    Reason,
)

BUY, SELL = 1, -1
VERTICAL = Combination((Leg(0, 1), Leg(1, -1)))
RATIO = Combination((Leg(0, 1), Leg(1, -2)))
BUTTERFLY = Combination((Leg(0, 1), Leg(1, -2), Leg(2, 1)))


def opened(*combinations: Combination) -> CombinedBooks:
    books = CombinedBooks(3, combinations or (VERTICAL,))
    books.submit([m.phase(book, Phase.OPEN, 0) for book in range(3)])
    return books


def order(handle: int, side: int, price: int, units: int, combination: int = 0, **more: int) -> CombinationOrder:
    return CombinationOrder(handle, combination, side, price, units, **more)


def filled(events: CombinedEvents) -> list[tuple[int, int, int, int, FillModel | None]]:
    """Handle, net price, units, units left and model of each fill of a combination."""
    return [(e.handle, e.price, e.units, e.remaining, e.model) for e in events.combinations if e.kind is EventKind.FILL]


def leg_fills(events: CombinedEvents) -> list[tuple[int, ...]]:
    """Book, taker, maker, price and lots of each fill in a leg's book."""
    return [(r[2], r[3], r[8], r[5], r[6]) for r in events.legs.tolist() if r[0] == EventKind.FILL]


def why(events: CombinedEvents) -> list[Reason | None]:
    return [e.reason for e in events.combinations if e.kind in (EventKind.REJECTED, EventKind.CANCELLED)]


def test_a_combination_fills_from_leg_books() -> None:
    books = opened()
    books.submit([m.limit(0, 1, SELL, 50, 3, 1), m.limit(0, 2, SELL, 51, 9, 1), m.limit(1, 3, BUY, 20, 10, 1)])
    events = books.submit_order(order(9, BUY, 30, 5), 2)
    assert filled(events) == [(9, 30, 3, 2, FillModel.IMPLIED_IN)]
    assert leg_fills(events) == [(0, 9, 1, 50, 3), (1, 9, 3, 20, 3)]
    assert books.resting[9].open_units == 2


def test_a_leg_order_fills_from_a_resting_combination_and_the_other_legs() -> None:
    books = opened()
    books.submit([m.limit(1, 3, BUY, 20, 10, 1)])
    books.submit_order(order(9, BUY, 30, 5), 2)  # buys leg 0 at up to 30 + 20
    assert leg_fills(books.submit([m.limit(0, 4, SELL, 51, 4, 3)])) == []
    events = books.submit([m.limit(0, 5, SELL, 48, 4, 4)])
    assert leg_fills(events) == [(0, 5, 9, 50, 4), (1, 9, 3, 20, 4)]
    (told,) = (e for e in events.combinations if e.kind is EventKind.FILL)
    assert (told.price, told.units, told.remaining, told.against) == (30, 4, 1, 5)
    assert [(leg.book, leg.side, leg.price, leg.lots) for leg in told.legs] == [(0, BUY, 50, 4), (1, SELL, 20, 4)]


def test_what_a_leg_order_does_not_fill_rests_with_what_it_filled_counted() -> None:
    books = opened()
    books.submit([m.limit(1, 3, BUY, 20, 10, 1)])
    books.submit_order(order(9, BUY, 30, 5), 2)
    books.submit([m.limit(0, 5, SELL, 48, 7, 4)])
    rest = books.books.order(5)
    assert rest is not None
    assert (rest.open_quantity, rest.filled, rest.price) == (2, 5, 48)


@pytest.mark.parametrize(("lots", "units"), [(1, 0), (2, 1), (5, 2)])
def test_a_combination_fills_in_whole_units_or_not_at_all(lots: int, units: int) -> None:
    books = opened(RATIO)
    books.submit([m.limit(0, 1, SELL, 50, 9, 1), m.limit(1, 3, BUY, 20, lots, 1)])
    events = books.submit_order(order(9, BUY, 10, 5), 2)
    assert sum(fill[2] for fill in filled(events)) == units
    assert Counter({book: lots for book, *_, lots in leg_fills(events)}) == (
        Counter({0: units, 1: 2 * units}) if units else Counter()
    )


def test_a_unit_across_two_prices_of_a_leg_counts_both() -> None:
    books = opened(RATIO)
    books.submit([m.limit(0, 1, SELL, 50, 9, 1), m.limit(1, 3, BUY, 20, 1, 1), m.limit(1, 4, BUY, 18, 1, 1)])
    assert filled(books.submit_order(order(8, BUY, 11, 5, flags=IMMEDIATE), 2)) == []
    assert filled(books.submit_order(order(9, BUY, 12, 5), 2)) == [(9, 12, 1, 4, FillModel.IMPLIED_IN)]


def test_the_displayed_market_of_a_leg_is_liquidity_too_and_is_taken_once() -> None:
    books = opened()
    books.submit([m.quote(0, 48, 5, 50, 4, 1), m.quote(1, 20, 3, 22, 5, 1)])
    assert filled(books.submit_order(order(9, BUY, 30, 5), 2)) == [(9, 30, 3, 2, FillModel.IMPLIED_IN)]
    assert filled(books.submit([m.quote(0, 47, 5, 50, 4, 3), m.quote(1, 21, 1, 22, 5, 3)])) == [
        (9, 29, 1, 1, FillModel.IMPLIED_IN)
    ]


def test_combinations_meet_each_other_in_price_time_order() -> None:
    books = opened()
    for handle, price in ((1, 31), (2, 30), (3, 30)):
        books.submit_order(order(handle, SELL, price, 2), 1)
    events = books.submit_order(order(9, BUY, 31, 5), 2)
    taker = [fill[1:3] for fill in filled(events) if fill[0] == 9]
    assert taker == [(30, 2), (30, 2), (31, 1)]
    assert [fill[0] for fill in filled(events) if fill[0] != 9] == [2, 3, 1]
    assert {fill[4] for fill in filled(events)} == {FillModel.COMBINED}


@pytest.mark.parametrize(("ask", "model"), [(49, FillModel.IMPLIED_IN), (50, FillModel.COMBINED)])
def test_legs_are_met_before_another_combination_only_at_a_better_price(ask: int, model: FillModel) -> None:
    books = opened()
    books.submit_order(order(1, SELL, 30, 1), 1)
    books.submit([m.quote(0, 0, 0, ask, 1, 1), m.quote(1, 20, 1, 0, 0, 1)])
    assert filled(books.submit_order(order(9, BUY, 30, 1), 2))[0][4] is model


def test_a_leg_order_meets_its_book_before_a_combination_at_one_price_and_after_it_at_a_worse_one() -> None:
    books = opened()
    books.submit([m.limit(1, 3, BUY, 20, 10, 1)])
    books.submit_order(order(8, BUY, 30, 2), 2)
    books.submit_order(order(9, BUY, 30, 2), 2)
    books.submit([m.limit(0, 4, BUY, 50, 1, 3), m.limit(0, 5, BUY, 49, 1, 3)])
    events = books.submit([m.market(0, 6, SELL, 6, 4)])
    assert [fill[2:] for fill in leg_fills(events) if fill[1] == 6] == [(4, 50, 1), (8, 50, 2), (9, 50, 2), (5, 49, 1)]


def test_a_resting_combination_takes_what_several_leg_orders_offer_together() -> None:
    books = opened(RATIO)
    books.submit([m.limit(0, 1, SELL, 50, 9, 1)])
    books.submit_order(order(9, BUY, 10, 5), 2)
    assert filled(books.submit([m.limit(1, 3, BUY, 20, 1, 3)])) == []
    assert filled(books.submit([m.limit(1, 4, BUY, 21, 1, 4)])) == [(9, 9, 1, 4, FillModel.IMPLIED_IN)]


def test_a_price_between_ticks_is_rounded_for_the_combination() -> None:
    # 50 - 2 p <= 11 gives p >= 19.5: the seller of leg 1 takes no less than 20
    assert (leg_price(11, 50, -2), leg_price(11, -50, 2)) == (20, 30)
    books = opened(RATIO)
    books.submit([m.limit(0, 1, SELL, 50, 9, 1)])
    books.submit_order(order(9, BUY, 11, 5), 2)
    assert leg_fills(books.submit([m.limit(1, 3, BUY, 19, 2, 3)])) == []
    events = books.submit([m.limit(1, 4, BUY, 25, 2, 4)])
    assert leg_fills(events)[0] == (1, 4, 9, 20, 2)
    assert filled(events) == [(9, 10, 1, 4, FillModel.IMPLIED_OUT)]


def test_a_combination_may_cost_less_than_nothing() -> None:
    books = opened()
    books.submit([m.limit(0, 1, SELL, 20, 3, 1), m.limit(1, 2, BUY, 50, 3, 1)])
    assert filled(books.submit_order(order(8, BUY, -31, 3, flags=IMMEDIATE), 2)) == []
    assert filled(books.submit_order(order(9, BUY, -30, 3), 2)) == [(9, -30, 3, 0, FillModel.IMPLIED_IN)]


def test_fill_or_kill_and_post_only_combinations_and_leg_orders() -> None:
    books = opened()
    books.submit([m.limit(0, 1, SELL, 50, 3, 1), m.limit(1, 2, BUY, 20, 9, 1)])
    assert why(books.submit_order(order(9, BUY, 30, 4, flags=FILL_OR_KILL), 2)) == [Reason.NOT_FILLABLE]
    assert why(books.submit_order(order(9, BUY, 30, 1, flags=POST_ONLY), 2)) == [Reason.WOULD_TAKE]
    assert sum(f[2] for f in filled(books.submit_order(order(9, BUY, 30, 3, flags=FILL_OR_KILL), 2))) == 3
    books.submit_order(order(8, BUY, 30, 3), 3)
    rows = [m.limit(0, 4, SELL, 50, n, 4, flags=f) for n, f in ((4, FILL_OR_KILL), (1, POST_ONLY), (3, FILL_OR_KILL))]
    told = books.submit(rows).legs.tolist()
    assert [Reason(r[10]) for r in told if r[0] == EventKind.REJECTED] == [Reason.NOT_FILLABLE, Reason.WOULD_TAKE]
    assert sum(r[6] for r in told if r[0] == EventKind.FILL and r[3] == 4) == 3


def test_orders_of_one_owner_do_not_meet_through_implied_liquidity() -> None:
    books = opened()
    books.submit([m.limit(0, 1, SELL, 50, 3, 1, owner=7), m.limit(1, 2, BUY, 20, 9, 1)])
    assert filled(books.submit_order(order(9, BUY, 30, 2, owner=7), 2)) == []
    assert leg_fills(books.submit([m.limit(0, 3, SELL, 50, 1, 3, owner=7)])) == []
    books.submit_order(order(10, SELL, 31, 1, owner=7), 4)
    assert why(books.submit_order(order(11, BUY, 31, 1, owner=7), 5)) == [Reason.SELF_MATCH]


def test_what_lay_behind_an_own_order_is_taken_once_that_order_is_gone() -> None:
    books = opened()
    books.submit([m.limit(0, 1, SELL, 50, 1, 1, owner=7), m.limit(0, 2, SELL, 50, 3, 1), m.limit(1, 3, BUY, 20, 9, 1)])
    assert filled(books.submit_order(order(9, BUY, 30, 2, owner=7), 2)) == []
    fills = filled(books.submit_order(order(10, BUY, 30, 1), 3))
    assert fills == [(10, 30, 1, 0, FillModel.IMPLIED_IN), (9, 30, 2, 0, FillModel.IMPLIED_IN)]


def test_a_combination_halts_with_any_leg_and_goes_on_when_it_opens() -> None:
    books = opened()
    books.submit_order(order(9, BUY, 30, 2), 1)
    books.submit([m.phase(1, Phase.HALTED, 2), m.quote(0, 40, 5, 50, 5, 2), m.quote(1, 20, 5, 22, 5, 2)])
    assert why(books.submit_order(order(10, BUY, 30, 2), 3)) == [Reason.BOOK_HALTED]
    assert books.resting[9].open_units == 2
    assert leg_fills(books.submit([m.limit(0, 3, SELL, 45, 1, 3)])) == []
    assert sum(fill[2] for fill in filled(books.submit([m.phase(1, Phase.OPEN, 4)]))) == 2


def test_cancelling_takes_an_order_out_once() -> None:
    books = opened()
    books.submit_order(order(9, BUY, 30, 2), 1)
    assert why(books.submit_order(order(9, BUY, 30, 2), 1)) == [Reason.DUPLICATE]
    legs = books.submit([m.limit(0, 9, BUY, 1, 1, 1)]).legs.tolist()
    assert [r[10] for r in legs] == [Reason.DUPLICATE]
    assert [why(books.cancel_order(9, 2)) for _ in range(2)] == [[Reason.REQUESTED], [Reason.NO_ORDER]]


@pytest.mark.parametrize(
    ("legs", "said"),
    [
        ([(0, 1)], "legs must be at least 2"),
        ([(0, 1), (0, -1)], "book must be another than those of the legs before (got 0 at row 1)"),
        ([(0, 1), (1, 0)], "ratio must be from -1000 to 1000 and not zero (got 0 at row 1)"),
        ([(0, 2), (1, -4)], "ratios must be without the common factor 2"),
    ],
)
def test_a_combination_that_is_none_is_refused(legs: list[tuple[int, int]], said: str) -> None:
    with pytest.raises(InvalidValueError) as error:
        Combination(tuple(Leg(*leg) for leg in legs))
    assert said in str(error.value)


def test_orders_out_of_bounds_are_refused() -> None:
    books = opened()
    good = order(9, BUY, 30, 2)
    for field, value in (("units", 0), ("side", 2), ("combination", 1), ("handle", 0), ("flags", 3), ("owner", -1)):
        with pytest.raises(InvalidValueError, match=field):
            books.submit_order(good._replace(**{field: value}), 1)
    books.submit_order(good, 5)
    with pytest.raises(InvalidValueError, match="time must be at least 5"):
        books.submit_order(good, 4)
    with pytest.raises(InvalidValueError, match="book must be from 0 to 1"):
        CombinedBooks(2, [BUTTERFLY])


def test_the_next_units_of_offers() -> None:
    asks, bids = [(50, 3), (51, 9)], [(20, 1), (20, 4), (19, 9)]
    assert first_run([(asks, 1), (bids, -2)], 9) == (2, 10, (50, 20))
    assert first_run([(asks, 4), (bids, -1)], 9) == (1, 181, (51, 20))
    assert first_run([(asks, 13), (bids, -1)], 9) is None


LEG_MESSAGES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 2), st.sampled_from([1, -1]), st.integers(-2, 2), st.integers(1, 5)),
    min_size=10,
    max_size=60,
)


@given(acts=LEG_MESSAGES, cut=st.integers(0, 59), ratio=st.sampled_from([VERTICAL, RATIO, BUTTERFLY]))
@settings(max_examples=60, deadline=None, database=None)
def test_whole_units_within_the_limit_at_any_time(
    acts: list[tuple[int, int, int, int, int]], cut: int, ratio: Combination
) -> None:
    """Units of all legs together, no limit traded through, lots conserved, the same after bytes in the middle."""
    middle = {0: 50, 1: 30, 2: 15}
    fair = sum(leg.ratio * middle[leg.book] for leg in ratio.legs)
    books, twin = opened(ratio), opened(ratio)
    limits: dict[int, tuple[int, int]] = {}
    units: Counter[int] = Counter()
    for number, (kind, book, side, away, lots) in enumerate(acts, 1):
        if number == cut:
            written = books.to_bytes()
            books = CombinedBooks.from_bytes(written)
            assert books.to_bytes() == written
        time = 10 + number
        if kind < 2:
            asked = CombinationOrder(number, 0, side, fair + away, lots, owner=kind)
            limits[number] = (side, fair + away)
            told, again = (one.submit_order(asked, time) for one in (books, twin))
        elif kind == 2:
            told, again = (one.cancel_order(number - lots, time) for one in (books, twin))
        else:
            price = middle[book] - side * away
            row = {
                3: m.limit(book, number, side, price, lots, time, owner=lots % 2),
                4: m.quote(book, price - 1, lots, price + 1, lots + 1, time),
                5: m.market(book, number, side, lots, time),
            }[kind]
            limits[number] = (side, price if kind == 3 else side * 10**6)
            told, again = (one.submit([row]) for one in (books, twin))
        assert np.array_equal(told.legs, again.legs)
        assert told.combinations == again.combinations
        check(told, ratio, limits, units)
        for one in books.resting.values():
            assert books._run_of(one.order, one.open_units) is None, "legs offer what a combination waits for"
    for handle, one in books.resting.items():
        assert one.open_units + units[handle] == one.order.units


def check(told: CombinedEvents, ratio: Combination, limits: dict[int, tuple[int, int]], units: Counter[int]) -> None:
    for r in told.legs.tolist():
        if r[0] == EventKind.FILL:
            for handle in (r[3], r[8]):
                if handle in limits and r[4] and handle not in {e.handle for e in told.combinations}:
                    side, limit = limits[handle]
                    assert side * (r[5] - limit) <= 0
    for event in told.combinations:
        if event.kind is EventKind.FILL:
            units[event.handle] += event.units
            side, limit = limits[event.handle]
            assert side * (event.price - limit) <= 0
            if event.model is not FillModel.COMBINED:
                check_legs(event, ratio)


def check_legs(event: CombinationEvent, ratio: Combination) -> None:
    lots, net = Counter[int](), 0
    for leg in event.legs:
        lots[leg.book] += leg.side * leg.lots
        net += leg.side * leg.lots * leg.price
    assert lots == Counter({leg.book: event.side * leg.ratio * event.units for leg in ratio.legs})
    assert net == event.side * event.price * event.units


@pytest.mark.parametrize("cut", [0, 10, 20, 60, -8])
def test_bytes_that_are_no_combinations_are_refused(cut: int) -> None:
    books = opened()
    books.submit_order(order(9, BUY, 30, 2), 1)
    with pytest.raises(IntegrityError):
        CombinedBooks.from_bytes(books.to_bytes()[:cut])
