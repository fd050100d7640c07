"""Lots by every method: what is conserved, what is realised lot by lot, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.portfolio.fold import BookFold, closed_lots
from optionix_core.portfolio.ledger import (
    account_opened_event,
    checked,
    entry_event,
    entry_of,
    lots_chosen_event,
    opening_entry,
    trade_entry,
)
from optionix_core.portfolio.lots import leave_lots, trade, trade_lots
from optionix_core.portfolio.values import Lot, LotPick, Move
from optionix_core.sync.memory import MemoryEventStore

START = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
SYMBOL = "TESTI 260320C00100000"
D = Decimal


def three_lots():
    return [Lot(D(2), D(200), START, "a"), Lot(D(3), D(600), START, "b"), Lot(D(1), D(50), START, "c")]


@pytest.mark.parametrize(
    ("method", "named", "realised", "left"),
    [
        # Sold 4 at 300 each. FIFO closes 2 of a (200) and 2 of b (400); LIFO c (50) and 3 of b (600).
        ("fifo", (), D(1200 - 600), [Lot(D(1), D(200), START, "b"), Lot(D(1), D(50), START, "c")]),
        ("lifo", (), D(1200 - 650), [Lot(D(2), D(200), START, "a")]),
        ("specific", (), D(1200 - 600), [Lot(D(1), D(200), START, "b"), Lot(D(1), D(50), START, "c")]),
        (
            "specific",
            (LotPick("b", D(3)), LotPick("c", D(1))),
            D(1200 - 650),
            [Lot(D(2), D(200), START, "a")],
        ),
        (
            "specific",
            (LotPick("c", D(1)), LotPick("a", D(1)), LotPick("b", D(2))),
            D(1200 - 550),
            [Lot(D(1), D(100), START, "a"), Lot(D(1), D(200), START, "b")],
        ),
    ],
)
def test_a_trade_closes_the_lots_of_its_method(method, named, realised, left):
    lots = three_lots()
    assert trade_lots(lots, D(-4), D(-1200), START, method=method, named=named) == realised
    assert lots == left


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ((LotPick("z", D(4)),), "lot z is not open"),
        ((LotPick("a", D(2)), LotPick("a", D(2))), "lot a is not open, or named twice"),
        ((LotPick("a", D(3)), LotPick("b", D(1))), "of lot a 3 is named, and 2 is open"),
        ((LotPick("a", D(2)),), "add up to 2, and 4 is closed"),
        ((LotPick("a", D(-2)),), "of lot a -2 is named"),
    ],
)
def test_lots_named_wrongly_are_refused_and_left_alone(named, message):
    lots = three_lots()
    with pytest.raises(IntegrityError, match=message):
        trade_lots(lots, D(-4), D(-1200), START, named=named)
    assert lots == three_lots()


def test_a_trade_that_opens_closes_no_named_lot():
    with pytest.raises(IntegrityError, match="the trade closes none"):
        trade_lots(three_lots(), D(1), D(100), START, named=(LotPick("a", D(1)),))


def test_short_lots_are_bought_back_lot_by_lot():
    # Sold 1 for 500 and 2 for 600 in all; bought 2 back for 700: the newer lot cost -300 each.
    lots = [Lot(D(-1), D(-500), START, "a"), Lot(D(-2), D(-600), START, "b")]
    closings = trade(lots, D(2), D(700), START, method="lifo")
    assert [(item.lot.id, item.quantity, item.cost, item.proceeds) for item in closings] == [
        ("b", D(-2), D(-600), D(-700))
    ]
    assert lots == [Lot(D(-1), D(-500), START, "a")]


def test_lots_leave_at_their_own_cost_and_keep_their_dates():
    lots = three_lots()
    later = START + timedelta(days=1)
    lots.append(Lot(D(2), D(10), later, "d"))
    assert leave_lots(lots, D(-3), method="lifo") == (Lot(D(2), D(10), later, "d"), Lot(D(1), D(50), START, "c"))
    with pytest.raises(IntegrityError, match="-9 cannot leave a position of 5"):
        leave_lots(lots, D(-9))


TRADES = st.lists(
    st.tuples(st.integers(-7, 7).filter(bool), st.integers(-90_000, 90_000), st.sampled_from(["fifo", "lifo"])),
    min_size=1,
    max_size=25,
)


@given(trades=TRADES)
@settings(max_examples=150, deadline=None)
def test_quantity_and_cash_are_conserved_under_every_method_even_where_shares_are_cut(trades):
    lots: list[Lot] = []
    realised = D(0)
    for row, (quantity, cents, method) in enumerate(trades):
        closings = trade(lots, D(quantity), D(cents) / 100, START, method=method, opened_by=str(row))
        realised += sum((item.proceeds - item.cost for item in closings), D(0))
        assert len({lot.quantity > 0 for lot in lots}) <= 1  # long and short never stand beside each other
        assert all(lot.quantity for lot in lots)
    assert sum((lot.quantity for lot in lots), D(0)) == sum(quantity for quantity, _, _ in trades)
    paid = sum((D(cents) / 100 for _, cents, _ in trades), D(0))
    assert sum((lot.cost for lot in lots), D(0)) - realised == paid


def sell(number, quantity, price, *, minutes, named=()):
    entry = trade_entry(
        entry_id=f"trade-{number}",
        account="paper-1",
        venue="local-sim",
        symbol=SYMBOL,
        currency="USD",
        quantity=D(quantity),
        price=D(price),
        multiplier=D(100),
        fee=D("0.65"),
        time=START + timedelta(minutes=minutes),
        cause=f"fill-{number}",
    )
    if named:
        cost = D(quantity) * D(price) * 100
        move = Move(SYMBOL, D(quantity), cost, "USD", D("0.65"), closes=named)
        entry = checked(type(entry)(**{**{f: getattr(entry, f) for f in entry.__slots__}, "moves": (move,)}))
    return entry_event(entry)


def folded(*events):
    store = MemoryEventStore()
    opening = (
        account_opened_event("paper-1", "local-sim", "USD", START),
        entry_event(opening_entry("paper-1", "USD", D(100_000), START)),
    )
    with store.writing("test") as log:
        records = log.append((*opening, *events))
    fold = BookFold()
    for record in records:
        fold.apply(record)
    assert BookFold.from_bytes(fold.to_bytes()).to_bytes() == fold.to_bytes()
    return fold, records


def test_the_method_is_the_accounts_own_from_the_time_of_its_event_on():
    bought = (sell(1, 1, "1.00", minutes=1), sell(2, 1, "2.00", minutes=2), sell(3, 1, "3.00", minutes=3))
    chosen = lots_chosen_event("paper-1", "lifo", START + timedelta(minutes=5))
    fold, records = folded(*bought, sell(4, -1, "3.00", minutes=4), chosen, sell(5, -1, "3.00", minutes=6))
    account = fold.account("paper-1")
    assert account.realised_pnl == 200 + 0  # first in first out, then last in first out
    assert account.lot_method == "lifo"
    assert fold.lot_method("paper-1", START) == "fifo"
    assert [(item.lot, item.realised, item.closed_by) for item in closed_lots(records)] == [
        ("trade-1", D(200), "trade-4"),
        ("trade-3", D(0), "trade-5"),
    ]
    with pytest.raises(IntegrityError, match="lots are chosen since"):
        folded(chosen, lots_chosen_event("paper-1", "fifo", START))
    with pytest.raises(InvalidValueError, match="method must be one of fifo, lifo, specific"):
        lots_chosen_event("paper-1", "dearest", START)


def test_a_closing_event_names_its_lots():
    bought = (sell(1, 1, "1.00", minutes=1), sell(2, 2, "2.00", minutes=2), sell(3, 1, "3.00", minutes=3))
    named = (LotPick("trade-2", D(1)), LotPick("trade-3", D(1)))
    closing = sell(4, -2, "4.00", minutes=4, named=named)
    assert entry_of(closing).moves[0].closes == named
    fold, records = folded(*bought, lots_chosen_event("paper-1", "specific", START), closing)
    position = fold.account("paper-1").positions[0]
    assert [(lot.id, lot.quantity) for lot in position.lots] == [("trade-1", D(1)), ("trade-2", D(1))]
    assert [(item.lot, item.quantity, item.realised) for item in closed_lots(records)] == [
        ("trade-2", D(1), D(200)),
        ("trade-3", D(1), D(100)),
    ]


def test_long_and_short_of_one_instrument_in_one_account_are_one_position():
    fold, _ = folded(sell(1, 3, "1.00", minutes=1), sell(2, -5, "2.00", minutes=2))
    (position,) = fold.account("paper-1").positions
    assert (position.quantity, position.cost, position.realised_pnl) == (D(-2), D(-400), D(300))
    assert fold.balance("paper-1:positions", SYMBOL) == -2
