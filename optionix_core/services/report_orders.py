"""What an account's orders did in a window of time, and what else the log tells of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.errors import IntegrityError
from optionix_core.portfolio.deliverables import label_of
from optionix_core.portfolio.exact import ZERO, exact_arithmetic
from optionix_core.portfolio.ledger import ENTRY
from optionix_core.trading import facts
from optionix_core.trading.alerts.records import CHECKED
from optionix_core.trading.records import END_STATES, FILLED, end_of, fill_of, intent_id, intent_of
from optionix_core.trading.working_records import ADVANCED

if TYPE_CHECKING:
    from optionix_core.services.report_day import AccountDay
    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import Event, LogReader
    from optionix_core.trading.orders import Fill, OrderIntent, OrderState

_ORDER: Final = "order."
_QUIET: Final = frozenset({ENTRY, ADVANCED, CHECKED})
"""Types that are told elsewhere, or tell nothing that happened."""


@dataclass(frozen=True, slots=True)
class OrderDay:
    """An order that was wanted, filled or ended in a window."""

    intent: OrderIntent
    state: OrderState
    """At the end of the window."""
    reason: str | None
    fills: tuple[Fill, ...]
    """Of the window."""

    @property
    def filled(self) -> int:
        """Contracts, or units, filled in the window."""
        return sum(fill.quantity for fill in self.fills)

    @property
    def paid(self) -> Decimal:
        """Price times quantity of the window's fills, without multiplier."""
        with exact_arithmetic():
            return sum((fill.price * fill.quantity for fill in self.fills), ZERO)

    @property
    def fees(self) -> Decimal:
        """Of the window's fills."""
        with exact_arithmetic():
            return sum((fill.fee for fill in self.fills), ZERO)


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of another kind."""

    time: datetime
    type: str
    id: str


def orders_of(workspace: Workspace, day: AccountDay) -> tuple[OrderDay, ...]:
    """Orders of the account that were wanted, filled or ended in a day's window, as they were wanted."""
    log = workspace.store
    names: dict[str, list[Event]] = {}
    for event in _events(log, day):
        if event.type.startswith(_ORDER):
            names.setdefault(str(event.payload.get("client_order_id")), []).append(event)
    found = (_order(log, day, name, events) for name, events in names.items())
    return tuple(order for order in found if order.intent.account == workspace.account)


def happenings_of(workspace: Workspace, day: AccountDay) -> tuple[Happened, ...]:
    """Everything else that the log tells of the account or of the whole venue, in order of time."""
    told = [
        Happened(event.time, event.type, event.id)
        for event in _events(workspace.store, day)
        if not event.type.startswith(_ORDER)
        and event.type not in _QUIET
        and event.payload.get("account") in (None, workspace.account)
    ]
    return tuple(sorted(told, key=lambda item: item.time))


def label(intent: OrderIntent) -> str:
    """`ORBIT 15JAN27 230 C`, or the legs of a combination with their ratios."""
    if not intent.legs:
        return label_of(intent.symbol)
    return ", ".join(f"{leg.ratio:+d} {label_of(leg.symbol)}" for leg in intent.legs)


def _events(log: LogReader, day: AccountDay) -> Iterable[Event]:
    return (event for _, event in facts.read(log) if day.window.holds(event.time))


def _order(log: LogReader, day: AccountDay, name: str, events: list[Event]) -> OrderDay:
    wanted = facts.find(log, intent_id(name))
    if wanted is None:
        raise IntegrityError(f"order {name} has no intent")
    fills = tuple(fill_of(event) for event in events if event.type == FILLED)
    end = next((end_of(event) for event in events if event.type in END_STATES), None)
    order = day.past.orders.order(name)
    if end is not None:
        return OrderDay(intent_of(wanted.event), end.state, end.reason, fills)
    if order is None:
        raise IntegrityError(f"order {name} is neither open nor ended")
    return OrderDay(order.intent, order.state, None, fills)
