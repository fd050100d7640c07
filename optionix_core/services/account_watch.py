"""Breakers of an account as time passes: the loss since the last close, and the fall from a peak.

Every whole minute in which the market is open and something is held, an account is judged by its marks, with what was
filled before that minute in its book. Its value is noted for the drawdown at the first of them and every quarter of an
hour. Where the bounds of its instruments' touches show that no minute of a quarter can trip, they are not looked at one
by one. Where a position has no mark there is no data, and nothing trips. A breaker trips once a day (from close to
close). It sells nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.market import sessions
from optionix_core.market.protocols import TellsQuotes
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.services.disallowed import end_disallowed, end_orders
from optionix_core.services.judging import instrument_of, quote_of
from optionix_core.services.marking import Marker
from optionix_core.trading.account_breakers import Note, Trip, tripped_event, with_note
from optionix_core.trading.account_standing import AccountStatus, Standing, effective, standing_event
from optionix_core.trading.breakers import DailyLossBreaker, DrawdownBreaker, EquityPoint, Judgement, Verdict
from optionix_core.trading.gate import LOCAL_SIM
from optionix_core.trading.halt_rules import AccountAction
from optionix_core.trading.watch.watch import NO_DATA, OFF, WATCHING, RuleReport

if TYPE_CHECKING:
    from optionix_core.market.protocols import QuoteSource, TouchRange
    from optionix_core.portfolio.fold import BookFold
    from optionix_core.portfolio.values import AccountState, Position
    from optionix_core.services.draft import Draft
    from optionix_core.services.working import Working

JUDGED_EVERY: Final = timedelta(minutes=1)
RULES: Final = ("daily-loss", "drawdown")
NOTED_EVERY: Final = timedelta(minutes=15)
BREAKER: Final = "breaker"
"""Who acts."""
_NO_BOUND: Final = Decimal("Infinity")
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Worth:
    """An account at a moment."""

    value: Decimal
    """Cash and what is held, at its marks."""
    earned: Decimal
    """The same without what was paid in and out, up to a constant."""
    day: Decimal | None
    """Gain since the last close; None where it cannot be told."""


class AccountWatch:
    """The accounts of a draft."""

    def __init__(self, draft: Draft, feed: QuoteSource, working: Working, now: datetime) -> None:
        self._draft, self._feed, self._working, self._now = draft, feed, working, now
        self._breakers = draft.rules.halts.account_breakers
        self._done: dict[str, datetime] = {}
        """Up to when each account was judged."""
        self._calm: dict[str, tuple[int, datetime]] = {}
        """Number of drafted events, and up to when no minute can trip as long as there are no more."""
        self.notes: dict[str, tuple[Note, ...]] = dict(draft.orders.account_notes) if self._breakers else {}

    def start(self) -> datetime | None:
        """From when on that was not done; None where nothing has to be done."""
        return min((self._from(state) for state in self._held()), default=None) if self._breakers else None

    def trip(self, until: datetime) -> datetime | None:
        """Judge up to `until`, that moment in it; the first minute at which a breaker tripped, what follows done."""
        if not self._breakers:
            return None
        while True:
            ahead = [(self._next(state), state) for state in self._held()]
            due = [item for item in ahead if item[0] <= until]
            if not due:
                return None
            at, state = min(due, key=lambda item: (item[0], item[1].account))
            self._done[state.account] = at
            if self._feed.is_open(at) and self._judged(state, at):
                return at

    def report(self, account: str) -> tuple[RuleReport, ...]:
        """How each breaker of an account stands now."""
        rows = [RuleReport(rule, account, OFF, "no bound is set") for rule in RULES if rule not in self._rules()]
        state = self._draft.book.account(account)
        worth = None if state is None else worth_of(self._draft.book, self._feed, state, self._now)
        for breaker in self._breakers:
            if worth is None:
                why = "the account is not open" if state is None else "a position has no mark"
                rows.append(RuleReport(breaker.rule, account, NO_DATA, why))
                continue
            found = self._judge(breaker, account, worth, self._now)
            clear = WATCHING if found.verdict is Verdict.CLEAR else str(found.verdict)
            rows.append(RuleReport(breaker.rule, account, clear, found.detail))
        return tuple(sorted(rows))

    def _rules(self) -> set[str]:
        return {breaker.rule for breaker in self._breakers}

    def _held(self) -> tuple[AccountState, ...]:
        return tuple(one for one in self._draft.book.accounts() if one.venue == self._draft.venue and one.positions)

    def _from(self, state: AccountState) -> datetime:
        opened = min(position.opened_at for position in state.positions)
        advanced = self._draft.orders.advanced_until(self._draft.venue)
        return max(opened, self._done.get(state.account, opened), opened if advanced is None else advanced)

    def _next(self, state: AccountState) -> datetime:
        """The next minute at which an account is to be judged; noted minutes are never passed over."""
        after = self._from(state)
        calm = self._calm.get(state.account)
        if calm is not None and calm[0] == len(self._draft.events):
            after = max(after, calm[1] - JUDGED_EVERY)
        return _floor(after, JUDGED_EVERY) + JUDGED_EVERY

    def _judged(self, state: AccountState, at: datetime) -> bool:
        """Judge one account at a minute; whether a breaker tripped."""
        worth = worth_of(self._draft.book, self._feed, state, at)
        if worth is None:
            return False
        found = [self._judge(breaker, state.account, worth, at) for breaker in self._breakers]
        tripped = [
            one for one in found if one.verdict is Verdict.TRIPPED and self._may_trip(state.account, one.rule, at)
        ]
        if _floor(at, NOTED_EVERY) == at or not self.notes.get(state.account):
            self._note(state.account, worth, at)
        if tripped:
            self._act(state.account, tripped, at)
            return True
        self._calm[state.account] = len(self._draft.events), self._calm_until(state, worth, at)
        return False

    def _judge(
        self, breaker: DailyLossBreaker | DrawdownBreaker, account: str, worth: Worth, at: datetime
    ) -> Judgement:
        if isinstance(breaker, DailyLossBreaker):
            if worth.day is None:
                return breaker.judge(None, worth.value)
            with exact_arithmetic():
                return breaker.judge(worth.value - worth.day, worth.value)
        with exact_arithmetic():
            points = [EquityPoint(n.at, n.earned + worth.value - worth.earned) for n in self.notes.get(account, ())]
        return breaker.judge([*points, EquityPoint(at, worth.value)], at)

    def _may_trip(self, account: str, rule: str, at: datetime) -> bool:
        """Once from close to close, and only an account that is active."""
        last = self._draft.orders.account_trips.get((account, rule))
        if last is not None and last >= sessions.last_close(at):
            return False
        return effective(self._draft.orders.standings.get(account), LOCAL_SIM, at)[0] is AccountStatus.ACTIVE

    def _note(self, account: str, worth: Worth, at: datetime) -> None:
        drawdown = self._draft.rules.halts.drawdown
        if drawdown is not None:
            note = Note(at, worth.earned)
            self.notes[account] = with_note(self.notes.get(account, ()), note, at - drawdown.window)

    def _act(self, account: str, tripped: list[Judgement], at: datetime) -> None:
        action = self._draft.rules.halts.account_action
        for one in tripped:
            self._draft.add(tripped_event(Trip(account, one.rule, at), str(action), one.detail))
        reason = "; ".join(f"{one.rule}: {one.detail}" for one in tripped)
        if action is AccountAction.CANCEL:
            orders = self._draft.orders.orders()
            names = tuple(order.intent.client_order_id for order in orders if order.intent.account == account)
            end_orders(self._working, names, reason, at)
            return
        before = self._draft.orders.standings.get(account)
        number = 1 if before is None else before.number + 1
        self._draft.add(standing_event(Standing(account, AccountStatus.CLOSE_ONLY, at, BREAKER, reason, number)))
        end_disallowed(self._working, account, AccountStatus.CLOSE_ONLY, reason, at)

    def _calm_until(self, state: AccountState, worth: Worth, at: datetime) -> datetime:
        """Up to when, within the quarter, bounds of the touches show that nothing can trip."""
        quarter = _floor(at, NOTED_EVERY) + NOTED_EVERY
        slack = min(self._slack(breaker, state.account, worth) for breaker in self._breakers)
        if slack <= 0 or not isinstance(self._feed, TellsQuotes):
            return at
        size = sum(abs(position.quantity) * _multiplier(self._feed, position.symbol) for position in state.positions)
        width = float(slack) / (2.0 * float(size))
        with exact_arithmetic():
            falls = sum((self._fall(position, at, quarter, width) for position in state.positions), ZERO)
        return quarter if falls < slack else at

    def _slack(self, breaker: DailyLossBreaker | DrawdownBreaker, account: str, worth: Worth) -> Decimal:
        """By how much the account's value may fall before a breaker trips; nothing where that cannot be told."""
        with exact_arithmetic():
            if isinstance(breaker, DailyLossBreaker):
                return ZERO if worth.day is None else breaker.bound + worth.day
            peak = max((note.earned for note in self.notes.get(account, ())), default=worth.earned)
            top = max(peak, worth.earned) + worth.value - worth.earned
            return worth.value - top * (1 - breaker.bound)

    def _fall(self, position: Position, after: datetime, until: datetime, width: float) -> Decimal:
        """The most that a position can lose in a stretch, by its mid prices."""
        start = quote_of(self._feed, position.symbol, after)
        mid = None if start is None else start.mid
        if mid is None or not isinstance(self._feed, TellsQuotes):
            return _NO_BOUND
        worst = 0.0

        def wide(touches: TouchRange) -> bool:
            nonlocal worst
            low, high = (touches.bid_low + touches.ask_low) / 2.0, (touches.bid_high + touches.ask_high) / 2.0
            if high - low > width and touches.bid_low < touches.bid_high:
                return True
            worst = max(worst, mid - low if position.quantity > 0 else high - mid)
            return False

        for _ in self._feed.quotes_between(position.symbol, after, until, wide):
            continue
        if not math.isfinite(worst):
            return _NO_BOUND
        with exact_arithmetic():
            return abs(position.quantity) * _multiplier(self._feed, position.symbol) * Decimal(repr(worst + 1e-9))


def worth_of(book: BookFold, feed: QuoteSource, state: AccountState, at: datetime) -> Worth | None:
    """What an account is worth at `at`, by a book that ends there; None where a part of it has no mark."""
    marker = Marker(book, feed, state, at, state.venue)
    values = tuple(marker.value(position.symbol) for position in state.positions)
    if any(item.market_value is None or item.position.currency != state.currency for item in values):
        return None
    day, _ = marker.day_of_account(values)
    with exact_arithmetic():
        open_ = sum((item.market_value or ZERO for item in values), ZERO)
        unrealised = sum((item.unrealised_pnl or ZERO for item in values), ZERO)
        value = state.cash + dict(state.receivable).get(state.currency, ZERO) + open_
        earned = unrealised + state.realised_pnl + state.income - state.fees
    return Worth(value, earned, day)


def _multiplier(feed: QuoteSource, symbol: str) -> Decimal:
    instrument = instrument_of(feed, symbol)
    return Decimal(1) if instrument is None else instrument.multiplier


def _floor(moment: datetime, step: timedelta) -> datetime:
    return _EPOCH + (moment - _EPOCH) // step * step
