from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, Inexact

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.portfolio.exact import decimal_of, decimal_of_float, exact_arithmetic
from optionix_core.portfolio.ledger import (
    check_balanced,
    entry_event,
    entry_of,
    expiry_entry,
    opening_entry,
    trade_entry,
)
from optionix_core.portfolio.values import Posting
from optionix_core.sync import canonical
from optionix_core.sync.event import Event

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
SYMBOL = "TESTI 260320C00100000"
AMOUNTS = st.decimals(min_value="-1e9", max_value="1e9", places=6).filter(bool)
PRICES = st.decimals(min_value="0", max_value="1e6", places=4)


def _trade(quantity=Decimal(2), price=Decimal("1.25"), fee=Decimal("1.30")):
    return trade_entry(
        entry_id="order/a/fill-1/entry",
        account="paper-1",
        venue="local-sim",
        symbol=SYMBOL,
        currency="USD",
        quantity=quantity,
        price=price,
        multiplier=Decimal(100),
        fee=fee,
        time=NOW,
        cause="order/a/fill-1",
    )


def test_a_trade_moves_contracts_against_cash_and_pays_its_fee():
    assert _trade().postings == (
        Posting("paper-1:positions", SYMBOL, Decimal(2)),
        Posting("venue:local-sim", SYMBOL, Decimal(-2)),
        Posting("paper-1:cash", "USD", Decimal(-250)),
        Posting("venue:local-sim", "USD", Decimal(250)),
        Posting("paper-1:cash", "USD", Decimal("-1.30")),
        Posting("paper-1:fees", "USD", Decimal("1.30")),
    )


@given(
    quantity=st.integers(-10_000, 10_000).filter(bool),
    price=PRICES,
    fee=st.decimals(min_value="0", max_value="100", places=2),
)
@settings(max_examples=60, deadline=None)
def test_every_trade_balances_in_every_commodity_and_survives_its_bytes(quantity, price, fee):
    entry = _trade(Decimal(quantity), price, fee)
    sums = {}
    for leg in entry.postings:
        sums[leg.commodity] = sums.get(leg.commodity, Decimal(0)) + leg.amount
    assert set(sums.values()) == {Decimal(0)}
    assert entry_of(canonical.decode(canonical.encode(entry_event(entry)))) == entry


@given(amounts=st.lists(AMOUNTS, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_postings_balance_exactly_or_are_refused(amounts):
    legs = [Posting(f"a{row}", "USD", amount) for row, amount in enumerate(amounts)]
    total = sum(amounts, Decimal(0))
    if total:
        check_balanced([*legs, Posting("rest", "USD", -total)])
        with pytest.raises(InvalidValueError, match=r"sum of USD must be exactly zero|postings must be at least 2"):
            check_balanced(legs)
    elif len(legs) > 1:
        check_balanced(legs)


def test_a_balance_of_two_commodities_together_is_no_balance():
    with pytest.raises(InvalidValueError, match="sum of USD must be exactly zero"):
        check_balanced([Posting("a", "USD", Decimal(1)), Posting("b", "EUR", Decimal(-1))])


@pytest.mark.parametrize("amount", [Decimal(0), Decimal("NaN"), Decimal("Infinity")])
def test_a_posting_of_nothing_is_refused(amount):
    with pytest.raises(InvalidValueError, match="amount must be finite and not zero"):
        check_balanced([Posting("a", "USD", amount), Posting("b", "USD", amount)])


def test_a_sum_that_would_round_is_refused():
    with pytest.raises(InvalidValueError, match="without rounding"):
        check_balanced([Posting("a", "USD", Decimal("1e60")), Posting("b", "USD", Decimal("1e-10"))])


def test_an_opening_and_a_worthless_expiry_are_entries_too():
    opening = opening_entry("paper-1", "USD", Decimal(100_000), NOW)
    assert opening.postings == (
        Posting("paper-1:cash", "USD", Decimal(100_000)),
        Posting("paper-1:equity", "USD", Decimal(-100_000)),
    )
    expiry = expiry_entry(
        entry_id="e",
        account="paper-1",
        venue="local-sim",
        symbol=SYMBOL,
        currency="USD",
        quantity=Decimal(2),
        value=Decimal(0),
        time=NOW,
        memo="expired worthless",
        cause="settlement",
    )
    assert expiry.postings == (
        Posting("paper-1:positions", SYMBOL, Decimal(-2)),
        Posting("venue:local-sim", SYMBOL, Decimal(2)),
    )


def test_an_event_out_of_balance_is_an_integrity_error():
    event = entry_event(_trade())
    legs = list(event.payload["postings"])
    legs[0] = {**legs[0], "amount": "3"}
    forged = replace(event, payload={**event.payload, "postings": legs})
    with pytest.raises(IntegrityError, match=r"order/a/fill-1/entry does not balance: sum of TESTI"):
        entry_of(forged)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("kind", "gift", "is no ledger entry"),
        ("kind", 3, "field kind must be a string"),
        ("postings", "none", "field postings must be a list"),
        ("postings", ["a"], "field postings must be a list of objects"),
        ("memo", None, "field memo must be a string"),
        ("postings", [{"account": "a", "commodity": "USD", "amount": "1.0"}] * 2, "amount must be written '1'"),
        ("postings", [{"account": "a", "commodity": "USD", "amount": "much"}] * 2, "amount must be a decimal number"),
        ("postings", [{"account": "a", "commodity": "USD", "amount": 1}] * 2, "field amount must be a string"),
    ],
)
def test_a_malformed_entry_names_its_field(field, value, message):
    event = entry_event(_trade())
    with pytest.raises(IntegrityError, match=message):
        entry_of(Event(event.id, event.type, event.time, {**event.payload, field: value}))


def test_exact_arithmetic_raises_where_it_would_round():
    with exact_arithmetic():
        assert Decimal(1) / Decimal(8) == Decimal("0.125")
        with pytest.raises(Inexact):
            Decimal(1) / Decimal(3)


def test_a_float_of_a_feed_becomes_the_decimal_that_was_quoted():
    assert decimal_of_float(1.15, "price") == Decimal("1.15")
    assert decimal_of("1.15", "price") == Decimal("1.15")
    with pytest.raises(InvalidValueError, match="price must be finite"):
        decimal_of_float(float("nan"), "price")
