"""Histories of every kind of entry in any order: the laws of the ledger after each, the same bytes from any prefix."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.market.instruments import Instrument
from optionix_core.market.option_type import OptionType
from optionix_core.portfolio.cash_flows import deposit_entry, interest_entry, withdrawal_entry
from optionix_core.portfolio.combination import TradeLeg, combination_entry
from optionix_core.portfolio.corporate_actions import split
from optionix_core.portfolio.corporate_entries import cash_in_lieu_entry, option_entry, share_split_entry
from optionix_core.portfolio.deliverables import CLAIM, kind_of
from optionix_core.portfolio.deliveries import delivery_entry, physical
from optionix_core.portfolio.dividends import CashDividend, ex_entry, pay_entry
from optionix_core.portfolio.exchange_rates import ExchangeRate, conversion_entry
from optionix_core.portfolio.fold import BookFold, closed_lots
from optionix_core.portfolio.ledger import entry_event, lots_chosen_event
from optionix_core.portfolio.transfers import position_transfer
from optionix_core.sync import canonical
from optionix_core.sync.event import GENESIS, Record

from .book_of_entries import START, VENUE, book, bought, check, opened

D = Decimal
EXPIRES = datetime(2026, 9, 18, 20, 0, tzinfo=UTC)
OPTION = Instrument(
    symbol="QUARK 260918C00060000",
    root="QUARK",
    underlying="QUARK",
    expiry=EXPIRES.date(),
    expires_at=EXPIRES,
    option_type=OptionType.CALL,
    strike=D(60),
    multiplier=D(100),
    currency="USD",
    exercise="american",
    settlement="PM",
)
PUT = "QUARK 260918P00060000"
EURO = ExchangeRate("EUR", "USD", D("1.0853"), "ECB reference rate", START)


def combination(fold, number, size, price, now):
    legs = [TradeLeg(OPTION.symbol, D(size), price, D(100), "USD"), TradeLeg(PUT, D(-size), price, D(100), "USD")]
    common = {"entry_id": f"c{number}", "account": "paper-1", "venue": VENUE, "cause": "f", "time": now}
    return [combination_entry(legs=legs, fee=D("1.31"), **common)]


def shares(fold, number, size, price, now):
    return [bought(number, "QUARK", size * 10, price, multiplier=1, time=now)]


def splits(fold, number, size, price, now):
    held = positions(fold)
    found = []
    if OPTION.symbol in held:
        found.append(option_entry(held[OPTION.symbol], split(OPTION.symbol, 2, 1), f"s{number}", now))
    if "QUARK" in held:
        found.append(share_split_entry(held["QUARK"], 3, 7, f"s{number}", now))
    return found


def dividend(fold, number, size, price, now):
    held = positions(fold).get("QUARK")
    if held is None:
        return []
    day = date(2026, 4, 1) + timedelta(days=number)
    one = CashDividend("QUARK", D("0.35"), "USD", day, day, day, "issuer")
    return [step(one, "paper-1", held.quantity, now) for step in (ex_entry, pay_entry)]


def cash(fold, number, size, price, now):
    make = deposit_entry if size > 0 else withdrawal_entry
    common = {"account": "paper-1", "currency": "USD", "time": now}
    return [
        make(entry_id=f"d{number}", amount=D(abs(size)), **common),
        interest_entry(entry_id=f"i{number}", amount=D(size) / 100, memo="interest", **common),
    ]


def conversion(fold, number, size, price, now):
    return [conversion_entry(entry_id=f"v{number}", account="paper-1", amount=D(abs(size)), rate=EURO, time=now)]


def transfer(fold, number, size, price, now):
    held = positions(fold)
    if not held:
        return []
    symbol = min(held)
    accounts = (fold.account("paper-1"), fold.account("paper-2"))
    return list(position_transfer(f"t{number}", *accounts, symbol, held[symbol].quantity, now))


def delivery(fold, number, size, price, now):
    held = positions(fold).get(OPTION.symbol)
    if held is None:
        return []
    act = "exercise" if held.quantity > 0 else "assignment"
    common = {"entry_id": f"x{number}", "account": "paper-1", "venue": VENUE, "cause": "s", "time": now}
    return [delivery_entry(act=act, instrument=OPTION, delivery=physical(act, OPTION, 1), **common)]


def method(fold, number, size, price, now):
    return [lots_chosen_event("paper-1", "lifo" if size > 0 else "fifo", now)]


def positions(fold):
    return {item.symbol: item for item in fold.account("paper-1").positions}


ACTS = (combination, shares, splits, dividend, cash, conversion, transfer, delivery, method)


@given(
    acts=st.lists(
        st.tuples(st.sampled_from(ACTS), st.integers(-5, 5).filter(bool), st.integers(1, 9_999)),
        min_size=1,
        max_size=14,
    ),
    data=st.data(),
)
@settings(max_examples=80, deadline=None)
def test_every_history_balances_and_folds_to_the_same_bytes_from_any_prefix(acts, data):
    fold = book([], "paper-1", "paper-2")
    events = opened("paper-1", "paper-2")
    for number, (act, size, cents) in enumerate(acts):
        for fact in act(fold, number, size, D(cents) / 100, START + timedelta(hours=number + 1)):
            event = canonical.decode(canonical.encode(entry_event(fact) if hasattr(fact, "postings") else fact))
            events.append(event)
            fold.apply(Record(fold.head.seq + 1, event, b"", GENESIS))
            check(fold)
        for item in fold.account("paper-1").positions:
            assert kind_of(item.symbol) in ("option", "share", "claim")
    records = [Record(seq, event, b"", GENESIS) for seq, event in enumerate(events, 1)]
    cut = data.draw(st.integers(0, len(records)))
    start = BookFold()
    for record in records[:cut]:
        start.apply(record)
    resumed = BookFold.from_bytes(start.to_bytes())
    for record in records[cut:]:
        resumed.apply(record)
    assert resumed.to_bytes() == fold.to_bytes()
    realised = {}
    for lot in closed_lots(records):
        realised[lot.account] = realised.get(lot.account, D(0)) + lot.realised
    for account in fold.accounts():
        assert account.realised_pnl == realised.get(account.account, D(0))


def test_every_claim_of_a_history_can_be_paid():
    fold = book([bought(1, "QUARK", 10, "21.17", multiplier=1)])
    held = fold.account("paper-1").positions[0]
    fold.apply(Record(fold.head.seq + 1, entry_event(share_split_entry(held, 3, 7, "s", START)), b"", GENESIS))
    claim = next(item for item in fold.account("paper-1").positions if item.symbol.startswith(CLAIM))
    assert claim.quantity == 2  # 30/7 = 4 2/7
    entry = cash_in_lieu_entry(claim, 7, D(49), "s", START)
    fold.apply(Record(fold.head.seq + 1, entry_event(entry), b"", GENESIS))
    check(fold)
    assert fold.account("paper-1").cash == 100_000 - D("211.70") + 14
