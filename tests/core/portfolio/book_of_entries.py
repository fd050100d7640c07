"""Entries folded into a book, with the laws that hold after every single one of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from optionix_core.portfolio.fold import BookFold
from optionix_core.portfolio.ledger import account_opened_event, entry_event, opening_entry, trade_entry
from optionix_core.portfolio.values import LedgerEntry
from optionix_core.sync import canonical
from optionix_core.sync.event import GENESIS, Event, Record

START = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
VENUE = "local-sim"


def opened(*accounts: str) -> list[Event]:
    events = []
    for account in accounts:
        events.append(account_opened_event(account, VENUE, "USD", START))
        events.append(entry_event(opening_entry(account, "USD", Decimal(100_000), START)))
    return events


def book(facts: Iterable[Event | LedgerEntry], *accounts: str) -> BookFold:
    """Of accounts that open with 100,000 dollars (`paper-1` where none is named), then of `facts`."""
    fold = BookFold()
    events = [entry_event(fact) if isinstance(fact, LedgerEntry) else fact for fact in facts]
    for event in (*opened(*(accounts or ("paper-1",))), *events):
        post(fold, event)
    return fold


def post(fold: BookFold, event: Event) -> None:
    read = canonical.decode(canonical.encode(event))
    fold.apply(Record(fold.head.seq + 1, read, b"", GENESIS))
    check(fold)


def check(fold: BookFold) -> None:
    """Debits equal credits; positions are their lots; the state's bytes lead to the same state."""
    sums: dict[str, Decimal] = {}
    for amounts in fold.balances().values():
        for commodity, amount in amounts.items():
            sums[commodity] = sums.get(commodity, Decimal(0)) + amount
    assert not any(sums.values()), sums
    for account in fold.accounts():
        held = {position.symbol: position for position in account.positions}
        for symbol, amount in fold.balances().get(f"{account.account}:positions", {}).items():
            assert (held[symbol].quantity if symbol in held else 0) == amount
        for position in account.positions:
            assert len({lot.quantity > 0 for lot in position.lots}) == 1
            assert sum(lot.cost for lot in position.lots) == position.cost
    assert BookFold.from_bytes(fold.to_bytes()).to_bytes() == fold.to_bytes()


def bought(
    number: object,
    symbol: str,
    quantity: int | Decimal,
    price: str | Decimal,
    *,
    multiplier: int = 100,
    account: str = "paper-1",
    currency: str = "USD",
    fee: str = "0",
    time: datetime = START,
) -> LedgerEntry:
    return trade_entry(
        entry_id=f"trade-{number}",
        account=account,
        venue=VENUE,
        symbol=symbol,
        currency=currency,
        quantity=Decimal(quantity),
        price=Decimal(price),
        multiplier=Decimal(multiplier),
        fee=Decimal(fee),
        time=time,
        cause=f"fill-{number}",
    )


def position(fold: BookFold, symbol: str, account: str = "paper-1"):
    state = fold.account(account)
    assert state is not None
    return next((item for item in state.positions if item.symbol == symbol), None)
