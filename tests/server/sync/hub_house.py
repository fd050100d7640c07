"""A hub over a database with one user, and facts that his devices push to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from optionix_core.market.clock import ManualClock
from optionix_core.portfolio.ledger import account_opened_event, entry_event, opening_entry, trade_entry
from optionix_core.services.feeds import open_feed
from optionix_core.services.stream_folds import Folds
from optionix_core.sync.canonical import encode
from optionix_core.sync.event import Event
from optionix_core.sync.masking import Resolution
from optionix_core.sync.wire import PushAnswer, PushBatch, PushItem
from optionix_core.trading.account_standing import AccountStatus, Standing, standing_event
from optionix_core.trading.halt_records import ended_event, started_event
from optionix_core.trading.halts import Halt, HaltScope
from optionix_core.trading.kill_switch import ARMED, DISARMED, FIRED, REARMED
from optionix_core.trading.limit_board import LimitGrade, LimitKey, LimitLevel, SetLimit
from optionix_core.trading.limit_records import (
    removed_event,
    set_event,
)
from optionix_core.trading.limits import LimitKind
from server.books import ServerBooks
from server.problems import Problem
from server.store.database import Database
from server.sync.hub import SyncHub
from server.sync.resolving import Resolving
from tests.server.sync.conftest import START, add_user
from tests.server.sync.simulated import Audit, SignedBy

CALL = "ORBIT 280121C00200000"
USER = UUID(int=1)


class House:
    """A hub over a database, and one user with a device."""

    def __init__(self, database: Database, folder: Path) -> None:
        keys: Any = SignedBy()
        self.database, self.clock, self.audit = database, ManualClock(START), Audit()
        self.books = ServerBooks(database, keys, self.clock, folder, lambda: open_feed("sim"))
        self.hub = SyncHub(
            database, self.books.store, self.books.own_stream, keys, self.audit, self.clock, lambda: self.books.feed
        )
        self.resolving = Resolving(self.hub)
        add_user(database, 1)
        self.store = self.books.store(self.books.own_stream(USER))
        self.sent: dict[str, int] = {}

    def push(self, *events: Event, device: str = "desk-1", may_trade: bool = True) -> list[str]:
        """Statuses of events that a device sends next."""
        return [one.status for one in self.answer(*events, device=device, may_trade=may_trade).results]

    def answer(self, *events: Event, device: str = "desk-1", may_trade: bool = True) -> PushAnswer:
        start = self.sent.get(device, 0)
        items = [PushItem(start + place, event, encode(event)) for place, event in enumerate(events, 1)]
        answer = self.hub.push(USER, PushBatch(device, items), may_trade=may_trade)
        self.sent[device] = answer.device_cursor
        return answer

    def folds(self) -> Folds:
        """The stream's book and orders, folded anew."""
        folds = Folds()
        folds.follow(self.store)
        return folds

    def position(self, symbol: str = CALL) -> Decimal:
        state = self.folds().book.account("sim-1")
        assert state is not None
        return sum((one.quantity for one in state.positions if one.symbol == symbol), Decimal(0))

    def cash(self) -> Decimal:
        state = self.folds().book.account("sim-1")
        assert state is not None
        return state.cash

    def kinds(self) -> list[str]:
        return [one.kind for one in self.resolving.listed(USER)]


def opened(account: str = "sim-1", venue: str = "local-sim") -> tuple[Event, Event]:
    return (
        account_opened_event(account, venue, "USD", START),
        entry_event(opening_entry(account, "USD", Decimal(100_000), START)),
    )


def trade(name: str, quantity: int, price: str = "1.25", minutes: int = 0) -> Event:
    return entry_event(
        trade_entry(
            entry_id=f"order/{name}/fill-1/entry",
            account="sim-1",
            venue="local-sim",
            symbol=CALL,
            currency="USD",
            quantity=Decimal(quantity),
            price=Decimal(price),
            multiplier=Decimal(100),
            fee=Decimal("0.65"),
            time=START + timedelta(minutes=minutes),
            cause=f"order/{name}/fill-1",
        )
    )


def say(house: House, status: AccountStatus, number: int) -> None:
    """The server says how the account stands."""
    with house.store.writing("administer") as log:
        log.append([standing_event(Standing("sim-1", status, START, "admin", "a reason", number))])


def refusal(house: House, event_id: str, resolution: Resolution) -> tuple[int, str]:
    """How a resolution is refused."""
    with pytest.raises(Problem) as caught:
        house.resolving.resolve(USER, event_id, resolution)
    return caught.value.status, caught.value.kind


def bound(account: str, by: str) -> SetLimit:
    key = LimitKey(LimitLevel.ACCOUNT, account, LimitKind.DELTA, LimitGrade.HARD)
    return SetLimit(key=key, bound=Decimal(5), by=by, since=START)


def overseen(what: str, by: str) -> tuple[list[Event], list[Event]]:
    """What somebody set, and what undoes it."""
    if what == "limit":
        limit = bound("sim-1", by)
        wider = replace(limit, bound=Decimal(500), by="ann", number=2)
        return [set_event(limit)], [set_event(wider), removed_event(limit.key, 3, "ann", START)]
    if what == "halt":
        halt = Halt(HaltScope.UNDERLYING, "ORBIT", "manual", START, None, "news")
        later = START + timedelta(minutes=1)
        shorter = replace(halt, since=later, until=later + timedelta(seconds=1))
        return [started_event(halt, by)], [
            ended_event(halt, 1, "ann", "enough", later),
            started_event(shorter, "ann", 2),
        ]
    said = {"by": by, "reason": "a storm"}
    fired = Event("kill/k/fired", FIRED, START, {**said, "flatten": False, "kill_id": "k"})
    moved = {"by": "ann", "reason": "over"}
    back = [Event("kill/2", REARMED, START, moved), Event("kill/3", DISARMED, START, moved)]
    return [Event("kill/1", ARMED, START, said), fired], back
