"""Fills of orders that rest, told once to whoever sits at the terminal: also those that came while it was closed.

The log is followed from the place up to which fills were told last. That place is kept beside the home's state, so that
it does not matter which process brought the venue up to now. Orders that fill at once are told by who sent them, and
not here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from optionix_core.errors import IntegrityError
from optionix_core.portfolio.trades import carries_trades
from optionix_core.trading import facts
from optionix_core.trading.records import FILLED, fill_of, intent_id, intent_of

if TYPE_CHECKING:
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.orders import Fill, OrderIntent

FILE: Final = "fills-told.json"


@dataclass(frozen=True, slots=True)
class FillNews:
    """A fill and what was wanted."""

    intent: OrderIntent
    """As the order was first placed."""
    fill: Fill


class FillFollower:
    """Follows one home's log. A home that was never followed is followed from its present end."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._file = workspace.home.state / FILE
        head = workspace.store.head().seq
        told = self._kept()
        self._told = head if told is None or told > head else told

    def news(self) -> tuple[FillNews, ...]:
        """Fills since the last time, in the order of the log. Raises IntegrityError where one has no order."""
        store = self._workspace.store
        found = []
        last = self._told
        for record in store.read(self._told):
            last = seq = record.seq
            for event in facts.facts_of(record.event) if not carries_trades(record.event) else ():
                if event.type != FILLED:
                    continue
                fill = fill_of(event)
                wanted = facts.find(store, intent_id(fill.client_order_id))
                if wanted is None:
                    raise IntegrityError(f"fill {fill.fill_id} has no order", seq)
                intent = intent_of(wanted.event)
                if intent.time_in_force.rests:
                    found.append(FillNews(intent, fill))
        if last != self._told:
            self._told = last
            if found:
                self.keep()
        return tuple(found)

    def keep(self) -> None:
        """Keep the place for the next process; a home opened for reading alone keeps the place that it has."""
        if self._workspace.home.read_only:
            return
        from optionix_core.services.chains import write_whole

        write_whole(self._file, json.dumps({"schema_version": 1, "seq": self._told}).encode())

    def _kept(self) -> int | None:
        try:
            document = json.loads(self._file.read_text("utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        seq = document.get("seq") if isinstance(document, dict) else None
        return seq if isinstance(seq, int) and seq >= 0 else None
