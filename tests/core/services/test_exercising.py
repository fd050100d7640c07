"""Exercise, assignment and expiry of American options that deliver shares, on a feed made for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import pytest
from steady_feed import CALL, EXPIRES_AT, START, SteadyFeed

from optionix_core.errors import InvalidValueError, MissingDataError, RefusedError
from optionix_core.market import products
from optionix_core.market.products import Product
from optionix_core.portfolio.exercise_instructions import Instruction, fate
from optionix_core.portfolio.expiry_calendar import ExpiryMarket
from optionix_core.portfolio.ledger import account_opened_event, entry_event, opening_entry, trade_entry
from optionix_core.services import book, exercising, expiring, lifecycle

D = Decimal
CALL_S, PUT_S = "TESTS 260320C00100000", "TESTS 260320P00100000"
products.register(Product("TESTS", "TESTS", multiplier=D(100)))


@dataclass
class ShareFeed(SteadyFeed):
    """The steady feed with American options on a share beside the index's."""

    def instrument(self, symbol):
        if not symbol.startswith("TESTS"):
            return super().instrument(symbol)
        base = super().instrument(symbol.replace("TESTS", "TESTI"))
        return replace(base, symbol=symbol, root="TESTS", underlying="TESTS", exercise="american")

    def quote(self, symbol, moment):
        self.prices.setdefault(symbol, (3.0, 3.2, 10, 10))
        return super().quote(symbol, moment)


@pytest.fixture
def shares():
    return ShareFeed()


@pytest.fixture
def at(workspace_on, shares, clock):
    def make(after=timedelta(0), **choices):
        clock.moment = START + after
        return workspace_on(feed=shares, **choices)

    return make


def give(workspace, account, symbol, quantity, price="3", multiplier=100):
    """Open the account where it is not, and put a position in it."""
    with workspace.store.writing("test") as log, workspace.desk.lock:
        workspace.desk.follow(log)
        events = []
        if workspace.desk.book.venue_of(account) is None:
            events = [
                account_opened_event(account, "local-sim", "USD", START),
                entry_event(opening_entry(account, "USD", D(100_000), START)),
            ]
        entry = trade_entry(
            entry_id=f"given/{account}/{symbol}/{quantity}",
            account=account,
            venue="local-sim",
            symbol=symbol,
            currency="USD",
            quantity=D(quantity),
            price=D(price),
            multiplier=D(multiplier),
            fee=D(0),
            time=START,
            cause="test",
        )
        workspace.desk.append(log, [*events, entry_event(entry)])


def held(workspace):
    """Positions and cash of every account, after bringing the venue up to now."""
    lifecycle.bring_up_to_date(workspace)
    workspace.desk.follow(workspace.store)
    return {
        state.account: ({item.symbol: int(item.quantity) for item in state.positions}, state.cash)
        for state in workspace.desk.book.accounts()
    }


LATER = EXPIRES_AT - START + timedelta(hours=1)


def test_what_is_in_the_money_is_exercised_by_exception_and_delivers_shares_at_the_strike(at, store):
    give(at(), "paper-1", CALL_S, 2)
    give(at(), "paper-1", PUT_S, 1)
    after = held(at(LATER))["paper-1"]
    assert after == ({"TESTS": 200}, D(100_000) - 900 - 20_000)
    assert store.find(f"account/paper-1/expiry/{PUT_S}") is not None
    kinds = [record.event.type for record in store.read()]
    assert (kinds.count("option.exercised"), kinds.count("settlement.fixed")) == (1, 1)
    book.verify(at(LATER))


def test_a_short_is_assigned_where_its_holder_exercises_by_exception(at):
    give(at(), "paper-1", CALL_S, -2)
    give(at(), "paper-1", "TESTS", 200, "90", 1)
    assert held(at(LATER))["paper-1"] == ({}, D(100_000) + 600 - 18_000 + 20_000)


def test_a_cent_in_the_money_is_exercised_and_less_is_not(at, shares):
    shares.spot_price = 100.01
    give(at(), "paper-1", CALL_S, 1)
    assert held(at(LATER))["paper-1"][0] == {"TESTS": 100}
    one = shares.instrument(CALL_S)
    assert fate(one, D(1), D("100.00")).contracts == 0
    assert fate(one, D(1), D("100.01")).contracts == 1


def test_contrary_instructions_hold_for_the_contracts_that_they_name_and_the_last_one_counts(at, store):
    give(at(), "paper-1", CALL_S, 5)
    exercising.instruct(at(), CALL_S, "expire")
    exercising.instruct(at(timedelta(minutes=1)), CALL_S, "expire", 2)
    head = store.head()
    exercising.instruct(at(timedelta(minutes=2)), CALL_S, "expire", 2)
    assert store.head() == head
    assert held(at(LATER))["paper-1"][0] == {"TESTS": 300}


def test_an_option_out_of_the_money_is_exercised_where_its_holder_says_so(at, shares):
    shares.spot_price = 99.0
    give(at(), "paper-1", CALL_S, 2)
    exercising.instruct(at(), CALL_S, "exercise", 1)
    assert held(at(LATER))["paper-1"][0] == {"TESTS": 100}


def test_a_cash_settled_option_can_be_given_up_and_never_pays_less_than_nothing(at, shares):
    give(at(), "paper-1", CALL, 3)
    exercising.instruct(at(), CALL, "expire", 1)
    assert held(at(LATER))["paper-1"] == ({}, D(100_000) - 900 + 2 * D("346.00"))
    out = Instruction("paper-1", CALL, "exercise", 1, START)
    assert fate(shares.instrument(CALL), D(1), D(90), out).contracts == 0


def test_early_exercise_delivers_at_once_and_once_for_its_id(at, store):
    give(at(), "paper-1", CALL_S, 3)
    tried = exercising.exercise(at(), CALL_S, 2, "x", dry_run=True)
    assert (tried.delivery.shares, tried.delivery.cash) == (200, -20_000)
    assert "option.exercised" not in {record.event.type for record in store.read()}
    done = exercising.exercise(at(), CALL_S, 2, "x")
    assert (done.contracts, done.assigned, done.replayed) == (2, (), False)
    assert held(at(timedelta(hours=1)))["paper-1"][0] == {CALL_S: 1, "TESTS": 200}
    head = store.head()
    again = exercising.exercise(at(timedelta(hours=1)), CALL_S, 2, "x")
    assert (again.replayed, again.contracts, store.head()) == (True, 2, head)
    with pytest.raises(InvalidValueError, match="id must be unused, or repeat its exercise: exercised 2 TESTS"):
        exercising.exercise(at(timedelta(hours=1)), CALL_S, 1, "x")
    book.verify(at(timedelta(hours=1)))


def test_an_early_exercise_assigns_by_lottery_and_never_more_than_is_short(at, shares):
    give(at(), "paper-1", CALL_S, 5)
    for name in ("one", "two"):
        give(at(), name, CALL_S, -3)
        give(at(), name, "TESTS", 300, "90", 1)
    done = exercising.exercise(at(), CALL_S, 5, "x")
    drawn = dict(done.assigned)
    assert 4 <= sum(drawn.values()) <= 5  # of 7 short contracts one is the street's
    after = held(at(timedelta(hours=1)))
    for name in ("one", "two"):
        assert after[name][0].get(CALL_S, 0) == -3 + drawn.get(name, 0)
        assert after[name][0].get("TESTS", 0) == 300 - 100 * drawn.get(name, 0)
    assert exercising.exercise(at(timedelta(hours=1)), CALL_S, 5, "x").assigned == done.assigned


def test_who_is_assigned_is_not_guessed_where_no_open_interest_is_known(at, shares, monkeypatch):
    give(at(), "paper-1", CALL_S, 1)
    give(at(), "one", CALL_S, -1)
    quote = shares.quote(CALL_S, START)
    monkeypatch.setattr(shares, "quote", lambda *_: replace(quote, open_interest=None))
    with pytest.raises(MissingDataError, match="who is assigned cannot be drawn: one short"):
        exercising.exercise(at(), CALL_S)


def test_what_cannot_be_exercised_is_named_and_nothing_is_written(at, store):
    give(at(), "paper-1", CALL_S, 20)
    give(at(), "paper-1", PUT_S, 1)
    give(at(), "paper-1", CALL, 1)
    head = store.head()
    refused = [
        (CALL, None, InvalidValueError, "exercise style must be american"),
        (CALL_S, 21, InvalidValueError, r"quantity must be 1 to 20, which are held .got 21."),
        (CALL_S, 0, InvalidValueError, r"quantity must be 1 to 20"),
        (CALL_S, 20, RefusedError, "takes 200000 USD, 9"),
        (PUT_S, 1, RefusedError, "delivers 100 TESTS, 0 held"),
    ]
    for symbol, quantity, error, words in refused:
        with pytest.raises(error, match=words):
            exercising.exercise(at(), symbol, quantity)
    with pytest.raises(InvalidValueError, match="account must be open"):
        exercising.exercise(at(account="other"), CALL_S)
    with pytest.raises(InvalidValueError, match="symbol must be not expired"):
        exercising.instruct(at(LATER), CALL_S, "expire")
    assert store.head().seq >= head.seq


def test_an_option_that_may_stand_behind_a_sold_one_is_not_exercised_early(at):
    give(at(), "paper-1", CALL_S, 1)
    give(at(), "paper-1", "TESTS 260320C00110000", -1)
    with pytest.raises(RefusedError, match="may stand behind TESTS 260320C00110000"):
        exercising.exercise(at(), CALL_S)


def test_the_calendar_advises_to_exercise_a_deep_put_now_and_never_a_call_without_a_dividend(at, shares, monkeypatch):
    """Hull, section 11.5 and 11.6: a call on a share that pays nothing is held, a put deep in the money is not."""
    shares.spot_price = 40.0
    give(at(), "paper-1", PUT_S, 1)
    monkeypatch.setattr(expiring, "_market", lambda *_: ExpiryMarket(40.0, 0.05, 0.0, 0.2))
    assert expiring.calendar(at()).advice[PUT_S].exercise
    monkeypatch.setattr(expiring, "_market", lambda *_: ExpiryMarket(160.0, 0.05, 0.0, 0.2))
    assert expiring.calendar(at()).advice == {}
    give(at(), "paper-1", CALL_S, 1)
    assert not expiring.calendar(at()).advice[CALL_S].exercise


def test_the_preview_shows_the_shares_that_would_come_and_leaves_the_log_alone(at, store):
    give(at(), "paper-1", CALL_S, 3)
    exercising.instruct(at(), CALL_S, "expire", 1)
    head = store.head()
    (one,) = expiring.next_expiry(at(timedelta(seconds=1))).positions
    assert (one.fate.contracts, one.fate.expired, one.shares, one.cash) == (2, 1, 200, -20_000)
    assert store.head() == head
