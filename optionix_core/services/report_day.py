"""One day of an account from close to close: what it was worth before and after, and why it changed.

A day runs from the close of the session before to the close of its own; what happens at the very moment of the close
(a settlement) belongs to the session that closes. P&L of an instrument is what its realised P&L, its unrealised P&L and
its fees changed by, so that it holds however an instrument came or went. Everything adds up exactly to the change of
the net liquidation value, or there is no total and the reason is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.market import sessions
from optionix_core.portfolio import ledger
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.services import book
from optionix_core.services.marking import SHARES_CALENDAR
from optionix_core.services.past import Past, as_it_was

if TYPE_CHECKING:
    from optionix_core.portfolio.values import HoldingTotals, LedgerEntry
    from optionix_core.services.book import AccountReport
    from optionix_core.services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Window:
    """A session from close to close; `since` is out, `until` is in."""

    day: date
    since: datetime
    until: datetime
    """The close, or now where it has not come."""
    complete: bool

    def holds(self, moment: datetime) -> bool:
        """Whether a moment is in it."""
        return self.since < moment <= self.until


@dataclass(frozen=True, slots=True)
class InstrumentDay:
    """What a day did to one instrument. Money exact, in its currency; None is "cannot be told"."""

    symbol: str
    currency: str
    quantity_before: Decimal
    quantity_after: Decimal
    value_before: Decimal | None
    value_after: Decimal | None
    realised: Decimal
    """Of the day, fees excluded."""
    fees: Decimal
    pnl: Decimal | None
    """Realised and unrealised, fees deducted."""
    reason: str | None
    """Why there is none."""


@dataclass(frozen=True, slots=True)
class AccountDay:
    """An account from close to close."""

    window: Window
    nlv_before: Decimal
    """Zero where the account was not open yet."""
    after: AccountReport
    past: Past
    """Book and orders at the end."""
    instruments: tuple[InstrumentDay, ...]
    """Those that were held at either end, or traded."""
    trading_pnl: Decimal | None
    """Of all instruments in the account's currency, fees deducted; None where one cannot be told."""
    paid_in: Decimal
    """Deposits less withdrawals."""
    income: Decimal
    """Dividends and interest."""
    other_fees: Decimal
    """Fees of no trade, positive."""
    other: Decimal | None
    """What is left of the change: adjustments, conversions, what was transferred with a gain or loss in it."""
    unknown: tuple[str, ...]
    """Why totals are None or incomplete."""

    @property
    def change(self) -> Decimal:
        """Of the net liquidation value."""
        with exact_arithmetic():
            return self.after.nlv - self.nlv_before


def window_of(day: date, now: datetime) -> Window:
    """The session of a day. InvalidValueError where there is none, or where it has not begun."""
    own = sessions.session(day, SHARES_CALENDAR)
    before = sessions.previous_session(day, SHARES_CALENDAR)
    if own is None:
        after = sessions.next_session(day, SHARES_CALENDAR)
        bound = f"a session of {SHARES_CALENDAR}, such as {before.day} or {after.day}"
        raise InvalidValueError("date", day.isoformat(), bound)
    if before.close >= now:
        raise InvalidValueError("date", day.isoformat(), f"past or present (it is {now:%Y-%m-%d %H:%M} UTC)")
    return Window(day, before.close, min(own.close, now), own.close <= now)


def latest_day(now: datetime) -> date:
    """The last session that has closed."""
    return sessions.last_closed_session(now, SHARES_CALENDAR).day


def account_day(workspace: Workspace, window: Window) -> AccountDay:
    """The workspace's account over a window. MissingDataError where it was not open by its end."""
    log, name = workspace.store, workspace.account
    past, start = as_it_was(log, window.until), as_it_was(log, window.since)
    if past.book.account(name) is None:
        raise MissingDataError(f"account {name} was not open on {window.day}")
    before = book.account_of(workspace, start.book, start.orders.reserved(name), window.since)
    after = book.account_of(workspace, past.book, past.orders.reserved(name), window.until)
    was_open = before.opened
    nlv_before = before.nlv if was_open else ZERO
    instruments = tuple(_instruments(start, past, before, after))
    currency = after.state.currency
    mine = [item for item in instruments if item.currency == currency]
    unknown = [f"{item.symbol}: {item.reason}" for item in mine if item.pnl is None]
    unknown += [f"{item.symbol} is in {item.currency}" for item in instruments if item.currency != currency]
    with exact_arithmetic():
        known = [item.pnl for item in mine if item.pnl is not None]
        trading = sum(known, ZERO) if len(known) == len(mine) else None
        paid_in = after.state.opening_balance - (before.state.opening_balance if was_open else ZERO)
        income = after.state.income - before.state.income
        other_fees = after.state.fees - before.state.fees - sum((item.fees for item in mine), ZERO)
        other = None if trading is None else after.nlv - nlv_before - trading - paid_in - income + other_fees
    return AccountDay(
        window, nlv_before, after, past, instruments, trading, paid_in, income, other_fees, other, tuple(unknown)
    )


def entries_of(workspace: Workspace, window: Window) -> Iterator[LedgerEntry]:
    """Ledger entries of the account in a window, in the order of the log."""
    for record in workspace.store.read():
        for entry in ledger.entries_of(record.event) if window.holds(record.event.time) else ():
            if entry.account == workspace.account:
                yield entry


def _instruments(start: Past, end: Past, before: AccountReport, after: AccountReport) -> Iterator[InstrumentDay]:
    name = after.state.account
    first, last = start.book.totals(name), end.book.totals(name)
    for symbol, totals in last.items():
        earlier = first.get(symbol)
        if earlier == totals and not totals.quantity:
            continue
        yield _instrument_day(symbol, earlier, totals, before, after)


def _instrument_day(
    symbol: str, earlier: HoldingTotals | None, totals: HoldingTotals, before: AccountReport, after: AccountReport
) -> InstrumentDay:
    quantity = ZERO if earlier is None else earlier.quantity
    value_before, why_before = _value(before, symbol, quantity)
    value_after, why_after = _value(after, symbol, totals.quantity)
    with exact_arithmetic():
        realised = totals.realised - (ZERO if earlier is None else earlier.realised)
        fees = totals.fees - (ZERO if earlier is None else earlier.fees)
        pnl = None
        if value_before is not None and value_after is not None:
            gain_before = value_before - (ZERO if earlier is None else earlier.cost)
            pnl = realised + (value_after - totals.cost) - gain_before - fees
    return InstrumentDay(
        symbol=symbol,
        currency=totals.currency,
        quantity_before=quantity,
        quantity_after=totals.quantity,
        value_before=value_before,
        value_after=value_after,
        realised=realised,
        fees=fees,
        pnl=pnl,
        reason=why_before or why_after,
    )


def _value(report: AccountReport, symbol: str, quantity: Decimal) -> tuple[Decimal | None, str | None]:
    """Market value of a position; zero where nothing is held."""
    if not quantity:
        return ZERO, None
    held = next(item for item in report.positions if item.position.symbol == symbol)
    reason = None if held.market_value is not None else held.mark.reason or "no mark"
    return held.market_value, reason
