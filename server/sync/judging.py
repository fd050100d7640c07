"""Judging what a device pushes: which rule a fact breaks, by the book as the server has it.

A fact is never refused. What breaks a rule is quarantined under that rule's name, with the reason in words, and later
events go on: each is tried on copies of the folds, which show what was accepted before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.ledger import ACCOUNT_OPENED, ENTRY
from optionix_core.portfolio.trades import carries_trades, trades_of
from optionix_core.portfolio.venue_market import market_of
from optionix_core.services.stream_folds import UNREADABLE, Folds, Trial
from optionix_core.sync.masking import CONTESTED, OWN, masked
from optionix_core.trading.account_kinds import BOUND
from optionix_core.trading.account_standing import STATE_SET, AccountStatus, effective
from optionix_core.trading.acted_on import acted_on
from optionix_core.trading.backing import need_of
from optionix_core.trading.gate import LOCAL_SIM
from optionix_core.trading.overseen import undone
from optionix_core.trading.records import END_STATES
from server.sync.limiting import beyond, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from optionix_core.market.instruments import Security
    from optionix_core.portfolio.values import AccountState
    from optionix_core.sync.event import Event

SERVER_ONLY: Final = frozenset({*OWN, BOUND, STATE_SET})
"""Types that flow from the server alone."""


class Verdict(NamedTuple):
    """Which rule a fact breaks, and how."""

    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What the server's tables say about whoever pushes."""

    may_trade: bool
    kinds: Mapping[str, str]
    """Which venue an account is bound to, by its name."""
    user: str
    """Whose devices speak, by id."""
    halted_by: Callable[[str], str | None]
    """Who set the last halt whose event's id begins so; None where none was set."""


class Judge:
    """Tries facts one after the other on what was accepted before."""

    def __init__(self, start: Folds, standing: Standing, instrument_of: Callable[[str], Security | None]) -> None:
        self._trial = Trial(start)
        self._standing = standing
        self._instrument_of = instrument_of

    @property
    def folds(self) -> Folds:
        """With everything that was judged in them; their head's hash is nobody's yet."""
        return self._trial.folds

    def judge(self, event: Event, data: bytes) -> Verdict | None:
        """The rule that a fact breaks; None where it is accepted. Afterwards it is in the folds, or masked."""
        verdict = self.by_rule(event, event.time)
        if verdict is None:
            verdict = self._by_book(event)
        if verdict is not None:
            self._trial.take(masked(event, data, verdict.reason))
        return verdict

    def by_rule(self, event: Event, at: datetime) -> Verdict | None:
        """The rule that whoever says it breaks at a moment, whatever the book holds; changes nothing."""
        not_his = self._not_his(event)
        if not_his is not None:
            return not_his
        account = acted_on(event, self._trial.folds.orders)
        if account is None:
            return None
        bound = self._standing.kinds.get(account, LOCAL_SIM)
        if bound != LOCAL_SIM:
            return Verdict("account-kind", f"{account} is bound to {bound}, which this device does not match")
        wrong = _opening(event) if event.type == ACCOUNT_OPENED else None
        if wrong is not None:
            return wrong
        if event.type in END_STATES and not carries_trades(event):
            return None  # an order that ends takes nothing
        if not self._standing.may_trade:
            return Verdict("rights", "the right to trade was taken away")
        return self._by_state(event, account, at)

    def by_limit(self, event: Event) -> Verdict | None:
        """The limit that a fact would break now, which the folds take; afterwards it is in them, or leaves no trace."""
        limits = counted(event, self._trial.folds, acted_on(event, self._trial.folds.orders))
        if not limits or self._trial.take(event) is not None:
            return None
        broken = beyond(limits, self._trial.folds)
        if broken is None:
            return None
        self._trial.drop()
        return Verdict("limit", broken)

    def _not_his(self, event: Event) -> Verdict | None:
        if event.type in SERVER_ONLY:
            return Verdict("server-only", f"{event.type} is said by the server alone")
        if event.type == CONTESTED:
            return Verdict("same-id", f"the id {event.payload.get('event')!r} is taken by another fact")
        standing = self._standing
        why = undone(event, self._trial.folds.orders, standing.user, standing.kinds, standing.halted_by)
        return None if why is None else Verdict("server-only", why)

    def _by_state(self, event: Event, account: str, at: datetime) -> Verdict | None:
        status, why = effective(self._trial.folds.orders.standings.get(account), LOCAL_SIM, at)
        if status is AccountStatus.ACTIVE:
            return None
        words = "" if why is None else f": {why}"
        if status is AccountStatus.BLOCKED:
            return Verdict("account-blocked", f"{account} is blocked{words}")
        return Verdict("close-only", f"{account} is close-only{words}") if self._opens(event) else None

    def _opens(self, event: Event) -> bool:
        """Whether trades of an event make a position larger."""
        try:
            trades = trades_of(event) if carries_trades(event) else ()
            moves = [(trade.account, trade.symbol, trade.quantity) for trade in trades]
            if event.type == ENTRY:
                from optionix_core.portfolio.ledger import entry_of

                entry = entry_of(event)
                own = f"{entry.account}:positions"
                moves = [(entry.account, leg.commodity, leg.amount) for leg in entry.postings if leg.account == own]
        except UNREADABLE:
            return False  # the folds say what is wrong with it
        held: dict[tuple[str, str], Decimal] = {}
        for account, symbol, quantity in moves:
            before = held.setdefault((account, symbol), self._held(account, symbol))
            held[account, symbol] = before + quantity
            if abs(before + quantity) > abs(before):
                return True
        return False

    def _held(self, account: str, symbol: str) -> Decimal:
        state = self._trial.folds.book.account(account)
        positions = () if state is None else state.positions
        return next((position.quantity for position in positions if position.symbol == symbol), Decimal(0))

    def _by_book(self, event: Event) -> Verdict | None:
        """What the folds refuse, and what an account could not stand behind."""
        posts = event.type == ENTRY or carries_trades(event)
        account = acted_on(event, self._trial.folds.orders)
        before = self._trial.folds.book.account(account) if posts and account is not None else None
        limits = counted(event, self._trial.folds, account)
        refused = self._trial.take(event)
        if refused is not None:
            return Verdict("book", refused)
        broken = beyond(limits, self._trial.folds)
        if broken is not None:
            self._trial.drop()
            return Verdict("limit", broken)
        if before is None or account is None:
            return None
        after = self._trial.folds.book.account(account)
        why = None if after is None else self._unbacked(before, after)
        if why is None:
            return None
        self._trial.drop()
        return Verdict("buying-power", why)

    def _unbacked(self, before: AccountState, after: AccountState) -> str | None:
        """Why an account that stood behind what it sold does so no more."""
        if after.cash < 0 <= before.cash:
            return f"{after.account} would owe {-after.cash} {after.currency}"
        if not any(position.quantity < 0 for position in after.positions):
            return None
        then, now = need_of(before, self._instrument_of), need_of(after, self._instrument_of)
        more = sorted(set(now.unbounded) - set(then.unbounded))
        if more:
            return f"the loss of {after.account} on {', '.join(name.strip() for name in more)} would have no bound"
        if after.cash < now.amount and before.cash >= then.amount:
            return f"{after.account} would need {now.amount} {after.currency} and has {after.cash}"
        return None


def _opening(event: Event) -> Verdict | None:
    """What is wrong with how a device opens an account."""
    if event.payload.get("venue") != LOCAL_SIM:
        return Verdict("account-kind", f"a device opens accounts on {LOCAL_SIM} alone")
    try:
        market_of(event.payload)
    except InvalidValueError as error:
        return Verdict("account-market", str(error))
    return None
