"""A book kept by changes shows the exchange's touch, or none: never one that was put together with a piece missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.feeds.deribit.book import OrderBook, Touch
from optionix_core.feeds.deribit.messages import Action, BookChange, Level

START = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)
BIDS = tuple(round(0.0100 + 0.0005 * step, 4) for step in range(4))
ASKS = tuple(round(0.0120 + 0.0005 * step, 4) for step in range(4))


@st.composite
def days(draw: st.DrawFn) -> list[BookChange]:
    """A snapshot and changes as an exchange tells them, each level with its absolute amount."""
    books: tuple[dict[float, float], dict[float, float]] = ({BIDS[0]: 1.0}, {ASKS[0]: 1.0})
    told = [
        BookChange("X", START, 1, None, (Level(Action.NEW, BIDS[0], 1.0),), (Level(Action.NEW, ASKS[0], 1.0),)),
    ]
    for number in range(2, draw(st.integers(3, 12))):
        sides: list[tuple[Level, ...]] = []
        for book, prices in zip(books, (BIDS, ASKS), strict=True):
            levels = []
            for price in draw(st.lists(st.sampled_from(prices), max_size=2, unique=True)):
                amount = float(draw(st.integers(0, 3)))
                if amount == 0.0:
                    if book.pop(price, None) is not None:
                        levels.append(Level(Action.DELETE, price, 0.0))
                    continue
                levels.append(Level(Action.CHANGE if price in book else Action.NEW, price, amount))
                book[price] = amount
            sides.append(tuple(levels))
        told.append(BookChange("X", START + timedelta(seconds=number), number, number - 1, *sides))
    return told


def truth(changes: list[BookChange]) -> list[Touch]:
    """The touch after each change, worked out from all levels anew."""
    found = []
    for count in range(1, len(changes) + 1):
        sides: list[tuple[float | None, float | None]] = []
        for side, best in (("bids", max), ("asks", min)):
            amounts = {level.price: level.amount for one in changes[:count] for level in getattr(one, side)}
            left = [price for price, amount in amounts.items() if amount]
            sides.append((best(left), amounts[best(left)]) if left else (None, None))
        found.append(Touch(*sides[0], *sides[1], changes[count - 1].made_at))
    return found


@settings(max_examples=40, deadline=None)
@given(days())
def test_the_touch_is_that_of_all_levels(changes: list[BookChange]) -> None:
    book = OrderBook()
    shown = []
    for change in changes:
        assert book.take(change)
        shown.append(book.touch())
    assert shown == truth(changes)


@settings(max_examples=40, deadline=None)
@given(days(), st.data())
def test_a_missing_change_shows_no_touch_until_a_whole_book_comes(
    changes: list[BookChange], data: st.DataObject
) -> None:
    missing = data.draw(st.integers(0, len(changes) - 1))
    book = OrderBook()
    true = truth(changes)
    complaints = 0
    for place, change in enumerate(changes):
        if place == missing:
            continue
        complaints += not book.take(change)
        assert book.touch() == (true[place] if place < missing else None)
    assert complaints == (1 if 0 < missing < len(changes) - 1 else 0)
    assert book.take(changes[0])
    assert book.touch() == true[0]


def test_a_change_that_comes_twice_is_a_gap() -> None:
    book = OrderBook()
    first = BookChange("X", START, 5, None, (Level(Action.NEW, 0.01, 1.0),), ())
    second = BookChange("X", START, 6, 5, (Level(Action.NEW, 0.011, 1.0),), ())
    assert book.take(first)
    assert book.take(second)
    assert not book.take(second)
    assert book.touch() is None


def test_a_book_whose_bid_reaches_its_ask_is_broken() -> None:
    book = OrderBook()
    assert book.take(BookChange("X", START, 5, None, (Level(Action.NEW, 0.01, 1.0),), (Level(Action.NEW, 0.02, 1.0),)))
    assert not book.take(BookChange("X", START, 6, 5, (Level(Action.NEW, 0.02, 1.0),), ()))
    assert book.touch() is None
    assert not book.whole
