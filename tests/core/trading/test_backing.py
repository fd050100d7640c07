"""A loss without a bound is no leave to sell more, whatever else works."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from optionix_core.portfolio.values import AccountState, Lot, Position
from optionix_core.services.feeds import open_feed
from optionix_core.trading.backing import backing
from optionix_core.trading.gate_power import backed
from optionix_core.trading.orders import OrderLeg
from optionix_core.trading.terms import OrderTerms, intent_of_terms

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
CALL, PUT = "ORBIT 270115C00220000", "ORBIT 270115P00200000"
ZERO = Decimal(0)


def _needs(shares, *legs):
    feed = open_feed("sim")
    lot = Lot(Decimal(shares), Decimal(200 * shares), NOW, "assigned")
    held = Position("paper-1", "ORBIT", Decimal(shares), lot.cost, ZERO, ZERO, NOW, (lot,))
    cash = Decimal(100_000)
    account = AccountState("paper-1", "local-sim", "USD", cash, cash, ZERO, ZERO, (held,))
    terms = OrderTerms("buy", 1, legs=tuple(OrderLeg(*leg) for leg in legs), limit_price=ZERO)
    return backing(account, (), intent_of_terms(terms, "paper-1", "first", NOW), None, feed.instrument)


def test_shares_short_by_an_assignment_do_not_let_a_combination_sell_calls():
    needs = _needs(-100, (PUT, 1), (CALL, -1))
    assert needs.after.unbounded == ("ORBIT",)
    told = backed(needs, Decimal(100_000), ZERO, "", closes=False)
    assert not told.passed
    assert told.detail == "needs margin: the loss on ORBIT has no bound"


def test_nor_do_shares_that_are_held_refuse_it():
    assert backed(_needs(100, (PUT, 1), (CALL, -1)), Decimal(100_000), ZERO, "", closes=False).passed


def test_what_only_buys_passes_though_a_loss_has_no_bound():
    needs = _needs(-100, (PUT, 1), (CALL, 1))
    assert backed(needs, Decimal(100_000), ZERO, "", closes=False).passed
