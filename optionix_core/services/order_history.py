"""Every order and fill of an account, the newest first, read from the log as far as it is new.

Orders that have ended are read once and kept, so that a page of a long past costs what is new since the last look.
It takes no lock and writes nothing.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from optionix_core.services import answers, orders
from optionix_core.sync.event import contained
from optionix_core.trading import facts
from optionix_core.trading.records import INTENT, intent_id, intent_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optionix_core.services.workspace import Workspace
    from optionix_core.sync.event import LogReader, Record
    from optionix_core.trading.orders import Fill, OrderIntent, OrderResult


class OrderFill(NamedTuple):
    """A fill with the order that it is of."""

    order: OrderResult
    fill: Fill


class _Kept:
    """Of one workspace, which it does not hold: what was read so far."""

    def __init__(self) -> None:
        self.reading = Lock()
        self.read = 0
        self.intents: list[OrderIntent] = []
        self.ended: dict[str, OrderResult] = {}
        self.records: dict[str, dict[str, Record]] = {}
        """Of the account's orders that have not ended: what tells of each, by id."""

    def take(self, record: Record, account: str) -> None:
        """What a record tells of the account's orders."""
        for event in facts.facts_of(record.event):
            if event.type == INTENT:
                intent = intent_of(event)
                if intent.account == account:
                    self.intents.append(intent)
                    self.records[intent.client_order_id] = {}
        for event_id in (record.event.id, *contained(record.event)):
            kind, _, rest = event_id.partition("/")
            told = self.records.get(rest.partition("/")[0]) if kind == "order" else None
            if told is not None:
                told[event_id] = record


class _Told:
    """A log in which records of one order are found without asking the store."""

    def __init__(self, store: LogReader, told: Mapping[str, Record]) -> None:
        self._store = store
        self._told = told
        self.head, self.read, self.load_checkpoint = store.head, store.read, store.load_checkpoint

    def find(self, event_id: str) -> Record | None:
        return self._told.get(event_id)

    def find_many(self, event_ids: Sequence[str]) -> Mapping[str, Record]:
        return {event_id: self._told[event_id] for event_id in event_ids if event_id in self._told}


_KEPT: WeakKeyDictionary[Workspace, _Kept] = WeakKeyDictionary()
_KEEPING = Lock()


def all_orders(workspace: Workspace) -> tuple[OrderResult, ...]:
    """All orders of the workspace's account that were answered. Raises what reading the log raises."""
    with _KEEPING:
        kept = _KEPT.setdefault(workspace, _Kept())
    with kept.reading:
        workspace.desk.follow(workspace.store)
        _follow(workspace, kept, workspace.desk.book.head.seq)
        answered = (_answered(workspace, kept, intent) for intent in reversed(kept.intents))
        return tuple(order for order in answered if order is not None)


def all_fills(workspace: Workspace) -> tuple[OrderFill, ...]:
    """All fills of these orders, the latest first."""
    found = [OrderFill(order, fill) for order in all_orders(workspace) for fill in reversed(order.fills)]
    return tuple(sorted(found, key=lambda one: one.fill.filled_at, reverse=True))


def _follow(workspace: Workspace, kept: _Kept, head: int) -> None:
    if head > kept.read:
        for record in workspace.store.read(kept.read, head - kept.read):
            kept.take(record, workspace.account)
        kept.read = head


def _answered(workspace: Workspace, kept: _Kept, intent: OrderIntent) -> OrderResult | None:
    """None while the gate is being asked."""
    name = intent.client_order_id
    order = kept.ended.get(name)
    if order is None:
        desk = workspace.desk
        with desk.lock:  # an order at a time, so that a long past holds up nobody
            order = answers.of_log(_Told(workspace.store, kept.records[name]), desk.orders, intent)
            if order is None:
                return None
            if order.open:
                return orders.as_halted(workspace, order)
        kept.ended[name] = order
        del kept.records[name]
    return order


def holds(workspace: Workspace, client_order_id: str) -> bool:
    """Whether the workspace's account has an order of that id."""
    store = workspace.store
    if store.find(intent_id(client_order_id)) is None:
        return False
    found = facts.find(store, intent_id(client_order_id))
    return found is not None and intent_of(found.event).account == workspace.account
