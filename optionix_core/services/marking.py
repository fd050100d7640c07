"""Marks of one account's positions at a moment, and what each of them brought since the last close.

A position is marked by its own venue's feed and by no other; what cannot be marked says why.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Final

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.market import sessions, symbols
from optionix_core.market.products import product
from optionix_core.portfolio.deliverables import kind_of, label_of
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.portfolio.flows import Flow
from optionix_core.portfolio.valuation import (
    Mark,
    PositionValue,
    day_pnl,
    mark_of,
    no_mark,
    value_position,
    value_share,
)

if TYPE_CHECKING:
    from optionix_core.market.instruments import Instrument
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.portfolio.fold import BookFold
    from optionix_core.portfolio.values import AccountState

SHARES_CALENDAR: Final = "XNYS"
"""Sessions of a share whose symbol no product bears."""


class Marker:
    """Marks the positions of one account at one moment; hold the lock of the desk whose book it is."""

    def __init__(self, book: BookFold, venue_feed: QuoteSource, state: AccountState, now: datetime, here: str) -> None:
        """`here` is the venue that trades on `venue_feed`."""
        self._book = book
        self._feed = venue_feed if state.venue == here else None
        """A position is marked by its own venue's feed and by no other."""
        self._state = state
        self._now = now
        self._held = {position.symbol: position for position in state.positions}

    def value(self, symbol: str) -> PositionValue:
        """The position in `symbol`, marked."""
        position = self._held[symbol]
        if kind_of(symbol) == "claim":
            unpaid = no_mark("cash in lieu, not paid yet")
            return PositionValue(position, None, unpaid, None, None, None, unpaid.reason)
        instrument, mark = self._mark(symbol)
        try:
            close = self._last_close(symbol)
            flow = self._flows(close).get(symbol, Flow())
        except MissingDataError as error:
            price = value_share if kind_of(symbol) == "share" else partial(value_position, instrument=instrument)
            value = price(position, mark=mark, flow=Flow(), close=None)
            return PositionValue(position, instrument, mark, value.market_value, value.unrealised_pnl, None, str(error))
        share = kind_of(symbol) == "share"
        at_close = None if instrument is None and not share else self._mark_at(symbol, close)
        if share:
            return value_share(position, mark, flow, at_close)
        return value_position(position, instrument, mark, flow, at_close)

    def day_of_account(self, values: tuple[PositionValue, ...]) -> tuple[Decimal | None, str | None]:
        """Day P&L of what is held and of what was closed since the last close."""
        total = ZERO
        for item in values:
            if item.day_pnl is None:
                return None, f"{label_of(item.position.symbol)}: {item.day_reason}"
            if item.position.currency != self._state.currency:
                return None, f"{label_of(item.position.symbol)}: in {item.position.currency}, and no exchange rate"
            with exact_arithmetic():
                total += item.day_pnl
        for symbol in self._book.traded(self._state.account):
            if symbol in self._held:
                continue
            day, reason = self._day_of_closed(symbol)
            if day is None:
                return None, f"{label_of(symbol)}: {reason}"
            with exact_arithmetic():
                total += day
        return total, None

    def _day_of_closed(self, symbol: str) -> tuple[Decimal | None, str | None]:
        if kind_of(symbol) == "claim":
            return ZERO, None
        try:
            close = self._last_close(symbol)
            flow = self._flows(close).get(symbol, Flow())
        except MissingDataError as error:
            return None, str(error)
        if flow == Flow():
            return ZERO, None
        currency = self._book.currency_of(self._state.account, symbol)
        if currency != self._state.currency:
            return None, f"in {currency}, and no exchange rate"
        at_close = self._mark_at(symbol, close) if flow.quantity else None
        instrument = self._instrument(symbol)
        multiplier = _multiplier(symbol) if instrument is None else instrument.multiplier
        return day_pnl(ZERO, multiplier, ZERO, flow, at_close)

    def _flows(self, since: datetime) -> dict[str, Flow]:
        return self._book.flow_since(self._state.account, since)

    def _last_close(self, symbol: str) -> datetime:
        root = symbols.terms(symbol).root if kind_of(symbol) == "option" else symbol
        return sessions.last_close(self._now, product(root).calendar if root.isalnum() else SHARES_CALENDAR)

    def _instrument(self, symbol: str) -> Instrument | None:
        if self._feed is None or kind_of(symbol) != "option":
            return None
        try:
            return self._feed.instrument(symbol)
        except UnknownNameError:
            return None

    def _mark(self, symbol: str) -> tuple[Instrument | None, Mark]:
        if self._feed is None:
            return None, no_mark(f"no feed of its venue {self._state.venue}")
        if kind_of(symbol) == "share":
            return None, self._mark_at(symbol, self._now)
        instrument = self._instrument(symbol)
        if instrument is None:
            return None, no_mark(f"{self._feed.name} does not know it")
        if instrument.expires_at <= self._now:
            return instrument, no_mark("expired, to be settled")
        return instrument, self._mark_at(symbol, self._now)

    def _mark_at(self, symbol: str, moment: datetime) -> Mark:
        if self._feed is None:
            return no_mark(f"no feed of its venue {self._state.venue}")
        try:
            asked = self._feed.spot if kind_of(symbol) == "share" else self._feed.quote
            quote = asked(symbol, moment)
        except (MissingDataError, UnknownNameError) as error:
            return no_mark(str(error))
        return mark_of(quote, moment, self._feed.stale_after, market_open=self._feed.is_open(moment))


def _multiplier(symbol: str) -> Decimal:
    return product(symbols.terms(symbol).root).multiplier if kind_of(symbol) == "option" else Decimal(1)
