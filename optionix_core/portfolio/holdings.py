"""One instrument in one account: its lots, what was realised, its fees and its recent trades.

Long and short of one instrument are one holding: a trade nets against what is held before it opens anything.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Self, cast

from optionix_core.errors import IntegrityError
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import ZERO, add, decimal_text, subtract
from optionix_core.portfolio.flows import Flow, RecentFlows
from optionix_core.portfolio.lots import Closing, leave_lots, trade
from optionix_core.portfolio.values import Lot, LotMethod, Move
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Json


@dataclass(slots=True)
class Holding:
    """Held now or once held."""

    opened_at: datetime
    currency: str
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    lots: list[Lot] = field(default_factory=list)
    flows: RecentFlows = field(default_factory=RecentFlows)

    def copy(self) -> Holding:
        """One of its own in the same state."""
        flows = RecentFlows(dict(self.flows.buckets))
        return Holding(self.opened_at, self.currency, self.realised, self.fees, list(self.lots), flows)

    def move(self, move: Move, time: datetime, method: LotMethod, entry_id: str) -> tuple[Closing, ...]:
        """Apply a move of an entry; what it closed. Raises IntegrityError where lots or currency do not fit."""
        if move.currency != self.currency:
            raise IntegrityError(f"{move.symbol} is held in {self.currency}, and the entry moves {move.currency}")
        was = self._sign()
        if move.opens:
            closings = self._come(move, method)
        elif move.carried:
            self._leave(move, method)
            closings = ()
        else:
            closings = trade(
                self.lots, move.quantity, move.cost, time, method=method, named=move.closes, opened_by=entry_id
            )
        for item in closings:
            self.realised = add(self.realised, subtract(item.proceeds, item.cost))
        if move.fee:
            self.fees = add(self.fees, move.fee)
        self.flows.add(time, Flow(move.quantity, move.cost, move.fee))
        now = self._sign()
        if now and now != was:
            self.opened_at = min(lot.opened_at for lot in self.lots) if move.opens else time
        elif not was:
            self.opened_at = time
        return closings

    def _sign(self) -> int:
        return 0 if not self.lots else -1 if self.lots[0].quantity.is_signed() else 1

    def _come(self, move: Move, method: LotMethod) -> tuple[Closing, ...]:
        """Lots that come with their own cost and date stand in the order of their dates."""
        closed: list[Closing] = []
        for lot in move.opens:
            if self.lots and (self.lots[0].quantity > 0) != (lot.quantity > 0):
                closed += trade(self.lots, lot.quantity, lot.cost, lot.opened_at, method=method, opened_by=lot.id)
            else:
                insort(self.lots, lot, key=lambda item: item.opened_at)
        return tuple(closed)

    def _leave(self, move: Move, method: LotMethod) -> None:
        gone = leave_lots(self.lots, move.quantity, method=method, named=move.closes)
        cost = sum((lot.cost for lot in gone), ZERO)
        if cost != -move.cost:
            raise IntegrityError(f"{move.symbol} leaves at {-move.cost}, and its lots cost {cost}")

    def state(self) -> dict[str, Json]:
        """As plain JSON values."""
        return {
            "currency": self.currency,
            "fees": decimal_text(self.fees),
            "flows": {
                str(key): [decimal_text(flow.quantity), decimal_text(flow.cash), decimal_text(flow.fees)]
                for key, flow in self.flows.buckets.items()
            },
            "lots": [
                [decimal_text(lot.quantity), decimal_text(lot.cost), time_text(lot.opened_at), lot.id]
                for lot in self.lots
            ],
            "opened_at": time_text(self.opened_at),
            "realised": decimal_text(self.realised),
        }

    @classmethod
    def of_state(cls, state: Mapping[str, Json]) -> Self:
        """The holding whose `state` it is."""
        lots = cast("list[list[str]]", state["lots"])
        flows = cast("dict[str, list[str]]", state["flows"])
        return cls(
            opened_at=fields.moment(state, "opened_at"),
            currency=fields.text(state, "currency"),
            realised=fields.decimal(state, "realised"),
            fees=fields.decimal(state, "fees"),
            lots=[
                Lot(Decimal(quantity), Decimal(cost), datetime.fromisoformat(opened).astimezone(UTC), name)
                for quantity, cost, opened, name in lots
            ],
            flows=RecentFlows({int(key): Flow(*map(Decimal, numbers)) for key, numbers in flows.items()}),
        )
