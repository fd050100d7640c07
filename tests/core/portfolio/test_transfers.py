from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import IntegrityError, InvalidValueError, RefusedError
from optionix_core.portfolio.ledger import entry_event, lots_chosen_event
from optionix_core.portfolio.transfers import cash_transfer, position_transfer, transit
from optionix_core.portfolio.values import LotPick

from .book_of_entries import START, book, bought, position, post

D = Decimal
SYMBOL = "ORBIT 260918C00060000"
BOTH = ("paper-1", "paper-2")
LATER = START + timedelta(days=1)


def moved(fold, entries):
    for entry in entries:
        post(fold, entry_event(entry))


def test_cash_leaves_one_account_and_comes_into_the_other():
    fold = book([], *BOTH)
    source, target = fold.accounts()
    moved(fold, cash_transfer("t", source, target, "USD", D("2500.25"), LATER))
    assert [account.cash for account in fold.accounts()] == [D("97499.75"), D("102500.25")]
    assert fold.balance(transit("t"), "USD") == 0


@given(
    trades=st.lists(st.tuples(st.integers(1, 6), st.decimals("0.05", "20", places=2)), min_size=1, max_size=5),
    short=st.booleans(),
    method=st.sampled_from(["fifo", "lifo"]),
    there=st.integers(-4, 4),
    data=st.data(),
)
@settings(max_examples=80, deadline=None)
def test_positions_move_with_cost_dates_and_names_and_nothing_is_lost(trades, short, method, there, data):
    sign = -1 if short else 1
    entries = [
        bought(row, SYMBOL, sign * quantity, price, time=START + timedelta(minutes=row))
        for row, (quantity, price) in enumerate(trades)
    ]
    if there:
        entries.append(bought("there", SYMBOL, there, "1", account="paper-2"))
    fold = book([lots_chosen_event("paper-1", method, START), *entries], *BOTH)
    quantity = sign * data.draw(st.integers(1, sum(quantity for quantity, _ in trades)))
    before = fold.accounts()
    out, into = position_transfer("t", *before, SYMBOL, D(quantity), LATER)
    moved(fold, (out, into))
    after = fold.accounts()
    assert after[0].realised_pnl == 0
    assert [item.cash for item in after] == [item.cash for item in before]
    held = [position(fold, SYMBOL, name) for name in BOTH]
    total = sum(item.quantity for item in held if item)
    assert total == sign * sum(quantity for quantity, _ in trades) + there
    costs = sum(item.cost for item in held if item) - after[1].realised_pnl
    assert costs == sum(item.cost for account in before for item in account.positions)
    if not there and held[0]:
        cut = [lot for lot in held[0].lots if lot.id in {lot.id for lot in held[1].lots}]
        assert len(cut) <= 1
    assert fold.balance(transit("t"), SYMBOL) == 0


def test_lots_can_be_named_and_come_back_under_their_names():
    fold = book([bought(1, SYMBOL, 2, "1"), bought(2, SYMBOL, 2, "2")], *BOTH)
    moved(fold, position_transfer("a", *fold.accounts(), SYMBOL, D(1), LATER, (LotPick("trade-2", D(1)),)))
    assert position(fold, SYMBOL, "paper-2").lots[0].cost == 200
    back = tuple(reversed(fold.accounts()))
    moved(fold, position_transfer("b", *back, SYMBOL, D(1), LATER))
    lots = position(fold, SYMBOL).lots
    assert [(lot.id, lot.quantity, lot.cost) for lot in lots] == [
        ("trade-1", D(2), D(200)),
        ("trade-2", D(1), D(200)),
        ("trade-2", D(1), D(200)),
    ]
    moved(fold, position_transfer("c", *fold.accounts(), SYMBOL, D(2), LATER, (LotPick("trade-2", D(2)),)))
    assert position(fold, SYMBOL).quantity == 2


def test_more_than_there_is_or_to_another_venue_is_refused():
    fold = book([bought(1, SYMBOL, 2, "1")], *BOTH)
    source, target = fold.accounts()
    with pytest.raises(InvalidValueError, match="amount must be above 0 and at most the 99800 USD held"):
        cash_transfer("t", source, target, "USD", D("99800.01"), LATER)
    with pytest.raises(InvalidValueError, match="at most the 0 EUR held"):
        cash_transfer("t", source, target, "EUR", D(1), LATER)
    for quantity in (3, -1, 0):
        with pytest.raises(InvalidValueError, match=f"quantity must be of the 2 {SYMBOL} held"):
            position_transfer("t", source, target, SYMBOL, D(quantity), LATER)
    with pytest.raises(InvalidValueError, match="another account than paper-1"):
        cash_transfer("t", source, source, "USD", D(1), LATER)
    with pytest.raises(RefusedError, match="paper-1 is at local-sim, paper-2 at live"):
        cash_transfer("t", source, replace(target, venue="live"), "USD", D(1), LATER)


def test_a_transfer_at_another_cost_than_its_lots_is_an_integrity_error():
    fold = book([bought(1, SYMBOL, 2, "1")], *BOTH)
    out, _ = position_transfer("t", *fold.accounts(), SYMBOL, D(2), LATER)
    forged = replace(out, moves=(replace(out.moves[0], cost=D(-150)),))
    with pytest.raises(IntegrityError, match="leaves at 150, and its lots cost 200"):
        post(fold, entry_event(forged))
