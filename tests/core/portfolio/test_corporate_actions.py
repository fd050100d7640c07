"""Splits, special dividends, new symbols: terms as the clearing house adjusts them, positions that keep their cost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.portfolio.corporate_actions import announced_event, special_dividend, split, symbol_change
from optionix_core.portfolio.corporate_entries import (
    cash_in_lieu_entry,
    claim_symbol,
    option_entry,
    share_split_entry,
    symbol_change_entry,
)
from optionix_core.portfolio.deliverables import Deliverable, PendingFraction, kind_of, standard
from optionix_core.portfolio.ledger import entry_event

from .book_of_entries import START, book, bought, position, post

D = Decimal
CALL_60 = "QUARK 260918C00060000"
EFFECTIVE = START + timedelta(days=2)


def test_a_whole_split_multiplies_contracts_and_divides_the_strike():
    # ODD, chapter II: one XYZ 60 on 100 shares becomes two XYZ 30 on 100 shares after a 2 for 1 split.
    found = split(CALL_60, 2, 1)
    assert (found.new_symbol, found.contracts, found.strike) == ("QUARK 260918C00030000", 2, D(30))
    assert (found.multiplier, found.deliverable) == (D(100), standard("QUARK"))
    assert split("QUARK 260918C00025000", 3, 1).strike == D("8.33")


def test_an_odd_split_changes_what_is_delivered_and_the_strike():
    # ODD, chapter II: an XYZ 50 becomes an option on 150 shares at 33.33 after a 3 for 2 split.
    found = split("QUARK 260918P00050000", 3, 2, "QUARK1")
    assert (found.new_symbol, found.contracts, found.strike) == ("QUARK1260918P00033330", 1, D("33.33"))
    assert (found.multiplier, found.deliverable) == (D(150), Deliverable("QUARK", D(150)))
    assert split(CALL_60, 5, 4, "QUARK1").deliverable.shares == 125


def test_a_reverse_split_delivers_fewer_shares_for_the_same_money():
    found = split(CALL_60, 1, 10, "QUARK1")
    assert (found.new_symbol, found.contracts, found.strike, found.multiplier) == (
        "QUARK1260918C00060000",
        1,
        D(60),
        D(100),
    )
    assert found.deliverable == Deliverable("QUARK", D(10))
    third = split(CALL_60, 1, 3, "QUARK1").deliverable
    assert (third.shares, third.pending) == (D(33), PendingFraction(1, 3))
    with pytest.raises(MissingDataError, match="cash in lieu of 1/3 share of QUARK is not fixed yet"):
        third.settled()
    assert third.with_cash_in_lieu(D("180.10")).settled() == Deliverable("QUARK", D(33), D("60.03"))


def test_a_special_dividend_lowers_the_strike_or_is_delivered():
    lower = special_dividend(CALL_60, D("3.50"))
    assert (lower.new_symbol, lower.strike, lower.deliverable) == (
        "QUARK 260918C00056500",
        D("56.5"),
        standard("QUARK"),
    )
    given_out = special_dividend(CALL_60, D("3.50"), "QUARK1")
    assert (given_out.strike, given_out.deliverable) == (D(60), Deliverable("QUARK", D(100), D(350)))
    assert special_dividend(CALL_60, D("0.125")).strike == D("59.875")


def test_a_new_symbol_changes_names_alone():
    found = symbol_change(CALL_60, "NOVA")
    assert (found.new_symbol, found.contracts, found.deliverable) == ("NOVA  260918C00060000", 1, standard("NOVA"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: split(CALL_60, 3, 2), "new_root must be given, and another than QUARK"),
        (lambda: split(CALL_60, 2, 1, "QUARK1"), "new_root must be none"),
        (lambda: split(CALL_60, 4, 3, "QUARK1"), "split must be a split after which 100 shares are a whole number"),
        (lambda: split(CALL_60, 0, 3, "QUARK1"), "new must be a whole number above 0"),
        (lambda: split(CALL_60, 2, 2), "split must be a change"),
        (
            lambda: split("QUARK1260918C00060000", 2, 1),
            "symbol must be an option on shares that no action has adjusted",
        ),
        (lambda: split("SPX   260918C00060000", 2, 1), "symbol must be an option on shares"),
        (lambda: special_dividend(CALL_60, D("0.12")), r"per_share must be 12\.50 or more a contract"),
        (lambda: special_dividend(CALL_60, D(60)), "per_share must be below the strike of 60"),
        (lambda: symbol_change(CALL_60, "QUARK"), "new_root must be given, and another"),
    ],
)
def test_what_these_rules_do_not_tell_is_refused(make, message):
    with pytest.raises(InvalidValueError, match=message):
        make()


def adjusted(trades, adjustment):
    fold = book([*trades, announced_event("orbit-split", "split", EFFECTIVE, "issuer")])
    before = position(fold, adjustment.symbol)
    post(fold, entry_event(option_entry(before, adjustment, "orbit-split", EFFECTIVE)))
    return before, fold


@given(
    trades=st.lists(
        st.tuples(st.integers(-6, 6).filter(bool), st.decimals("0.05", "20", places=2)), min_size=1, max_size=6
    ).filter(lambda items: sum(quantity for quantity, _ in items)),
    ratio=st.sampled_from([(2, 1), (3, 1), (3, 2), (1, 10), (1, 3)]),
)
@settings(max_examples=60, deadline=None)
def test_an_adjusted_position_keeps_cost_dates_and_names_and_realises_nothing(trades, ratio):
    new, old = ratio
    adjustment = split(CALL_60, new, old, None if new % old == 0 else "QUARK1")
    entries = [bought(row, CALL_60, quantity, price) for row, (quantity, price) in enumerate(trades)]
    before, fold = adjusted(entries, adjustment)
    after = position(fold, adjustment.new_symbol)
    assert position(fold, CALL_60) is None
    assert (after.quantity, after.cost) == (before.quantity * adjustment.contracts, before.cost)
    assert [(lot.id, lot.cost, lot.opened_at) for lot in after.lots] == [
        (lot.id, lot.cost, lot.opened_at) for lot in before.lots
    ]
    account = fold.account("paper-1")
    assert account.realised_pnl == before.realised_pnl
    assert account.cash == 100_000 - sum(D(quantity) * price * 100 for quantity, price in trades)


SHARES = st.lists(st.tuples(st.integers(1, 60), st.decimals("0.01", "300", places=2)), min_size=1, max_size=5)


@given(lots=SHARES, short=st.booleans(), ratio=st.sampled_from([(2, 1), (3, 2), (7, 3), (1, 10), (2, 7), (1, 200)]))
@settings(max_examples=120, deadline=None)
def test_shares_after_a_split_are_whole_and_the_fraction_is_a_claim_with_its_part_of_the_cost(lots, short, ratio):
    new, old = ratio
    sign = -1 if short else 1
    trades = [bought(row, "QUARK", sign * quantity, price, multiplier=1) for row, (quantity, price) in enumerate(lots)]
    fold = book(trades)
    before = position(fold, "QUARK")
    post(fold, entry_event(share_split_entry(before, new, old, "s", EFFECTIVE)))
    whole, parts = divmod(abs(int(before.quantity)) * new, old)
    after, claim = position(fold, "QUARK"), position(fold, claim_symbol("QUARK", "s"))
    assert (after.quantity if after else 0) == sign * whole
    assert (claim.quantity if claim else 0) == sign * parts
    assert (after.cost if after else 0) + (claim.cost if claim else 0) == before.cost
    assert fold.account("paper-1").realised_pnl == 0
    if after:
        assert all(lot.quantity == lot.quantity.to_integral_value() for lot in after.lots)
        assert {lot.id for lot in after.lots} <= {lot.id for lot in before.lots}
    if claim:
        cash = fold.account("paper-1").cash
        post(fold, entry_event(cash_in_lieu_entry(claim, old, D("41.37"), "s", EFFECTIVE)))
        account = fold.account("paper-1")
        paid = account.cash - cash
        assert abs(paid - sign * D(parts) * D("41.37") / old) <= D("0.005")
        assert account.realised_pnl == paid - claim.cost
        assert position(fold, claim_symbol("QUARK", "s")) is None


def test_a_split_three_for_two_of_a_hundred_and_one_shares_by_hand():
    # 101 shares become 151.5: 151, and a claim to 1 of 2 parts with 1/303 of the cost.
    fold = book([bought(1, "QUARK", 101, "30.30", multiplier=1)])
    post(fold, entry_event(share_split_entry(position(fold, "QUARK"), 3, 2, "s", EFFECTIVE)))
    claim = position(fold, claim_symbol("QUARK", "s"))
    assert (position(fold, "QUARK").quantity, claim.quantity, claim.cost) == (D(151), D(1), D("10.10"))
    post(fold, entry_event(cash_in_lieu_entry(claim, 2, D("20.26"), "s", EFFECTIVE)))
    assert fold.account("paper-1").realised_pnl == D("0.03")  # 20.26 / 2 = 10.13, less 10.10


def test_shares_under_a_new_symbol_are_the_same_shares():
    fold = book([bought(1, "QUARK", 70, "30.30", multiplier=1)])
    before = position(fold, "QUARK")
    post(fold, entry_event(symbol_change_entry(before, "NOVA", "n", EFFECTIVE)))
    assert position(fold, "QUARK") is None
    assert position(fold, "NOVA").lots == before.lots


def test_entries_of_another_position_and_of_no_change_are_refused():
    fold = book([bought(1, "QUARK", 70, "30.30", multiplier=1), bought(2, CALL_60, 1, "2")])
    shares = position(fold, "QUARK")
    with pytest.raises(InvalidValueError, match=f"symbol must be {CALL_60}"):
        option_entry(shares, split(CALL_60, 2, 1), "s", EFFECTIVE)
    with pytest.raises(InvalidValueError, match="split must be a change"):
        share_split_entry(shares, 1, 1, "s", EFFECTIVE)
    with pytest.raises(InvalidValueError, match="symbol must be a claim to cash in lieu"):
        cash_in_lieu_entry(shares, 2, D(1), "s", EFFECTIVE)
    with pytest.raises(InvalidValueError, match="price must be finite and above 0"):
        cash_in_lieu_entry(shares, 2, D(0), "s", EFFECTIVE)


def test_keys_of_the_ledger_tell_what_they_stand_for():
    found = [kind_of(key) for key in (CALL_60, "BTC-27NOV26-100000-C", "QUARK", "BRK.B", claim_symbol("QUARK", "s"))]
    assert found == ["option", "option", "share", "share", "claim"]
    with pytest.raises(InvalidValueError, match="symbol must be an option's key"):
        kind_of("not a key")
