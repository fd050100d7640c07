"""What an account was worth, close by close and within its day: its ledger at the marks of its venue's feed.

Cash and quantities at a moment are sums of postings with times up to it, so that they hold however late an entry was
written. A moment at which a position has no mark has no value and says why; nothing is drawn between. Gains leave out
what was paid in and out.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.market import sessions
from optionix_core.portfolio.deliverables import kind_of, label_of
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.portfolio.ledger import entries_of
from optionix_core.portfolio.valuation import mark_of, market_value
from optionix_core.services.marking import SHARES_CALENDAR

if TYPE_CHECKING:
    from optionix_core.portfolio.values import AccountState, LedgerEntry
    from optionix_core.services.workspace import Workspace

MOST_DAYS: Final = 252
"""Closes that a curve reaches back."""
WITHIN: Final = timedelta(minutes=15)
"""Between two points of the day."""
_REMEMBERED: Final = 4096
"""Past values that are kept."""
_PAID: Final = frozenset({"opening", "deposit", "withdrawal"})


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """An account at a moment; money in its currency."""

    at: datetime
    value: Decimal | None
    """Net liquidation value; None where a position has no mark."""
    paid_in: Decimal
    """Deposits less withdrawals until then."""
    reason: str | None = None
    """Why there is no value."""

    @property
    def gain(self) -> Decimal | None:
        """Total profit and loss: the value less what was paid in."""
        if self.value is None:
            return None
        with exact_arithmetic():
            return self.value - self.paid_in


@dataclass(frozen=True, slots=True)
class AccountCurve:
    """An account over its closes and within its day."""

    account: str
    currency: str
    moment: datetime
    opened_at: datetime | None
    """When the account was opened; None where no order has."""
    closes: tuple[CurvePoint, ...]
    """At the close of each session since it was opened, or of the last `MOST_DAYS`, and now."""
    day: tuple[CurvePoint, ...]
    """From the last close, or the opening where that came later, to now."""

    @property
    def now(self) -> CurvePoint | None:
        """The account now."""
        return self.closes[-1] if self.closes else None

    @property
    def total(self) -> Decimal | None:
        """Profit and loss since the account was opened."""
        return None if self.now is None else self.now.gain

    def total_at(self, value: Decimal) -> Decimal | None:
        """As `total`, for a net liquidation value of this moment; None before the account is opened."""
        if self.now is None:
            return None
        with exact_arithmetic():
            return value - self.now.paid_in

    def since(self, first: date, value: Decimal | None = None) -> Decimal | None:
        """Profit and loss from the last close before a day; None where it cannot be told.

        `value`: the net liquidation value of this moment, where it is known better than the curve does.
        """
        before = [point for point in self.closes[:-1] if point.at.date() < first]
        start = before[-1].gain if before else ZERO
        end = self.total if value is None else self.total_at(value)
        if start is None or end is None or (not before and len(self.closes) > MOST_DAYS):
            return None
        with exact_arithmetic():
            return end - start


class _Sums:
    """Cash, what was paid in and quantities after so many entries."""

    def __init__(self) -> None:
        self.count = 0
        self.cash = self.paid = ZERO
        self.held: dict[str, Decimal] = {}

    def take(self, entry: LedgerEntry, state: AccountState) -> None:
        """The next entry."""
        self.count += 1
        mine = {f"{state.account}:{name}" for name in ("cash", "receivable")}
        with exact_arithmetic():
            for leg in entry.postings:
                if leg.account in mine and leg.commodity == state.currency:
                    self.cash += leg.amount
                    self.paid += leg.amount if entry.kind in _PAID else ZERO
                elif leg.account == f"{state.account}:positions":
                    self.held[leg.commodity] = self.held.get(leg.commodity, ZERO) + leg.amount


class CurveReader:
    """Curves of one workspace's account; keeps entries and past values. For one thread at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._read = 0
        self._entries: list[tuple[datetime, LedgerEntry]] = []
        self._values: dict[tuple[datetime, int], CurvePoint] = {}
        self._sums = _Sums()

    def curve(self, state: AccountState | None) -> AccountCurve:
        """The account now and before; `state` as its book has it, None where it is not open."""
        workspace, now = self._workspace, self._workspace.clock.now()
        self._follow()
        if state is None or not self._entries:
            return AccountCurve(workspace.account, "USD" if state is None else state.currency, now, None, (), ())
        opened = self._entries[0][0]
        closes = [at for at in _closes(opened, now) if at > opened]
        last = max(sessions.last_close(now, SHARES_CALENDAR), opened)
        within = [last]
        while within[-1] + WITHIN < now:
            within.append(within[-1] + WITHIN)
        first: tuple[CurvePoint, ...] = ()
        if last == opened:  # a day begins with what was paid in, before anything was traded with it
            paid = self._point(opened, state).paid_in
            first = (CurvePoint(opened, paid, paid),)
        return AccountCurve(
            account=workspace.account,
            currency=state.currency,
            moment=now,
            opened_at=opened,
            closes=tuple(self._point(at, state) for at in (*closes, now)),
            day=(*first, *(self._point(at, state) for at in (*within[len(first) :], now))),
        )

    def _follow(self) -> None:
        store = self._workspace.store
        head = store.head().seq
        if head <= self._read:
            return
        for record in store.read(self._read):
            self._entries += [
                (entry.time, entry) for entry in entries_of(record.event) if entry.account == self._workspace.account
            ]
            self._read = record.seq
        self._entries.sort(key=lambda one: one[0])
        self._sums = _Sums()

    def _point(self, at: datetime, state: AccountState) -> CurvePoint:
        count = bisect_right(self._entries, at, key=lambda one: one[0])
        known = self._values.get((at, count))
        if known is None:
            known = self._valued(at, state, count)
            if len(self._values) >= _REMEMBERED:
                self._values.clear()
            self._values[at, count] = known
        return known

    def _valued(self, at: datetime, state: AccountState, count: int) -> CurvePoint:
        """The first `count` entries at the marks of a moment."""
        if self._sums.count > count:
            self._sums = _Sums()
        sums = self._sums
        for _, entry in self._entries[sums.count : count]:
            sums.take(entry, state)
        total = sums.cash
        for symbol, quantity in sums.held.items():
            if not quantity:
                continue
            worth = self._worth(symbol, quantity, at, state)
            if isinstance(worth, str):
                return CurvePoint(at, None, sums.paid, f"{label_of(symbol)}: {worth}")
            with exact_arithmetic():
                total += worth
        return CurvePoint(at, total, sums.paid)

    def _worth(self, symbol: str, quantity: Decimal, at: datetime, state: AccountState) -> Decimal | str:
        """Signed, or why there is none."""
        kind, feed = kind_of(symbol), self._workspace.venue_feed
        if kind == "claim":
            return "cash in lieu, not paid yet"
        if state.venue != self._workspace.venue:
            return f"no feed of its venue {state.venue}"
        try:
            if kind == "share":
                quote, multiplier = feed.spot(symbol, at), Decimal(1)
            else:
                instrument = feed.instrument(symbol)
                if instrument.expires_at <= at:
                    return "expired, to be settled"
                quote, multiplier = feed.quote(symbol, at), instrument.multiplier
        except (MissingDataError, UnknownNameError) as error:
            return str(error)
        mark = mark_of(quote, at, feed.stale_after, market_open=feed.is_open(at))
        value = market_value(quantity, multiplier, mark)
        return mark.reason or "no mark" if value is None else value


def _closes(since: datetime, until: datetime) -> list[datetime]:
    """Closes of sessions between two moments, the last `MOST_DAYS` of them."""
    found = sessions.sessions_between(since.date(), until.date(), SHARES_CALENDAR)
    return [one.close for one in found if since <= one.close < until][-MOST_DAYS:]
