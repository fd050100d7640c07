"""Fills by their ids, with the order that each belongs to: what a face tells of a venue that was brought up to now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optionix_core.errors import IntegrityError
from optionix_core.trading.records import fill_of, intent_id, intent_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optionix_core.sync.event import LogReader
    from optionix_core.trading.orders import Fill, OrderIntent


@dataclass(frozen=True, slots=True)
class FillNews:
    """A fill and what was wanted."""

    intent: OrderIntent
    """As the order was first placed."""
    fill: Fill


def fills_of(log: LogReader, fill_ids: Iterable[str]) -> tuple[FillNews, ...]:
    """The fills of those ids, in their order. Raises IntegrityError where the log does not hold one, or its order."""
    found = []
    for fill_id in fill_ids:
        record = log.find(fill_id)
        if record is None:
            raise IntegrityError(f"fill {fill_id} is not in the log")
        fill = fill_of(record.event)
        wanted = log.find(intent_id(fill.client_order_id))
        if wanted is None:
            raise IntegrityError(f"fill {fill_id} has no order", record.seq)
        found.append(FillNews(intent_of(wanted.event), fill))
    return tuple(found)
