"""Orders and their parents: whether a child may work, and how much of its parent's fills is still for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.trading import facts
from optionix_core.trading.claims import siblings
from optionix_core.trading.records import FILLED, INTENT, end_id, end_of, fill_of, intent_id, intent_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optionix_core.sync.event import LogReader
    from optionix_core.trading.open_order import OpenOrder
    from optionix_core.trading.orders import OrderIntent


def check_parent(log: LogReader, intent: OrderIntent) -> None:
    """Raise UnknownNameError for a parent that is not in the log, InvalidValueError for one of another account.

    Also for a combination whose parent has other legs: units of different things do not add up.
    """
    if intent.parent is None:
        return
    found = facts.find(log, intent_id(intent.parent))
    if found is None:
        raise UnknownNameError("parent order", intent.parent)
    parent = intent_of(found.event)
    if parent.account != intent.account:
        bound = f"an order of {intent.account} (it is one of {parent.account})"
        raise InvalidValueError("parent", repr(intent.parent), bound)
    if (intent.legs or parent.legs) and parent.symbol != intent.symbol:
        raise InvalidValueError("parent", repr(intent.parent), "an order for the same legs")


def check_group(orders: Iterable[OpenOrder], intent: OrderIntent) -> None:
    """Raise InvalidValueError where a combination and something other than its legs would share a group."""
    for other in siblings(orders, intent):
        if (intent.legs or other.intent.legs) and other.intent.symbol != intent.symbol:
            bound = f"a group of orders for the same legs ({other.intent.client_order_id} is not)"
            raise InvalidValueError("one_cancels", repr(intent.one_cancels), bound)


def parent_refusal(log: LogReader, intent: OrderIntent) -> str | None:
    """Why a child cannot work: its parent ended before it was filled; None where it may."""
    ended = None if intent.parent is None else facts.find(log, end_id(intent.parent))
    if ended is None or intent.parent is None:
        return None
    filled, taken = _of_family(log, intent, intent.parent)
    if filled - taken >= intent.quantity:
        return None
    used = f", {taken} of them taken by {intent.one_cancels}" if taken else ""
    return f"{intent.parent} is {end_of(ended.event).state} with {filled} filled{used}"


def _of_family(log: LogReader, intent: OrderIntent, parent: str) -> tuple[int, int]:
    """What the parent of `intent` was filled with, and what its other children in the same group were."""
    first = facts.find(log, intent_id(parent))
    group, filled, taken = set(), 0, 0
    for _, event in facts.read(log, 0 if first is None else first.seq - 1):
        if event.type == INTENT and intent.one_cancels is not None:
            other = intent_of(event)
            if (other.parent, other.one_cancels) == (parent, intent.one_cancels):
                group.add(other.client_order_id)
        elif event.type == FILLED:
            fill = fill_of(event)
            filled += fill.quantity if fill.client_order_id == parent else 0
            taken += fill.quantity if fill.client_order_id in group else 0
    return filled, taken


def released(log: LogReader, intent: OrderIntent, parent: str) -> int:
    """Contracts that a child of `parent` may work from the start."""
    filled, taken = _of_family(log, intent, parent)
    return max(0, filled - taken)
