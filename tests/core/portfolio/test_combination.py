from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.portfolio.combination import TradeLeg, combination_entry, net_cash
from optionix_core.portfolio.currency_units import apportion
from optionix_core.portfolio.ledger import entry_event, entry_of
from optionix_core.sync.event import Event

from .book_of_entries import START, VENUE, book, position

D = Decimal
SYMBOLS = tuple(f"TESTI 260320C00{strike}000" for strike in (100, 105, 110, 115))


def leg(symbol, quantity, price, currency="USD"):
    return TradeLeg(symbol, D(quantity), D(price), D(100), currency)


def entry(legs, fee="0", number=1):
    return combination_entry(
        entry_id=f"order/c/fill-{number}/entry",
        account="paper-1",
        venue=VENUE,
        legs=legs,
        fee=D(fee),
        time=START,
        cause=f"order/c/fill-{number}",
    )


def test_an_iron_condor_is_one_entry_with_its_exact_net_cash_and_one_fee():
    legs = [
        leg(SYMBOLS[0], 2, "0.35"),
        leg(SYMBOLS[1], -2, "1.10"),
        leg(SYMBOLS[2], -2, "1.25"),
        leg(SYMBOLS[3], 2, "0.40"),
    ]
    assert net_cash(legs) == 200 * (D("0.35") - D("1.10") - D("1.25") + D("0.40"))
    fold = book([entry(legs, "5.21")])
    account = fold.account("paper-1")
    assert account.cash == 100_000 + 320 - D("5.21")
    assert account.fees == D("5.21")
    assert {item.symbol: (item.quantity, item.cost, item.fees) for item in account.positions} == {
        SYMBOLS[0]: (D(2), D(70), D("1.31")),
        SYMBOLS[1]: (D(-2), D(-220), D("1.30")),
        SYMBOLS[2]: (D(-2), D(-250), D("1.30")),
        SYMBOLS[3]: (D(2), D(80), D("1.30")),
    }


LEGS = st.lists(
    st.tuples(st.sampled_from(SYMBOLS), st.integers(-5, 5).filter(bool), st.decimals("0.00", "40.00", places=2)),
    min_size=1,
    max_size=4,
    unique_by=lambda item: item[0],
)


@given(fills=st.lists(st.tuples(LEGS, st.decimals("0.00", "9.99", places=2)), max_size=6))
@settings(max_examples=60, deadline=None)
def test_legs_net_into_positions_and_cash_is_what_was_paid(fills):
    made = [
        (entry([leg(*item) for item in legs], fee, number), [leg(*item) for item in legs], fee)
        for number, (legs, fee) in enumerate(fills)
    ]
    fold = book([item for item, _, _ in made])  # the laws are checked after every entry
    account = fold.account("paper-1")
    assert account.cash == 100_000 - sum(net_cash(legs) + fee for _, legs, fee in made)
    assert account.fees == sum(fee for _, _, fee in made)
    for symbol in SYMBOLS:
        held = sum(item.quantity for _, legs, _ in made for item in legs if item.symbol == symbol)
        found = position(fold, symbol)
        assert (found.quantity if found else 0) == held


@given(
    total=st.decimals("-999.99", "999.99", places=2),
    weights=st.lists(st.integers(0, 50), min_size=1, max_size=6).filter(any),
)
@settings(max_examples=100, deadline=None)
def test_parts_of_an_amount_add_up_to_it_and_are_near_their_weight(total, weights):
    parts = apportion(total, [D(weight) for weight in weights])
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - total * weight / sum(weights)) < D("0.01")


@pytest.mark.parametrize(
    ("legs", "fee", "message"),
    [
        ([], "0", "legs must be at least 1"),
        ([leg(SYMBOLS[0], 1, "1"), leg(SYMBOLS[0], 1, "1")], "0", "symbol must be in one leg only .* at row 1"),
        ([leg(SYMBOLS[0], 1, "1"), leg(SYMBOLS[1], 1, "1", "EUR")], "0", "currency must be USD"),
        ([leg(SYMBOLS[0], 0, "1")], "0", "quantity must be finite and not zero"),
        ([leg(SYMBOLS[0], 1, "NaN")], "0", "price must be finite"),
        ([leg(SYMBOLS[0], 1, "1")], "-1", "fee must be finite and not negative"),
    ],
)
def test_what_is_no_combination_is_refused(legs, fee, message):
    with pytest.raises(InvalidValueError, match=message):
        entry(legs, fee)


def test_moves_that_say_something_else_than_the_postings_are_an_integrity_error():
    event = entry_event(entry([leg(SYMBOLS[0], 1, "2"), leg(SYMBOLS[1], -1, "1")]))
    moves = [dict(item) for item in event.payload["moves"]]
    for field, value, message in (
        ("cost", "150", "USD of moves must be nothing beyond the postings of cash"),
        ("quantity", "2", "of moves must be nothing beyond the postings of positions"),
        ("quantity", "0", "quantity must be not zero"),
    ):
        forged = [{**moves[0], field: value}, *moves[1:]]
        with pytest.raises(IntegrityError, match=message):
            entry_of(Event(event.id, event.type, event.time, {**event.payload, "moves": forged}))
    assert "moves" in event.payload


def test_an_entry_of_one_instrument_keeps_the_bytes_that_it_always_had():
    from .book_of_entries import bought

    assert set(entry_event(bought(1, SYMBOLS[0], 1, "2")).payload) == {"account", "cause", "kind", "memo", "postings"}
