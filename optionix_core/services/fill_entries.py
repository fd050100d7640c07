"""Fills as events: each with the ledger entry of what it did, so that no reader sees the one without the other.

A fill of a combination is one event with all legs and one entry: no reader can see half a spread.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.portfolio.combination import TradeLeg, combination_entry
from optionix_core.portfolio.exact import ZERO, add
from optionix_core.portfolio.ledger import entry_event, trade_entry
from optionix_core.trading.gate_terms import open_lots
from optionix_core.trading.lots_wanted import closes_of
from optionix_core.trading.records import fill_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optionix_core.market.instruments import Security
    from optionix_core.portfolio.values import LedgerEntry, LotPick
    from optionix_core.services.draft import Draft
    from optionix_core.sync.event import Event
    from optionix_core.trading.orders import Fill, LotsWanted, OrderIntent


def combination_events(
    fill: Fill, intent: OrderIntent, venue: str, instruments: Mapping[str, Security]
) -> tuple[Event, Event]:
    """A fill of all legs and its one ledger entry; what was traded of a leg at one price stands there once."""
    traded: dict[tuple[str, Decimal], int] = {}
    fees: dict[tuple[str, Decimal], Decimal] = {}
    for leg in fill.legs:
        key = (leg.symbol, leg.price)
        traded[key], fees[key] = traded.get(key, 0) + leg.quantity, add(fees.get(key, ZERO), leg.fee)
    legs = [
        TradeLeg(symbol, Decimal(quantity), price, instruments[symbol].multiplier, instruments[symbol].currency)
        for (symbol, price), quantity in traded.items()
    ]
    entry = combination_entry(
        entry_id=f"{fill.fill_id}/entry",
        account=intent.account,
        venue=venue,
        legs=legs,
        fee=fill.fee,
        fees=list(fees.values()),
        time=fill.filled_at,
        cause=fill.fill_id,
    )
    return fill_event(fill, intent), entry_event(entry)


def fill_events(
    fill: Fill, intent: OrderIntent, venue: str, instrument: Security, closes: tuple[LotPick, ...] = ()
) -> tuple[Event, Event]:
    """A fill and its ledger entry; `closes` are the lots that it names."""
    if closes:
        return fill_event(fill, intent), entry_event(_entry_of_lots(fill, intent, venue, instrument, closes))
    entry = trade_entry(
        entry_id=f"{fill.fill_id}/entry",
        account=intent.account,
        venue=venue,
        symbol=intent.symbol,
        currency=instrument.currency,
        quantity=Decimal(intent.side.sign * fill.quantity),
        price=fill.price,
        multiplier=instrument.multiplier,
        fee=fill.fee,
        time=fill.filled_at,
        cause=fill.fill_id,
    )
    return fill_event(fill, intent), entry_event(entry)


def _entry_of_lots(
    fill: Fill, intent: OrderIntent, venue: str, instrument: Security, closes: tuple[LotPick, ...]
) -> LedgerEntry:
    quantity = Decimal(intent.side.sign * fill.quantity)
    leg = TradeLeg(intent.symbol, quantity, fill.price, instrument.multiplier, instrument.currency, closes)
    return combination_entry(
        entry_id=f"{fill.fill_id}/entry",
        account=intent.account,
        venue=venue,
        legs=[leg],
        fee=fill.fee,
        time=fill.filled_at,
        cause=fill.fill_id,
    )


def closed_lots(
    draft: Draft, intent: OrderIntent, wanted: LotsWanted, filled: int, quantity: int
) -> tuple[LotPick, ...]:
    """The lots that a fill of an order closes by name, once `filled` of it are filled."""
    account = draft.book.account(intent.account)
    lots = () if account is None else open_lots(account.positions, intent.symbol)
    return closes_of(wanted, lots, filled, quantity)
