"""Deposits, withdrawals, conversions, transfers and lots as use cases: once each, and never more than is free."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from steady_feed import CALL, START

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.portfolio.exchange_rates import ExchangeRate
from optionix_core.portfolio.fold import closed_lots
from optionix_core.services import account_acts, book, ledger, trading
from optionix_core.services.trading import OrderTerms
from optionix_core.services.workspace import Workspace
from optionix_core.trading.orders import TimeInForce

D = Decimal
EURO = ExchangeRate("EUR", "USD", D("1.0853"), "ECB reference rate", START)


@pytest.fixture
def opened(workspace):
    trading.submit(workspace, "buy", 2, CALL)
    return workspace


@pytest.fixture
def other(opened):
    beside = Workspace(
        opened.home,
        account="other",
        clock=opened.clock,
        store=opened.store,
        feed=opened.feed,
        new_order_id=lambda: "opens-the-other",
    )
    trading.submit(beside, "buy", 1, CALL)
    return beside


def cash(workspace):
    return dict(book.account(workspace).state.cash_by_currency)


def test_an_act_is_done_once_and_answered_again(opened, store, clock):
    before = cash(opened)["USD"]
    first = account_acts.deposit(opened, "salary", "USD", D(1000))
    head = store.head()
    clock.advance(timedelta(minutes=5))
    assert account_acts.deposit(opened, "salary", "USD", D(1000)) == first
    assert store.head() == head
    assert cash(opened)["USD"] == before + 1000
    with pytest.raises(InvalidValueError, match="id must be unused, or repeat what it did"):
        account_acts.deposit(opened, "salary", "USD", D(1001))
    everything = cash(opened)["USD"]
    (out,) = account_acts.withdraw(opened, "all", "USD", everything)
    assert account_acts.withdraw(opened, "all", "USD", everything) == (out,)
    assert "USD" not in cash(opened)
    assert ledger.verify(opened).entries == 4


def test_cash_that_orders_keep_is_not_free(opened):
    opened.new_order_id = lambda: "rests"
    trading.place(opened, OrderTerms("buy", 10, CALL, limit_price=D("4.50"), time_in_force=TimeInForce.GTC))
    report = book.account(opened)
    assert report.buying_power < report.state.cash
    with pytest.raises(InvalidValueError, match=f"amount must be at most the {report.buying_power.normalize():f} USD"):
        account_acts.withdraw(opened, "w", "USD", report.state.cash)
    with pytest.raises(InvalidValueError, match="amount must be at most the 0 EUR that are free"):
        account_acts.convert(opened, "c", D(1), EURO)


def test_a_conversion_writes_its_rate_first_and_a_rate_has_one_value(opened, store):
    account_acts.deposit(opened, "d", "EUR", D(500))
    dollars = cash(opened)["USD"]
    (entry,) = account_acts.convert(opened, "c", D(200), EURO)
    assert account_acts.convert(opened, "c", D(200), EURO) == (entry,)
    assert cash(opened) == {"EUR": D(300), "USD": dollars + D("217.06")}
    named = store.find(entry.cause)
    assert named.event.payload["rate"] == "1.0853"
    assert named.seq < store.find(entry.id).seq
    again = ExchangeRate("EUR", "USD", D("1.09"), EURO.source, START)
    with pytest.raises(InvalidValueError, match="rate must be what ECB reference rate said"):
        account_acts.convert(opened, "c2", D(100), again)
    late = ExchangeRate("EUR", "USD", D("1.09"), "x", START + timedelta(days=1))
    with pytest.raises(InvalidValueError, match="rate must be of now or earlier"):
        account_acts.convert(opened, "c3", D(100), late)


def test_transfers_are_whole_and_done_once(opened, other):
    before = cash(opened)["USD"]
    account_acts.transfer_cash(opened, "t1", "other", "USD", D(250))
    moved = account_acts.transfer_position(opened, "t2", "other", CALL, D(2))
    assert account_acts.transfer_position(opened, "t2", "other", CALL, D(2)) == moved
    assert account_acts.transfer_cash(opened, "t1", "other", "USD", D(250))[0].id == "transfer/t1/out"
    with pytest.raises(InvalidValueError, match="id must be unused, or repeat its transfer"):
        account_acts.transfer_cash(opened, "t1", "other", "USD", D(251))
    assert cash(opened)["USD"] == before - 250
    assert book.account(opened).state.positions == ()
    (held,) = book.account(other).state.positions
    assert held.quantity == 3
    with pytest.raises(UnknownNameError, match="unknown account 'nobody'; known: other, paper-1"):
        account_acts.transfer_cash(opened, "t3", "nobody", "USD", D(1))
    ledger.verify(opened)


def test_lots_are_chosen_from_a_moment_on_and_the_past_stays(opened, store, clock, feed):
    clock.advance(timedelta(minutes=1))
    feed.prices[CALL] = (5.9, 6.1, 10, 10)
    opened.new_order_id = lambda: "second"
    trading.submit(opened, "buy", 2, CALL)
    since = account_acts.choose_lots(opened, "lifo")
    for moment, words in ((since - timedelta(seconds=1), "now or later"), (since, "when lots were chosen last")):
        with pytest.raises(InvalidValueError, match=words):
            account_acts.choose_lots(opened, "fifo", moment)
    clock.advance(timedelta(minutes=1))
    opened.new_order_id = lambda: "third"
    trading.submit(opened, "sell", 1, CALL)
    (lot,) = closed_lots(store.read())
    assert (lot.lot, lot.realised) == ("order/second/fill-1/entry", D(590 - 610))
    assert book.account(opened).state.lot_method == "lifo"


def test_an_account_opens_with_an_order_and_not_with_a_deposit(workspace):
    with pytest.raises(UnknownNameError, match="unknown account 'paper-1'"):
        account_acts.deposit(workspace, "d", "USD", D(1))
    with pytest.raises(UnknownNameError, match="unknown account 'paper-1'"):
        account_acts.choose_lots(workspace, "lifo")
