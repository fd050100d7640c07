"""The desk at a glance: the account's curve, what works and warns, a watchlist, and what is ahead.

Put together from the services that know each part; takes no lock and writes nothing. What needs a revaluation of the
book is `dashboard_risk`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from optionix_core.errors import MissingDataError, UnknownNameError
from optionix_core.portfolio.deliverables import label_of, underlying_of
from optionix_core.services import expiring
from optionix_core.services.account_curve import AccountCurve, CurveReader
from optionix_core.services.chain_view import ChainViewer
from optionix_core.services.chart_marks import MarkReader
from optionix_core.services.order_board import OrderBoard, OrderBoardViewer
from optionix_core.services.watchlist_view import WatchBoard, WatchViewer

if TYPE_CHECKING:
    from optionix_core.portfolio.expiry_calendar import ExpiryEntry
    from optionix_core.portfolio.values import AccountState
    from optionix_core.services.expiring import Calendar
    from optionix_core.services.workspace import Workspace

AHEAD: Final = timedelta(days=90)
"""How far ahead dividends are told; what is held is told whatever its expiry."""
LISTED: Final = 2
"""Listed expiries that are told of an underlying that is held or watched."""


class AheadKind(StrEnum):
    """What is coming."""

    EXPIRY = "expiry"
    """Of something that is held."""
    ASSIGNMENT = "assignment"
    """A short option that its holder gains by exercising, now or before a dividend."""
    EXERCISE = "exercise"
    """A long option that gains by being exercised now."""
    DIVIDEND = "dividend"
    LISTED = "listed"
    """An expiry of an underlying that is held or watched."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """One thing that is coming."""

    day: date
    kind: AheadKind
    what: str
    symbol: str | None
    """The instrument's key; None of what is no instrument's."""
    quantity: Decimal | None = None
    probability: float | None = None
    """Of ending in the money, N(d2)."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class DeskView:
    """The desk at one moment."""

    moment: datetime
    events: int
    """Length of the log that it was read from."""
    curve: AccountCurve
    board: OrderBoard
    watch: WatchBoard
    ahead: tuple[Ahead, ...]
    """Nearest first."""


class DashboardViewer:
    """Builds views of one workspace; keeps what each part keeps. For one thread at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.feed = workspace.feed
        self._curves = CurveReader(workspace)
        self._boards = OrderBoardViewer(workspace)
        self._watch = WatchViewer(workspace)
        self._marks = MarkReader(workspace)
        self._chains = ChainViewer(workspace.venue_feed)

    def view(self, watchlist: str | None = None) -> DeskView:
        """The desk now, with one of the watchlists. Raises what reading the log raises."""
        workspace = self._workspace
        board = self._boards.view()
        with workspace.desk.lock:
            state = workspace.desk.book.account(workspace.account)
        watch = self._watch.board(watchlist)
        return DeskView(
            moment=workspace.clock.now(),
            events=board.events,
            curve=self._curves.curve(state),
            board=board,
            watch=watch,
            ahead=self._ahead(state, watch),
        )

    def _ahead(self, state: AccountState | None, watch: WatchBoard) -> tuple[Ahead, ...]:
        now = self._workspace.clock.now()
        held = () if state is None else tuple(underlying_of(position.symbol) for position in state.positions)
        watched = () if watch.view is None else tuple(row.underlying for row in watch.view.rows)
        dividends = self._marks.declared(frozenset((*held, *watched)), now)
        calendar = expiring.standing(
            self._workspace, self._chains, tuple(one for one in dividends if one.symbol in held)
        )
        found = [one for entry in calendar.entries for one in _of_entry(entry, calendar)]
        for dividend in dividends:
            if dividend.ex_date - now.date() <= AHEAD:
                words = f"{dividend.symbol} ex-dividend {dividend.per_share:f} {dividend.currency}"
                found.append(Ahead(dividend.ex_date, AheadKind.DIVIDEND, words, dividend.symbol))
        for name in dict.fromkeys((*held, *watched)):
            expiring_days = {entry.expiry for entry in calendar.entries if entry.underlying == name}
            found += [one for one in self._listed(name, now) if one.day not in expiring_days]
        order = tuple(AheadKind)
        return tuple(sorted(found, key=lambda one: (one.day, order.index(one.kind), one.what)))

    def _listed(self, name: str, now: datetime) -> list[Ahead]:
        try:
            pairs = self.feed.expiries(name, now)
        except (MissingDataError, UnknownNameError):
            return []  # another feed than the venue's may not know what is held
        days = dict.fromkeys(pair for pair in pairs if pair[0] >= now.date())
        return [Ahead(day, AheadKind.LISTED, f"{root} expiry", name) for day, root in list(days)[:LISTED]]


def _of_entry(entry: ExpiryEntry, calendar: Calendar) -> list[Ahead]:
    label, today = label_of(entry.symbol), calendar.moment.date()
    short = entry.quantity < 0
    note = calendar.reasons.get(entry.symbol, "")
    if not note and short and entry.expected_assigned is not None:
        note = f"{entry.expected_assigned:.1f} expected to be assigned"
    found = [Ahead(entry.expiry, AheadKind.EXPIRY, label, entry.symbol, entry.quantity, entry.probability, note)]
    before = entry.before_dividend
    if before is not None and before.exercise:
        words = f"its holder gains {before.gain:.2f} by exercising for the dividend of {before.dividend:.2f}"
        found.append(Ahead(today, AheadKind.ASSIGNMENT, label, entry.symbol, entry.quantity, None, words))
    advice = calendar.advice.get(entry.symbol)
    if advice is not None and advice.exercise:
        words = f"holding pays no more than exercising now: {advice.exercise_value:.2f}"
        found.append(Ahead(today, AheadKind.EXERCISE, label, entry.symbol, entry.quantity, None, words))
    return found
