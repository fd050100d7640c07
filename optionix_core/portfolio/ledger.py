"""The double-entry ledger: entries as events, and the refusal of any that does not balance.

Every entry moves commodities (a currency or an instrument) between accounts; for each commodity its
postings sum to exactly zero. Accounts of a trading account `paper-1` on the venue `local-sim`:

    paper-1:cash        what can be spent             paper-1:positions   contracts held
    paper-1:fees        fees paid, an expense         paper-1:equity      what was paid in
    paper-1:income      dividends and interest        paper-1:receivable  dividends not paid yet
    paper-1:conversion  what currencies were changed  corporate:ACTION    the other side of a corporate action
    venue:local-sim     the other side of every trade and settlement      transit:ID   of a transfer, empty after it

A trade of `quantity` contracts for `cash` moves cash to the venue and contracts from it; its fee
moves cash to `fees` in the same entry. An expiry gives the contracts back for their settlement value. An entry of
several legs says in its `moves` which cash belongs to which leg; they must agree with its postings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, DecimalException
from typing import Final, cast, get_args

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import ZERO, add, decimal_text, multiply
from optionix_core.portfolio.moves import check_moves, moves_of, moves_payload
from optionix_core.portfolio.trades import Trade, carries_trades, trades_of
from optionix_core.portfolio.values import EntryKind, LedgerEntry, LotMethod, Posting
from optionix_core.portfolio.venue_market import VenueMarket
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Event, Json, made

ENTRY: Final = "ledger.entry"
ACCOUNT_OPENED: Final = "account.opened"
LOTS_CHOSEN: Final = "account.lots-chosen"

_KINDS: Final = frozenset(get_args(EntryKind))
LOT_METHODS: Final = frozenset(get_args(LotMethod))


def check_balanced(postings: Sequence[Posting]) -> None:
    """Raise InvalidValueError unless there are postings, none is zero and every commodity sums to exactly zero."""
    if len(postings) < 2:
        raise InvalidValueError("postings", len(postings), "at least 2")
    sums: dict[str, Decimal] = {}
    try:
        for posting in postings:
            commodity, amount = posting.commodity, posting.amount
            if not amount.is_finite() or not amount:
                raise InvalidValueError("amount", amount, f"finite and not zero ({posting.account})")
            sums[commodity] = add(sums.get(commodity, ZERO), amount)
    except DecimalException as error:
        raise InvalidValueError("amounts", type(error).__name__, "added without rounding") from error
    for commodity, total in sums.items():
        if total:
            raise InvalidValueError(f"sum of {commodity}", total, "exactly zero")


def opening_entry(account: str, currency: str, amount: Decimal, time: datetime) -> LedgerEntry:
    """`amount` paid into a new account; its id depends on the account alone, so it happens once."""
    memo = f"opening balance {decimal_text(amount)} {currency}"
    legs = [
        Posting(f"{account}:cash", currency, amount),
        Posting(f"{account}:equity", currency, amount.copy_negate()),
    ]
    return checked(
        LedgerEntry(
            f"account/{account}/opening", time, "opening", account, memo, tuple(legs), f"account/{account}/opened"
        )
    )


def trade_entry(
    *,
    entry_id: str,
    account: str,
    venue: str,
    symbol: str,
    currency: str,
    quantity: Decimal,
    price: Decimal,
    multiplier: Decimal,
    fee: Decimal,
    time: datetime,
    cause: str,
) -> LedgerEntry:
    """One fill: `quantity` signed (+ bought, - sold), `price` per unit of the underlying, `fee` positive or zero.

    One that names the lots that it closes is made by `combination.combination_entry`, of one leg.
    """
    cash = multiply(multiply(quantity, price), multiplier)
    memo = _memo(symbol, quantity, price)
    return _movement("trade", entry_id, account, venue, symbol, currency, quantity, cash, fee, time, memo, cause)


def entry_of_trade(trade: Trade) -> LedgerEntry:
    """The entry of a trade that is told inside the record of its order."""
    account, venue, symbol, quantity = trade.account, trade.venue, trade.symbol, trade.quantity
    memo = _memo(symbol, quantity, trade.price)
    return checked(
        _movement(
            "trade",
            trade.entry_id,
            account,
            venue,
            symbol,
            trade.currency,
            quantity,
            trade.cash,
            trade.fee,
            trade.time,
            memo,
            trade.cause,
        )
    )


def _memo(symbol: str, quantity: Decimal, price: Decimal) -> str:
    bought = "bought" if quantity > 0 else "sold"
    return f"{bought} {decimal_text(quantity.copy_abs())} {symbol} at {decimal_text(price)}"


def expiry_entry(
    *,
    entry_id: str,
    account: str,
    venue: str,
    symbol: str,
    currency: str,
    quantity: Decimal,
    value: Decimal,
    time: datetime,
    memo: str,
    cause: str,
) -> LedgerEntry:
    """All `quantity` contracts held (signed) given back for `value`, signed cash into the account (zero: worthless)."""
    back, cash = quantity.copy_negate(), value.copy_negate()
    return _movement("expiry", entry_id, account, venue, symbol, currency, back, cash, ZERO, time, memo, cause)


def _movement(
    kind: EntryKind,
    entry_id: str,
    account: str,
    venue: str,
    symbol: str,
    currency: str,
    quantity: Decimal,
    cash: Decimal,
    fee: Decimal,
    time: datetime,
    memo: str,
    cause: str,
) -> LedgerEntry:
    """`quantity` contracts from the venue against `cash` to it."""
    legs = [
        Posting(f"{account}:positions", symbol, quantity),
        Posting(f"venue:{venue}", symbol, quantity.copy_negate()),
        Posting(f"{account}:cash", currency, cash.copy_negate()),
        Posting(f"venue:{venue}", currency, cash),
        Posting(f"{account}:cash", currency, fee.copy_negate()),
        Posting(f"{account}:fees", currency, fee),
    ]
    return LedgerEntry(entry_id, time, kind, account, memo, tuple([leg for leg in legs if leg.amount]), cause)


def checked(entry: LedgerEntry) -> LedgerEntry:
    """The entry, if it balances and its moves agree with its postings; InvalidValueError otherwise."""
    check_balanced(entry.postings)
    check_moves(entry)
    return entry


def entry_event(entry: LedgerEntry) -> Event:
    """The event of an entry, which has the entry's id. Raises InvalidValueError where it does not balance."""
    checked(entry)
    payload: dict[str, Json] = {
        "account": entry.account,
        "cause": entry.cause,
        "kind": entry.kind,
        "memo": entry.memo,
        "postings": [
            {"account": leg.account, "amount": decimal_text(leg.amount), "commodity": leg.commodity}
            for leg in entry.postings
        ],
    }
    if entry.moves:
        payload["moves"] = moves_payload(entry.moves)
    return made(entry.id, ENTRY, entry.time, payload, entry)


def entries_of(event: Event) -> tuple[LedgerEntry, ...]:
    """Every entry that an event tells: itself, or those of its trades. Raises IntegrityError where it is malformed."""
    if event.type == ENTRY:
        return (entry_of(event),)
    if not carries_trades(event):
        return ()
    try:
        return tuple(entry_of_trade(trade) for trade in trades_of(event))
    except InvalidValueError as error:
        raise IntegrityError(f"a trade of {event.id} does not balance: {error}") from None


def entry_of(event: Event) -> LedgerEntry:
    """The entry of a `ledger.entry` event. Raises IntegrityError where it is malformed or does not balance."""
    if type(event.value) is LedgerEntry and event.type == ENTRY:
        return event.value
    payload = event.payload
    kind = fields.text(payload, "kind")
    if event.type != ENTRY or kind not in _KINDS:
        raise IntegrityError(f"{event.id} is no ledger entry (type {event.type}, kind {kind})")
    postings = tuple(_posting_of(leg) for leg in fields.objects(payload, "postings"))
    try:
        check_balanced(postings)
    except InvalidValueError as error:
        raise IntegrityError(f"entry {event.id} does not balance: {error}") from None
    entry = LedgerEntry(
        id=event.id,
        time=event.time,
        kind=cast(EntryKind, kind),
        account=fields.text(payload, "account"),
        memo=fields.text(payload, "memo"),
        postings=postings,
        cause=fields.optional_text(payload, "cause"),
        moves=moves_of(payload),
    )
    try:
        check_moves(entry)
    except InvalidValueError as error:
        raise IntegrityError(f"the moves of entry {event.id} are not its postings: {error}") from None
    return entry


def _posting_of(leg: Mapping[str, Json]) -> Posting:
    return Posting(fields.text(leg, "account"), fields.text(leg, "commodity"), fields.decimal(leg, "amount"))


def opened_id(account: str) -> str:
    """Id of the event that opens an account."""
    return f"account/{account}/opened"


def account_opened_event(
    account: str, venue: str, currency: str, time: datetime, market: VenueMarket | None = None
) -> Event:
    """An account begins and is bound to one venue for life, and to its `market` where that can be told.

    Its id depends on the account alone.
    """
    payload: dict[str, Json] = {"account": account, "currency": currency, "venue": venue}
    if market is not None:
        payload["market"] = market.spelled()
    return Event(opened_id(account), ACCOUNT_OPENED, time, payload)


def lots_chosen_event(account: str, method: LotMethod, time: datetime) -> Event:
    """From `time` on the account's closing trades close lots by `method`; one choice for one moment.

    Raises InvalidValueError for a method that there is not.
    """
    if method not in LOT_METHODS:
        raise InvalidValueError("method", repr(method), f"one of {', '.join(sorted(LOT_METHODS))}")
    return Event(f"account/{account}/lots/{time_text(time)}", LOTS_CHOSEN, time, {"account": account, "method": method})
