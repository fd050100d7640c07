"""Shares, claims and dividends in the account's report: marked at their own price, left out where none is known."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from steady_feed import CALL, START

from optionix_core.market.quote import Quote
from optionix_core.portfolio.corporate_entries import cash_in_lieu_entry, claim_symbol, share_split_entry
from optionix_core.portfolio.dividends import CashDividend, declared_event, ex_entry, pay_entry
from optionix_core.portfolio.ledger import entry_event, trade_entry
from optionix_core.services import book, lifecycle, trading
from optionix_core.services.book_view import BookViewer
from optionix_core.services.chain_view import ChainViewer

D = Decimal


@pytest.fixture
def holding(workspace, feed, monkeypatch):
    """An account with 101 shares of the underlying at 100, which now stand at 103.40 to 103.60."""

    def spot(underlying, moment):
        return Quote(underlying, feed.name, moment, moment, bid=103.4, ask=103.6, bid_size=1, ask_size=1)

    monkeypatch.setattr(feed, "spot", spot)
    trading.submit(workspace, "buy", 2, CALL)
    bought = trade_entry(
        entry_id="shares",
        account="paper-1",
        venue="local-sim",
        symbol="TESTI",
        currency="USD",
        quantity=D(101),
        price=D(100),
        multiplier=D(1),
        fee=D(0),
        time=START,
        cause="delivery",
    )
    write(workspace, bought)
    return workspace


def write(workspace, *facts):
    with workspace.store.writing("test") as log, workspace.desk.lock:
        workspace.desk.follow(log)
        workspace.desk.append(log, [entry_event(fact) if hasattr(fact, "postings") else fact for fact in facts])


def test_shares_are_marked_at_the_mid_of_their_own_quote(holding):
    report = book.account(holding)
    value = next(item for item in report.positions if item.position.symbol == "TESTI")
    assert (value.mark.price, value.market_value, value.unrealised_pnl) == (D("103.5"), D("10453.5"), D("353.5"))
    assert value.day_pnl == D("353.5")
    assert report.nlv == report.state.cash + 1000 + D("10453.5")  # the calls at 5, see test_book
    row = next(item for item in book.to_json(report)["positions"] if item["symbol"] == "TESTI")
    assert (row["label"], row["underlying"], row["expiry"], row["strike"], row["multiplier"]) == (
        "TESTI",
        "TESTI",
        None,
        None,
        1,
    )
    assert lifecycle.bring_up_to_date(holding).unsettled == ()


def test_a_view_gives_shares_a_delta_of_one_and_no_days(holding):
    view = BookViewer(holding, ChainViewer(holding.feed)).view(START)
    line = next(line for line in view.lines if line.symbol == "TESTI")
    assert (line.expiry, line.days, line.greeks.delta, line.greeks.dollar_delta) == (None, None, 101.0, 10453.5)
    assert (line.greeks.gamma, line.greeks.iv) == (0.0, None)


def test_a_dividend_is_worth_its_amount_from_the_ex_date_on(holding):
    before = book.account(holding).nlv
    day = date(2026, 3, 10)
    one = CashDividend("TESTI", D("0.50"), "USD", day, day, date(2026, 3, 20), "issuer")
    write(holding, declared_event(one, START), ex_entry(one, "paper-1", D(101), START))
    owed = book.account(holding)
    assert owed.nlv == before + D("50.50")
    assert book.to_json(owed)["receivable"] == {"USD": 50.5}
    write(holding, pay_entry(one, "paper-1", D(101), START))
    paid = book.account(holding)
    assert (paid.nlv, paid.state.income, paid.state.receivable) == (owed.nlv, D("50.50"), ())


def test_a_claim_has_no_mark_until_it_is_paid(holding):
    shares = next(item for item in book.account(holding).state.positions if item.symbol == "TESTI")
    write(holding, share_split_entry(shares, 3, 2, "split-1", START))
    report = book.account(holding)
    name = claim_symbol("TESTI", "split-1")
    value = next(item for item in report.positions if item.position.symbol == name)
    assert (value.market_value, value.mark.reason) == (None, "cash in lieu, not paid yet")
    assert [(item.symbol, item.reason) for item in report.unmarked] == [(name, "cash in lieu, not paid yet")]
    row = next(item for item in book.to_json(report)["positions"] if item["symbol"] == name)
    assert (row["label"], row["underlying"], row["mark"]) == ("cash in lieu of TESTI", "TESTI", None)
    write(holding, cash_in_lieu_entry(value.position, 2, D(69), "split-1", START))
    after = book.account(holding)
    assert after.unmarked == ()
    assert after.state.cash - report.state.cash == D("34.50")
