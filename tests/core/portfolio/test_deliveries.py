"""Exercise and assignment: shares against the strike, premium realised or carried, coins for inverse options."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market.instruments import Instrument
from optionix_core.market.option_type import OptionType
from optionix_core.portfolio import exercise
from optionix_core.portfolio.corporate_actions import split
from optionix_core.portfolio.deliveries import act_event, delivery_entry, in_cash, physical, premium_of
from optionix_core.portfolio.ledger import entry_event

from .book_of_entries import VENUE, book, bought, position, post

D = Decimal
EXPIRES = datetime(2026, 9, 18, 20, 0, tzinfo=UTC)


def instrument(letter="C", strike=60, **more):
    kind = OptionType.CALL if letter == "C" else OptionType.PUT
    base = {
        "symbol": f"QUARK 260918{letter}{strike * 1000:08d}",
        "root": "QUARK",
        "underlying": "QUARK",
        "expiry": EXPIRES.date(),
        "expires_at": EXPIRES,
        "option_type": kind,
        "strike": D(strike),
        "multiplier": D(100),
        "currency": "USD",
        "exercise": "american",
        "settlement": "PM",
    }
    return Instrument(**{**base, **more})


def delivered(act, item, delivery, **more):
    return entry_event(
        delivery_entry(
            act=act,
            entry_id=f"{act}/{item.symbol}",
            account="paper-1",
            venue=VENUE,
            instrument=item,
            delivery=delivery,
            time=EXPIRES,
            cause="settlement",
            **more,
        )
    )


@pytest.mark.parametrize(
    ("act", "letter", "held", "shares", "cash"),
    [
        ("exercise", "C", 2, 200, -12_000),
        ("exercise", "P", 2, -200, 12_000),
        ("assignment", "C", -2, -200, 12_000),
        ("assignment", "P", -2, 200, -12_000),
    ],
)
def test_shares_move_against_the_strike_and_the_premium_is_realised(act, letter, held, shares, cash):
    item = instrument(letter)
    fold = book([bought(1, item.symbol, held, "3")])
    before = fold.account("paper-1").cash
    post(fold, delivered(act, item, physical(act, item, 2), fee=D("5.00")))
    account = fold.account("paper-1")
    stock = position(fold, "QUARK")
    assert position(fold, item.symbol) is None
    assert (stock.quantity, stock.cost) == (D(shares), D(-cash))
    assert account.cash - before == cash - 5
    assert account.realised_pnl == D(-held * 300)
    assert account.fees == 5


@given(
    trades=st.lists(st.tuples(st.integers(1, 5), st.decimals("0.05", "20", places=2)), min_size=1, max_size=4),
    act=st.sampled_from(["exercise", "assignment"]),
    letter=st.sampled_from("CP"),
    later=st.decimals("1", "200", places=2),
    data=st.data(),
)
@settings(max_examples=80, deadline=None)
def test_carried_or_realised_the_premium_counts_once(trades, act, letter, later, data):
    item = instrument(letter)
    sign = 1 if act == "exercise" else -1
    entries = [bought(row, item.symbol, sign * quantity, price) for row, (quantity, price) in enumerate(trades)]
    total = sum(quantity for quantity, _ in trades)
    contracts = data.draw(st.integers(1, total))
    results = []
    for carry in (False, True):
        fold = book(entries)
        carried = premium_of(position(fold, item.symbol), contracts) if carry else D(0)
        post(fold, delivered(act, item, physical(act, item, contracts), carried=carried))
        account = fold.account("paper-1")
        if carry:
            assert account.realised_pnl == 0
        stock = position(fold, "QUARK")
        post(fold, entry_event(bought("out", "QUARK", -stock.quantity, later, multiplier=1)))
        account = fold.account("paper-1")
        results.append((account.cash, account.realised_pnl))
        left = position(fold, item.symbol)
        assert (left.quantity if left else 0) == sign * (total - contracts)
    assert results[0] == results[1]


def test_an_adjusted_option_delivers_what_its_adjustment_says():
    adjustment = split("QUARK 260918C00060000", 1, 3, "QUARK1")
    item = instrument(symbol=adjustment.new_symbol, root="QUARK1")
    fold = book([bought(1, item.symbol, 1, "3")])
    with pytest.raises(MissingDataError, match="cash in lieu of 1/3 share"):
        physical("exercise", item, 1, adjustment.deliverable)
    fixed = adjustment.deliverable.with_cash_in_lieu(D("180.10"))
    post(fold, delivered("exercise", item, physical("exercise", item, 1, fixed)))
    stock = position(fold, "QUARK")
    # 33 shares for 100 x 60, less the 60.03 that come with them.
    assert (stock.quantity, stock.cost) == (D(33), D("5939.97"))
    assert fold.account("paper-1").cash == 100_000 - 300 - D("5939.97")


def test_a_cash_settled_option_pays_its_intrinsic_value():
    item = instrument("P", 60, exercise="european")
    fold = book([bought(1, item.symbol, -3, "2")])
    delivery = in_cash("assignment", item, 3, D("57.25"))
    assert delivery.cash == -3 * 100 * D("2.75")
    post(fold, delivered("assignment", item, delivery))
    account = fold.account("paper-1")
    assert (account.positions, account.realised_pnl) == ((), D(600) - D("825.00"))


def test_an_inverse_option_pays_coins():
    item = instrument(
        symbol="BTC-18SEP26-60000-C", root="BTC", underlying="BTC", strike=60_000, multiplier=D(1), currency="BTC",
        inverse=True,
    )  # fmt: skip
    fold = book([bought(1, item.symbol, 2, "0.05", multiplier=1, currency="BTC")])
    delivery = in_cash("exercise", item, 2, D(90_000))
    assert (delivery.cash, delivery.currency) == (D("0.66666667"), "BTC")
    assert delivery.cash == exercise.inverse_settlement("call", 60_000, 90_000, 2)
    post(fold, delivered("exercise", item, delivery))
    account = fold.account("paper-1")
    assert account.cash_by_currency == (("BTC", D("0.56666667")), ("USD", D(100_000)))
    assert account.realised_by_currency == (("BTC", D("0.56666667")),)
    assert account.cash == 100_000


def test_shares_that_come_in_net_against_shares_that_are_short():
    item = instrument()
    fold = book([bought(1, item.symbol, 1, "3"), bought(2, "QUARK", -150, "70", multiplier=1)])
    post(fold, delivered("exercise", item, physical("exercise", item, 1)))
    stock = position(fold, "QUARK")
    assert (stock.quantity, stock.cost, stock.realised_pnl) == (D(-50), D(-3500), D(1000))


def test_an_act_is_an_event_of_its_own_and_nothing_is_exercised_by_halves():
    event = act_event("assignment", "paper-1", instrument(), 2, EXPIRES, "drawn: 2 of 7 short")
    assert (event.type, event.payload["contracts"]) == ("option.assigned", 2)
    for wrong in (0, -1, True, 1.5):
        with pytest.raises(InvalidValueError, match="contracts must be a whole number above 0"):
            physical("exercise", instrument(), wrong)
    item = instrument("C", exercise="european")
    paid = in_cash("exercise", item, 1, D(70))
    with pytest.raises(InvalidValueError, match="carried must be zero where no shares move"):
        delivered("exercise", item, paid, carried=D(5))
