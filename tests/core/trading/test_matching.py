"""Rules of the books, one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.trading.auction import AuctionPrice, auction_price
from optionix_core.trading.matching import messages as m
from optionix_core.trading.matching.books import Books, Level, fills
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


def opened(count: int = 1) -> Books:
    books = Books(count)
    books.submit([m.phase(book, Phase.OPEN, 0) for book in range(count)])
    return books


def trades(books: Books, *rows: m.Message) -> list[tuple[int, int, int, int, str]]:
    """Taker, maker, price, lots and model of each fill."""
    return [(r[3], r[8], r[5], r[6], FillModel(r[10]).label) for r in fills(books.submit(rows)).tolist()]


def refusals(books: Books, *rows: m.Message) -> list[Reason]:
    told = books.submit(rows).tolist()
    return [Reason(r[10]) for r in told if r[0] in (EventKind.REJECTED, EventKind.CANCELLED)]


def test_two_equal_limit_orders_fill_in_time_order() -> None:
    books = opened()
    books.submit([m.limit(0, 7, SELL, 100, 5, 1), m.limit(0, 3, SELL, 100, 5, 1)])
    assert trades(books, m.limit(0, 9, BUY, 100, 6, 2)) == [(9, 7, 100, 5, "price-time"), (9, 3, 100, 1, "price-time")]


def test_a_better_price_goes_before_an_earlier_time() -> None:
    books = opened()
    books.submit([m.limit(0, 1, BUY, 99, 5, 1), m.limit(0, 2, BUY, 100, 5, 2)])
    assert [fill[1:4] for fill in trades(books, m.market(0, 9, SELL, 7, 3))] == [(2, 100, 5), (1, 99, 2)]


def test_a_smaller_quantity_keeps_its_place_and_a_larger_one_or_another_price_loses_it() -> None:
    for price, quantity, first in ((100, 4, 1), (100, 6, 2), (101, 5, 2)):
        books = opened()
        books.submit(
            [m.limit(0, 1, SELL, 100, 5, 1), m.limit(0, 2, SELL, 100, 5, 1), m.amend(0, 1, price, quantity, 2)]
        )
        assert trades(books, m.market(0, 9, BUY, 1, 3))[0][1] == first


def test_an_amended_quantity_counts_what_was_filled() -> None:
    books = opened()
    books.submit([m.limit(0, 1, SELL, 100, 10, 1), m.market(0, 9, BUY, 6, 2), m.amend(0, 1, 100, 8, 3)])
    order = books.order(1)
    assert order is not None
    assert (order.open_quantity, order.filled) == (2, 6)
    assert refusals(books, m.amend(0, 1, 100, 6, 4)) == [Reason.NOTHING_OPEN]
    assert books.order(1) is None


def test_an_immediate_order_leaves_nothing_and_a_fill_or_kill_order_fills_in_full_or_not_at_all() -> None:
    books = opened()
    books.submit([m.limit(0, 1, SELL, 100, 5, 1), m.limit(0, 2, SELL, 101, 5, 1)])
    assert refusals(books, m.limit(0, 8, BUY, 100, 6, 2, flags=FILL_OR_KILL)) == [Reason.NOT_FILLABLE]
    assert [f[3] for f in trades(books, m.limit(0, 8, BUY, 101, 6, 2, flags=FILL_OR_KILL))] == [5, 1]
    assert refusals(books, m.limit(0, 9, BUY, 101, 6, 3, flags=IMMEDIATE)) == [Reason.REMAINDER]
    assert books.depth(0, BUY) == books.depth(0, SELL) == ()


def test_a_post_only_order_is_refused_where_it_would_take_from_orders_or_from_the_outside_market() -> None:
    books = opened()
    books.submit([m.limit(0, 1, SELL, 101, 5, 1), m.quote(0, 98, 5, 100, 5, 1)])
    assert refusals(books, m.limit(0, 2, BUY, 100, 1, 2, flags=POST_ONLY)) == [Reason.WOULD_TAKE]
    assert refusals(books, m.limit(0, 2, BUY, 99, 1, 2, flags=POST_ONLY)) == []
    assert refusals(books, m.amend(0, 2, 100, 1, 3)) == [Reason.WOULD_TAKE]
    kept = books.order(2)
    assert kept is not None
    assert kept.price == 99


def test_the_newest_of_two_orders_of_one_owner_is_cancelled_where_they_meet() -> None:
    books = opened()
    books.submit([m.limit(0, 1, SELL, 100, 5, 1), m.limit(0, 2, SELL, 100, 5, 1, owner=7)])
    events = books.submit([m.limit(0, 3, BUY, 100, 9, 2, owner=7)]).tolist()
    assert [(e[0], e[6]) for e in events] == [(EventKind.ACCEPTED, 9), (EventKind.FILL, 5), (EventKind.CANCELLED, 4)]
    assert events[-1][10] == Reason.SELF_MATCH
    assert books.order(2) is not None


def test_closed_and_halted_books_refuse_orders_and_let_them_be_cancelled() -> None:
    books = Books(1)
    assert refusals(books, m.limit(0, 1, BUY, 1, 1, 0)) == [Reason.BOOK_CLOSED]
    books.submit([m.phase(0, Phase.OPEN, 1), m.limit(0, 1, BUY, 10, 1, 1), m.phase(0, Phase.HALTED, 2)])
    assert refusals(books, m.market(0, 2, SELL, 1, 3), m.amend(0, 1, 9, 1, 3)) == [Reason.BOOK_HALTED] * 2
    assert refusals(books, m.trade(0, SELL, 5, 10, 3), m.cancel(0, 1, 3)) == [Reason.REQUESTED]


def test_handles_are_unique_among_working_orders_and_belong_to_one_book() -> None:
    books = opened(2)
    books.submit([m.limit(0, 1, BUY, 10, 1, 1)])
    told = refusals(books, m.limit(1, 1, BUY, 10, 1, 2), m.cancel(1, 1, 2), m.cancel(0, 5, 2), m.cancel(0, 1, 2))
    assert told == [Reason.DUPLICATE, Reason.NO_ORDER, Reason.NO_ORDER, Reason.REQUESTED]
    assert refusals(books, m.limit(1, 1, BUY, 10, 1, 3)) == []


@pytest.mark.parametrize("step", [1, 2**17, 2**33, 2**50])
def test_orders_are_found_by_handles_of_any_size(step: int) -> None:
    books = opened()
    handles = [1 + step * i for i in range(1_000)]
    books.submit([m.limit(0, handle, BUY, 100 - i, 1, 1) for i, handle in enumerate(handles)])
    for i in np.random.default_rng(3).permutation(1_000).tolist():
        found = books.order(handles[i])
        assert found is not None
        assert found.price == 100 - i
        assert refusals(books, m.cancel(0, handles[i], 2)) == [Reason.REQUESTED]
    assert books.depth(0, BUY) == ()


def test_the_best_price_is_known_among_prices_from_one_end_to_the_other() -> None:
    books, rng = opened(), np.random.default_rng(5)
    prices = np.unique(rng.integers(1 - 2**38, 2**38, 3_000))
    for handle, i in enumerate(rng.permutation(len(prices)).tolist(), 1):
        books.submit([m.limit(0, handle, SELL, int(prices[i]), 1, 1)])
    assert [level.price for level in books.depth(0, SELL)] == prices.tolist()
    taken = [f[2] for f in trades(books, *(m.market(0, 10_000 + i, BUY, 1, 2) for i in range(len(prices))))]
    assert taken == prices.tolist()


def test_the_example_of_the_page_runs() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "trading" / "matching.md"
    code = page.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own page
    assert fills(names["events"])[:, 5:7].tolist() == [[505, 3]]
    assert names["later"].to_bytes() == names["books"].to_bytes()


def test_a_resting_order_behind_50_lots_fills_only_after_50_trade() -> None:
    books = opened()
    books.submit([m.quote(0, 100, 50, 102, 50, 1), m.limit(0, 1, BUY, 100, 10, 2)])
    assert trades(books, m.trade(0, SELL, 100, 30, 3), m.trade(0, SELL, 100, 19, 4)) == []
    assert books.order(1).ahead == 1  # type: ignore[union-attr]
    assert trades(books, m.trade(0, SELL, 100, 1, 5)) == []
    assert trades(books, m.trade(0, SELL, 100, 4, 6)) == [(0, 1, 100, 4, "queue-behind-displayed")]


def test_displayed_size_that_shrinks_or_is_hit_by_buyers_brings_no_fill_nearer() -> None:
    books = opened()
    books.submit([m.quote(0, 100, 50, 102, 50, 1), m.limit(0, 1, BUY, 100, 10, 2)])
    assert trades(books, m.quote(0, 100, 5, 102, 50, 3), m.trade(0, BUY, 102, 500, 4), m.trade(0, 0, 101, 500, 5)) == []
    assert books.order(1).ahead == 50  # type: ignore[union-attr]


def test_a_price_that_was_traded_through_fills_at_the_limit_and_no_more_than_was_traded() -> None:
    books = opened()
    books.submit([m.quote(0, 100, 50, 102, 50, 1), m.limit(0, 1, BUY, 100, 10, 2)])
    assert trades(books, m.trade(0, SELL, 99, 3, 3)) == [(0, 1, 100, 3, "queue-behind-displayed")]
    assert trades(books, m.quote(0, 97, 5, 100, 4, 4)) == [(0, 1, 100, 4, "queue-behind-displayed")]
    assert trades(books, m.quote(0, 97, 5, 100, 4, 5)) == []


def test_an_order_below_the_displayed_bid_is_behind_all_that_is_displayed_when_the_bid_comes_to_it() -> None:
    books = opened()
    books.submit([m.quote(0, 100, 50, 102, 50, 1), m.limit(0, 1, BUY, 98, 10, 2)])
    assert books.order(1).ahead is None  # type: ignore[union-attr]
    assert trades(books, m.trade(0, SELL, 98, 500, 3)) == []
    books.submit([m.quote(0, 98, 20, 102, 50, 4)])
    assert trades(books, m.trade(0, SELL, 98, 25, 5)) == [(0, 1, 98, 5, "queue-behind-displayed")]


def test_a_queue_that_nobody_knew_is_known_once_displayed_also_before_orders_whose_queue_was_known() -> None:
    books = opened()
    books.submit([m.quote(0, 90, 5, 97, 5, 1), m.limit(0, 1, SELL, 98, 3, 2)])
    books.submit([m.quote(0, 90, 5, 99, 5, 3), m.limit(0, 2, SELL, 98, 3, 4), m.quote(0, 90, 5, 98, 6, 5)])
    assert [books.order(handle).ahead for handle in (1, 2)] == [6, 0]  # type: ignore[union-attr]


def test_fills_at_mid_happen_never() -> None:
    books = opened()
    books.submit([m.quote(0, 100, 50, 104, 50, 1), m.limit(0, 1, BUY, 102, 10, 2)])
    assert trades(books, m.quote(0, 101, 9, 103, 9, 3), m.quote(0, 100, 9, 104, 7, 4), m.trade(0, 0, 102, 9, 5)) == []
    assert trades(books, m.market(0, 2, BUY, 3, 6)) == [(2, 0, 104, 3, "touch-displayed-size")]


def test_a_taker_takes_at_most_the_displayed_size_and_what_was_taken_is_gone() -> None:
    books = opened()
    books.submit([m.quote(0, 100, 5, 104, 7, 1)])
    assert trades(books, m.market(0, 1, BUY, 5, 2)) == [(1, 0, 104, 5, "touch-displayed-size")]
    assert trades(books, m.quote(0, 99, 5, 104, 7, 3), m.market(0, 2, BUY, 9, 3)) == [
        (2, 0, 104, 2, "touch-displayed-size")
    ]
    assert trades(books, m.quote(0, 99, 5, 104, 8, 4), m.market(0, 3, BUY, 9, 4))[0][3] == 8


def test_nobody_trades_with_a_bid_above_the_ask() -> None:
    books = opened()
    books.submit([m.limit(0, 1, BUY, 100, 5, 1), m.quote(0, 105, 5, 99, 5, 2)])
    assert trades(books, m.market(0, 2, BUY, 5, 3)) == []
    assert books.depth(0, SELL) == ()


def test_orders_of_ours_that_were_first_at_a_price_trade_before_what_is_displayed_there_later() -> None:
    books = opened()
    books.submit([m.quote(0, 99, 5, 105, 5, 1), m.limit(0, 1, SELL, 104, 3, 2), m.quote(0, 99, 5, 104, 5, 3)])
    books.submit([m.limit(0, 2, SELL, 104, 3, 4)])
    assert [f[1:4] for f in trades(books, m.market(0, 9, BUY, 10, 5))] == [(1, 104, 3), (0, 104, 5), (2, 104, 2)]


def test_an_auction_collects_and_then_trades_at_one_price_in_price_time_order() -> None:
    books = Books(1)
    books.submit([m.phase(0, Phase.AUCTION, 0), m.limit(0, 1, BUY, 105, 10, 1), m.limit(0, 2, SELL, 99, 4, 1)])
    books.submit([m.limit(0, 3, SELL, 101, 4, 1), m.market(0, 4, BUY, 3, 1), m.limit(0, 5, BUY, 98, 3, 1)])
    assert refusals(books, m.limit(0, 6, BUY, 1, 1, 1, flags=POST_ONLY)) == [Reason.COLLECTING]
    assert books.indicative(0, 103) == AuctionPrice(103, 8, 5)
    assert refusals(books, m.phase(0, Phase.OPEN, 2)) == [Reason.STANDS_CROSSED]
    assert [f[:4] for f in trades(books, m.uncross(0, 103, 3))] == [(4, 2, 103, 3), (1, 2, 103, 1), (1, 3, 103, 4)]
    assert books.phase(0) is Phase.OPEN
    assert books.depth(0, BUY) == (Level(105, 5, 0), Level(98, 3, 0))
    assert refusals(books, m.uncross(0, 103, 4)) == [Reason.NOT_COLLECTING]


def test_market_orders_left_by_an_auction_are_cancelled() -> None:
    books = Books(1)
    books.submit([m.phase(0, Phase.AUCTION, 0), m.market(0, 1, BUY, 3, 1)])
    assert refusals(books, m.uncross(0, 50, 2)) == [Reason.REMAINDER]
    assert (books.phase(0), books.order(1)) == (Phase.OPEN, None)


@pytest.mark.parametrize(
    ("buyers", "sellers", "reference", "expected"),
    [
        ([(100, 5)], [(101, 5)], 100, None),
        ([(102, 5)], [(100, 5)], 99, (100, 5, 0)),  # nearest to the reference, within the orders
        ([(102, 5)], [(100, 5)], 101, (101, 5, 0)),  # a tick between orders
        ([(102, 9)], [(100, 5), (102, 2)], 100, (102, 7, 2)),  # most volume first
        ([(102, 5), (100, 4)], [(100, 5)], 100, (101, 5, 0)),  # then least imbalance
        ([(102, 5), (99, 4)], [(98, 5)], 100, (100, 5, 0)),
    ],
)
def test_the_auction_price_is_that_of_most_volume_then_least_imbalance_then_nearest(
    buyers: list[tuple[int, int]],
    sellers: list[tuple[int, int]],
    reference: int,
    expected: tuple[int, int, int] | None,
) -> None:
    assert auction_price(buyers, sellers, reference) == expected


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ((99, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0), "kind must be one of 1, 2, 3, 4, 5, 6, 7, 8 (got 99 at row 1)"),
        (m.limit(5, 1, BUY, 1, 1, 9), "book must be from 0 to 0 (got 5 at row 1)"),
        (m.limit(0, 1, 0, 1, 1, 9), "side must be 1 to buy or -1 to sell (got 0 at row 1)"),
        (m.limit(0, 0, BUY, 1, 1, 9), "handle must be from 1 to"),
        (m.limit(0, 1, BUY, 1, 0, 9), "quantity must be from 1 to"),
        (m.limit(0, 1, BUY, 2**38, 1, 9), "price must be from -274877906943 to 274877906943"),
        (m.limit(0, 1, BUY, 1, 1, 9, flags=3), "flags must be one of them, or zero (got 3"),
        (m.limit(0, 1, BUY, 1, 1, -1), "time must be from 5, the time before"),
        ((9, 9, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0), "kind must be one of"),
        ((1, 9, 0, 1, 1, 1, 1, 16, 0, 0, 0, 0), "flags must be from 0 to 4"),
        (m.market(0, 1, BUY, 1, 9, flags=4), "flags must be from 0 to 2"),
        (m.quote(0, 1, -1, 2, 1, 9), "quantity must be from 0 to"),
    ],
)
def test_a_message_that_makes_no_sense_is_refused_by_field_and_none_of_its_batch_is_done(
    message: m.Message, said: str
) -> None:
    good = m.limit(0, 1, BUY, 1, 1, 5)
    for many in (1, 40):
        books = opened()
        before = books.to_bytes()
        with pytest.raises(InvalidValueError) as error:
            books.submit([good, message] + [m.limit(0, 2, BUY, 1, 1, 2**40)] * many)
        assert said in str(error.value)
        assert books.to_bytes() == before


def test_books_answer_alike_however_their_messages_are_batched_and_after_bytes_in_the_middle() -> None:
    rows = random_rows(6_000)
    whole = Books(8)
    told = whole.submit(rows)
    parts, pieces = Books(8), []
    for start in range(0, len(rows), 700):
        parts = Books.from_bytes(parts.to_bytes())
        pieces.append(parts.submit(rows[start : start + 700]))
    assert np.array_equal(np.concatenate(pieces), told)
    assert parts.to_bytes() == whole.to_bytes()
    again = Books(8)
    assert np.array_equal(again.submit(rows), told)


def test_lots_are_conserved_and_no_limit_is_traded_through() -> None:
    rows = random_rows(6_000)
    books = Books(8)
    told = books.submit(rows)
    limits = {int(r[3]): (int(r[4]), int(r[5])) for r in rows if r[0] == 1}
    asked = {int(r[3]): int(r[6]) for r in rows if r[0] in (1, 2)}
    done: dict[int, int] = dict.fromkeys(asked, 0)
    for fill in fills(told).tolist():
        for handle in (fill[3], fill[8]):
            if handle:
                done[handle] += fill[6]
                side, limit = limits.get(handle, (0, 0))
                assert side * (fill[5] - limit) <= 0
    ended = {r[3]: r[6] for r in told.tolist() if r[0] in (EventKind.CANCELLED, EventKind.REJECTED) and r[10] != 21}
    for handle, quantity in asked.items():
        order = books.order(handle)
        left = order.open_quantity if order is not None else ended.get(handle, 0)
        assert done[handle] + left == quantity, handle
    sequence = told[:, 11]
    assert np.array_equal(sequence, np.arange(1, len(told) + 1))


def random_rows(count: int) -> np.ndarray:
    rng = np.random.default_rng(11)
    rows = [m.phase(book, Phase.OPEN, 0) for book in range(8)]
    for i in range(1, count):
        book, side = int(rng.integers(8)), int(rng.choice([-1, 1]))
        match int(rng.integers(10)):
            case 0 | 1 | 2 | 3 | 4:
                price = 1000 - side * int(rng.integers(-1, 3) ** 9)
                rows.append(m.limit(book, i, side, price, int(rng.integers(1, 30)), i))
            case 5:
                rows.append(m.market(book, i, side, int(rng.integers(1, 30)), i))
            case 6 | 7:
                rows.append(m.cancel(book, int(rng.integers(1, i + 1)), i))
            case 8:
                bid = int(rng.integers(990, 1005))
                rows.append(m.quote(book, bid, int(rng.integers(50)), bid + 2, int(rng.integers(50)), i))
            case 9:
                rows.append(m.trade(book, side, int(rng.integers(985, 1015)), int(rng.integers(1, 60)), i))
    return np.array(rows)


@pytest.mark.parametrize("cut", [0, 7, 8, 20, 90, -8, -1])
def test_bytes_that_are_not_a_state_are_refused(cut: int) -> None:
    books = opened()
    books.submit([m.limit(0, 1, BUY, 5, 1, 1)])
    with pytest.raises(IntegrityError):
        Books.from_bytes(books.to_bytes()[:cut])


def test_bytes_of_an_order_that_no_book_could_hold_are_refused() -> None:
    books = opened()
    books.submit([m.limit(0, 1, BUY, 5, 1, 1)])
    numbers = np.frombuffer(books.to_bytes()[8:], dtype="<i8").copy()
    numbers[-10] = 4
    with pytest.raises(IntegrityError, match="order 0"):
        Books.from_bytes(books.to_bytes()[:8] + numbers.tobytes())
