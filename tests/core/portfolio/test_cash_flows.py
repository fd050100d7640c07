"""Deposits, interest, dividends and conversions: what they move, and that nothing else does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.portfolio import exchange_rates, interest
from optionix_core.portfolio.cash_flows import (
    adjustment_entry,
    deposit_entry,
    fee_entry,
    interest_entry,
    withdrawal_entry,
)
from optionix_core.portfolio.currency_units import rounded, smallest_unit
from optionix_core.portfolio.dividends import CashDividend, declared_event, ex_entry, holders_at, pay_entry
from optionix_core.portfolio.exchange_rates import ExchangeRate, conversion_entry, net_worth, rate_event, require
from optionix_core.portfolio.ledger import entry_event
from optionix_core.portfolio.values import Posting
from optionix_core.sync.memory import MemoryEventStore

from .book_of_entries import START, book, bought, opened, position

D = Decimal
WHERE = {"account": "paper-1", "time": START}
EURO = ExchangeRate("EUR", "USD", D("1.0853"), "ECB reference rate", START)
COIN = ExchangeRate("BTC", "USD", D("91234.56"), "Deribit index", START)


def test_what_is_paid_in_or_out_is_equity_and_no_gain():
    fold = book(
        [
            deposit_entry(entry_id="d", currency="USD", amount=D(500), **WHERE),
            withdrawal_entry(entry_id="w", currency="USD", amount=D("120.50"), **WHERE),
            fee_entry(entry_id="f", currency="USD", amount=D(12), memo="market data of March", **WHERE),
            adjustment_entry(
                entry_id="a", currency="USD", amount=D("-0.01"), memo="fee of fill 7 was a cent low", **WHERE
            ),
        ]
    )
    account = fold.account("paper-1")
    assert account.cash == 100_000 + 500 - D("120.50") - 12 - D("0.01")
    assert account.opening_balance == 100_000 + 500 - D("120.50")
    assert (account.fees, account.realised_pnl, account.income) == (D(12), D(0), D(0))
    assert fold.balance("paper-1:adjustments", "USD") == D("0.01")


@pytest.mark.parametrize(
    ("make", "more", "message"),
    [
        (deposit_entry, {"amount": D(0)}, "amount must be finite and above 0"),
        (withdrawal_entry, {"amount": D(-5)}, "amount must be finite and above 0"),
        (deposit_entry, {"amount": D("0.001")}, "amount must be in whole smallest units of USD"),
        (adjustment_entry, {"amount": D(1), "memo": "  "}, "memo must be a sentence that says why"),
        (interest_entry, {"amount": D(0), "memo": "x"}, "amount must be finite and not zero"),
        (deposit_entry, {"amount": D("NaN")}, "amount must be finite"),
    ],
)
def test_flows_of_nothing_or_without_a_word_are_refused(make, more, message):
    with pytest.raises(InvalidValueError, match=message):
        make(entry_id="x", currency="USD", **more, **WHERE)


def test_the_unit_of_an_unknown_currency_is_not_guessed():
    assert [smallest_unit(name) for name in ("USD", "JPY", "BTC", "KWD")] == [D("0.01"), D(1), D("1e-8"), D("0.001")]
    with pytest.raises(MissingDataError, match="smallest unit of XQQ is not known"):
        deposit_entry(entry_id="x", currency="XQQ", amount=D(1), **WHERE)


def test_thirty_360_counts_days_as_isda_does():
    # 2006 ISDA Definitions, section 4.16(f): months of thirty days.
    cases = {
        (date(2007, 1, 15), date(2007, 1, 30)): 15,
        (date(2007, 1, 15), date(2007, 2, 15)): 30,
        (date(2007, 9, 30), date(2008, 3, 31)): 180,
        (date(2007, 9, 30), date(2007, 10, 31)): 30,
        (date(2007, 9, 30), date(2008, 9, 30)): 360,
        (date(2007, 1, 15), date(2007, 1, 31)): 16,
        (date(2007, 1, 31), date(2007, 2, 28)): 28,
        (date(2007, 2, 28), date(2007, 3, 31)): 33,
        (date(2006, 8, 31), date(2007, 2, 28)): 178,
    }
    assert {pair: interest.days(*pair, "30/360") for pair in cases} == cases


def test_interest_is_by_day_at_a_named_rate_and_rounded_once():
    credit = interest.InterestRate("SOFR less 0.50%", D("0.0383"), "ACT/360", "New York Fed, 2026-03-02")
    debit = interest.InterestRate("margin", D("0.0583"), "ACT/360", "house schedule")
    balances = [(date(2026, 3, 2), D(10_000)), (date(2026, 3, 12), D(-3_000)), (date(2026, 3, 22), D(0))]
    found = interest.on_cash(balances, date(2026, 4, 1), "USD", credit, debit)
    by_hand = Fraction(10_000) * Fraction("0.0383") * 10 / 360 - Fraction(3_000) * Fraction("0.0583") * 10 / 360
    assert found.amount == D("5.78")
    assert abs(Fraction(found.amount) - by_hand) <= Fraction(1, 200)
    for word in (
        "SOFR less 0.50% 3.83% ACT/360 (New York Fed, 2026-03-02)",
        "margin 5.83%",
        "2026-03-02 to 2026-04-01",
    ):
        assert word in found.memo
    with pytest.raises(MissingDataError, match=r"2026-03-12 is -3000 USD, and no debit rate"):
        interest.on_cash(balances, date(2026, 4, 1), "USD", credit)
    with pytest.raises(InvalidValueError, match="date must be after 2026-03-12"):
        interest.on_cash([*balances[:2], balances[1]], date(2026, 4, 1), "USD", credit, debit)
    fold = book([interest_entry(entry_id="i", currency="USD", amount=found.amount, memo=found.memo, **WHERE)])
    assert fold.account("paper-1").income == found.amount


@given(cents=st.integers(1, 10**12), parts=st.lists(st.integers(1, 60), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_period_cut_into_parts_bears_the_same_interest_before_rounding(cents, parts):
    rate = interest.InterestRate("r", D("0.04"), "ACT/365F", "test")
    start, balance = date(2026, 1, 1), D(cents) / 100
    cut = [start + timedelta(days=sum(parts[:row])) for row in range(len(parts))]
    until = start + timedelta(days=sum(parts))
    whole = interest.on_cash([(start, balance)], until, "USD", rate).amount
    assert interest.on_cash([(day, balance) for day in cut], until, "USD", rate).amount == whole


DIVIDEND = CashDividend("ORBIT", D("0.235"), "USD", date(2026, 3, 12), date(2026, 3, 12), date(2026, 3, 20), "issuer")
EX = datetime(2026, 3, 12, 4, tzinfo=UTC)


def test_a_dividend_is_owed_to_who_is_long_and_by_who_is_short_when_the_ex_date_begins():
    early, late = EX - timedelta(minutes=1), EX + timedelta(minutes=1)
    trades = [
        bought(1, "ORBIT", 300, "210", multiplier=1, time=early),
        bought(2, "ORBIT", -200, "210", multiplier=1, account="paper-2", time=early),
        bought(3, "ORBIT", -300, "209", multiplier=1, time=late),  # sold on the ex-date, and still entitled
        bought(4, "ORBIT", 100, "209", multiplier=1, account="paper-3", time=EX),  # bought on it, and not
    ]
    accounts = ("paper-1", "paper-2", "paper-3")
    store = MemoryEventStore()
    with store.writing("test") as log:
        log.append([*opened(*accounts), *(entry_event(trade) for trade in trades)])
    held = holders_at(store.read(), "ORBIT", EX)
    assert held == {"paper-1": D(300), "paper-2": D(-200)}
    owed = [ex_entry(DIVIDEND, account, quantity, EX) for account, quantity in held.items()]
    fold = book([*trades, declared_event(DIVIDEND, START), *owed], *accounts)
    assert fold.account("paper-1").receivable == (("USD", D("70.50")),)
    assert fold.account("paper-2").receivable == (("USD", D("-47.00")),)
    before = fold.account("paper-1").cash
    paid = [pay_entry(DIVIDEND, account, quantity, EX + timedelta(days=8)) for account, quantity in held.items()]
    fold = book([*trades, declared_event(DIVIDEND, START), *owed, *paid], *accounts)
    assert fold.account("paper-1").cash - before == D("70.50")
    assert [fold.account(name).income for name in accounts] == [D("70.50"), D("-47.00"), D(0)]
    assert [fold.account(name).receivable for name in accounts] == [(), (), ()]


def test_a_dividend_paid_before_its_record_date_is_refused():
    with pytest.raises(InvalidValueError, match="pay_date must be 2026-03-12 or later"):
        CashDividend("A", D(1), "USD", date(2026, 3, 12), date(2026, 3, 12), date(2026, 3, 11), "issuer")


def test_a_conversion_moves_two_currencies_at_a_rate_that_an_event_names():
    entry = conversion_entry(entry_id="c", account="paper-1", amount=D("250.01"), rate=EURO, time=START)
    assert entry.postings == (
        Posting("paper-1:cash", "EUR", D("-250.01")),
        Posting("paper-1:conversion", "EUR", D("250.01")),
        Posting("paper-1:cash", "USD", D("271.34")),  # 250.01 x 1.0853 = 271.335853
        Posting("paper-1:conversion", "USD", D("-271.34")),
    )
    assert entry.cause == rate_event(EURO).id
    assert "1.0853 USD per EUR (ECB reference rate)" in entry.memo
    fold = book([deposit_entry(entry_id="d", currency="EUR", amount=D(1000), **WHERE), rate_event(EURO), entry])
    account = fold.account("paper-1")
    assert account.cash_by_currency == (("EUR", D("749.99")), ("USD", D("100271.34")))
    assert account.cash == D("100271.34")  # the euros are not in it


@given(cents=st.integers(1, 10**11), rate=st.decimals("0.01", "500", places=4))
@settings(max_examples=80, deadline=None)
def test_a_conversion_is_never_off_by_more_than_half_a_unit(cents, rate):
    named = ExchangeRate("EUR", "USD", rate, "test", START)
    amount = D(cents) / 100
    exact = Fraction(amount) * Fraction(rate)
    if exact < Fraction(1, 100):
        return
    entry = conversion_entry(entry_id="c", account="paper-1", amount=amount, rate=named, time=START)
    assert abs(Fraction(entry.postings[2].amount) - exact) <= Fraction(1, 200)


def test_a_position_in_another_currency_has_its_cost_and_profit_there():
    symbol = "BTC-27NOV26-100000-C"
    fold = book(
        [
            deposit_entry(entry_id="d", currency="BTC", amount=D(1), **WHERE),
            bought(1, symbol, 2, "0.05", multiplier=1, currency="BTC", fee="0.0006"),
            bought(2, symbol, -1, "0.07", multiplier=1, currency="BTC", fee="0.0003"),
        ]
    )
    account = fold.account("paper-1")
    held = position(fold, symbol)
    assert (held.currency, held.cost, held.realised_pnl, held.fees) == ("BTC", D("0.05"), D("0.02"), D("0.0009"))
    assert (account.cash, account.realised_pnl) == (D(100_000), D(0))
    assert account.realised_by_currency == (("BTC", D("0.02")),)
    assert dict(account.cash_by_currency)["BTC"] == 1 - D("0.1") + D("0.07") - D("0.0009")


def test_worth_names_every_rate_that_it_lacks_and_is_then_not_told():
    amounts = {"USD": D(1000), "EUR": D(100), "BTC": D("0.5"), "JPY": D(0)}
    worth = net_worth(amounts, "USD", [EURO])
    assert (worth.value, worth.missing) == (None, ("BTC",))
    with pytest.raises(MissingDataError, match="no exchange rate is known for BTC to USD"):
        require(worth)
    assert require(net_worth(amounts, "USD", [EURO, COIN])) == 1000 + D("108.53") + D("45617.28")
    inverse = net_worth({"USD": D(100)}, "EUR", [EURO])
    assert inverse.value == rounded(Fraction(100) / Fraction("1.0853"), "EUR") == D("92.14")
    assert inverse.parts[0].rate is EURO


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": D(0)}, "rate must be finite and positive"),
        ({"quote": "EUR"}, "another currency than EUR"),
        ({"source": ""}, "source must be printable words"),
    ],
)
def test_a_rate_without_a_source_or_a_size_is_refused(change, message):
    fields = {"base": "EUR", "quote": "USD", "rate": D(1), "source": "s", "at": START, **change}
    with pytest.raises(InvalidValueError, match=message):
        ExchangeRate(**fields)
    assert rate_event(EURO).type == exchange_rates.RATE_NAMED
