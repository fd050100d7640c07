"""Orders of every kind killed by SIGKILL at random moments: each is there once, nothing reserved is lost or doubled.

What must hold is added up from the events themselves, not by the folds that the product uses.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from killing import AFTER, BETWEEN, PACE, Span, drawn, killed_after, placed, uninterrupted
from real_home import MULTIPLIER, OPENING

from optionix_core.portfolio.ledger import ENTRY, entry_of
from optionix_core.services import book
from optionix_core.services import log as log_service
from optionix_core.sync.event import EMPTY_HEAD, Head
from optionix_core.trading import facts
from optionix_core.trading.records import END_STATES, FILLED, INTENT, fill_of, fill_side
from optionix_core.trading.working_records import ACCEPTED, accepted_of

if TYPE_CHECKING:
    from real_home import RealHome

    from optionix_core.sync.event import Event

pytestmark = [pytest.mark.e2e, pytest.mark.fault]

FILLS = {
    "market": True,
    "combination": True,
    "resting": False,
    "limit": True,
    "waiting combination": False,
    "stop": False,
}
"""Kinds of orders, and whether they are filled at once or rest; in the order in which they are killed."""
DEAR, CHEAP = "9.00", "0.05"
"""Far above what the options of these tests are offered at, and far below it; on every price step."""


def submit(kind: str, symbols: tuple[str, ...], number: int, client_id: str) -> list[str]:
    """`optionix order submit` of one contract or unit."""
    one, other = symbols[number % len(symbols)], symbols[(number + 1) % len(symbols)]
    legs = json.dumps([{"symbol": one, "ratio": 1}, {"symbol": other, "ratio": 1}])
    terms = {
        "market": ["--symbol", one, "--type", "market"],
        "limit": ["--symbol", one, "--type", "limit", "--limit", DEAR, "--tif", "IOC"],
        "stop": ["--symbol", one, "--type", "stop", "--trigger", DEAR, "--tif", "GTC"],
        "resting": ["--symbol", one, "--type", "limit", "--limit", CHEAP, "--tif", "GTC"],
        "combination": ["--legs", legs, "--limit", DEAR, "--tif", "IOC"],
        "waiting combination": ["--legs", legs, "--limit", CHEAP, "--tif", "GTC"],
    }
    named = ["--side", "buy", "--quantity", "1", "--client-id", client_id, "--json"]
    return ["order", "submit", *terms[kind], *named]


@dataclass
class Told:
    """What a log says, added up."""

    head: Head
    outside: Head
    """The head beside the database, as it was before anybody reopened the log."""
    seen: set[str] = field(default_factory=set)
    wanted: Counter[str] = field(default_factory=Counter)
    fills: Counter[str] = field(default_factory=Counter)
    accepted: dict[str, Decimal] = field(default_factory=dict)
    """Client order id to the cash that is kept for its contract or unit."""
    ends: Counter[str] = field(default_factory=Counter)
    moved: Counter[str] = field(default_factory=Counter)
    """Contracts by symbol, out of the fills."""
    paid: Decimal = Decimal(0)
    posted: defaultdict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """By account and commodity, out of the ledger."""

    def answered(self, client_id: str) -> bool:
        """Whether an order is over, or rests."""
        return client_id in self.ends or client_id in self.accepted

    def take(self, event: Event) -> None:
        """Add one event up."""
        name = str(event.payload.get("client_order_id"))
        assert event.id not in self.seen, f"{event.id} is in the log twice"
        self.seen.add(event.id)
        if event.type == INTENT:
            self.wanted[name] += 1
        elif event.type == ACCEPTED:
            self.accepted[name] = accepted_of(event).reserve.total(1, filled=False)
        elif event.type in END_STATES:
            self.ends[name] += 1
        elif event.type == FILLED:
            fill, sign = fill_of(event), fill_side(event).sign
            self.fills[name] += fill.quantity
            self.paid += sign * fill.quantity * fill.price * MULTIPLIER + fill.fee
            alone = [(str(event.payload["symbol"]), sign * fill.quantity)]
            for symbol, quantity in [(leg.symbol, leg.quantity) for leg in fill.legs] or alone:
                self.moved[symbol] += quantity
        elif event.type == ENTRY:
            for posting in entry_of(event).postings:
                self.posted[posting.account, posting.commodity] += posting.amount


def audit(home: RealHome) -> Told:
    """Reopen the log: its chain holds, debits equal credits, and cash, contracts and reserves are what events say."""
    outside = home.outside() or EMPTY_HEAD
    with home.workspace() as workspace:
        told = Told(workspace.store.head(), outside)
        for record in facts.read(workspace.store):
            told.take(record.event)
        assert log_service.verify(workspace.store).head == told.head
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for (_, commodity), amount in told.posted.items():
            sums[commodity] += amount
        assert not any(sums.values()), f"debits and credits differ: {sums}"
        held = {name: amount for (account, name), amount in told.posted.items() if account == "paper-1:positions"}
        assert held == told.moved
        cash = told.posted["paper-1:cash", "USD"]
        assert cash == (OPENING - told.paid if told.wanted else 0)
        kept = sum((each for name, each in told.accepted.items() if name not in told.ends), Decimal(0))
        workspace.desk.follow(workspace.store)
        assert workspace.desk.orders.reserved("paper-1") == kept
        if told.wanted:
            assert book.account(workspace).buying_power == cash - kept
        book.verify(workspace)
    assert set(told.wanted.values()) <= {1}
    assert set(told.ends.values()) <= {1}
    return told


@pytest.mark.parametrize("kills", [10, pytest.param(100, marks=pytest.mark.soak)])
def test_orders_of_every_kind_killed_at_random_moments_are_one_each_when_sent_again(
    home: RealHome, symbols: tuple[str, ...], kills: int, capsys: pytest.CaptureFixture[str]
) -> None:
    generator, kinds = random.Random(20260116), tuple(FILLS)
    home.buy(symbols[0], "opening")
    spans = [
        uninterrupted(home, submit(kind, symbols, number, f"whole-{number}")) for number, kind in enumerate(kinds[:3])
    ]
    span = Span(min(item.first for item in spans), min(item.last for item in spans))
    found: Counter[str] = Counter()
    pace = 1.0
    while found.total() < kills or found[BETWEEN] * 2 <= found.total():
        number = found.total()
        assert number < 3 * kills, f"too few of the kills fell between the durable steps: {dict(found)}, {span}"
        kind, client_id = kinds[number % len(kinds)], f"cut-{number}"
        arguments = submit(kind, symbols, number, client_id)
        stood = home.outside()
        anywhere = number % 5 == 4
        told_user = killed_after(home, arguments, pace * drawn(generator, span, anywhere=anywhere))
        told = audit(home)
        known = told.answered(client_id)
        place = placed(
            wanted=client_id in told.wanted, answered=known, head=told.head, outside=told.outside, stood=stood
        )
        assert not told_user or place == AFTER, "an order was answered before it was durable"
        found[place] += 1
        if not anywhere:
            pace *= PACE[place]
        again = home.answer(*arguments[:-1])
        assert again["replayed"] is known
        assert again["state"] == ("filled" if FILLS[kind] else "held" if kind == "stop" else "working")
        told = audit(home)
        assert told.fills[client_id] == (1 if FILLS[kind] else 0)
        assert (client_id in told.accepted, client_id in told.ends) == (not FILLS[kind], FILLS[kind])
        assert told.outside == told.head
    assert len(told.wanted) == 1 + 3 + found.total()
    with capsys.disabled():
        sys.stdout.write(
            f"\n{found.total()} orders of {len(kinds)} kinds killed after their first write, whose intent is durable "
            f"{1e3 * span.first:.1f} ms and whose end {1e3 * span.last:.1f} ms after it: {dict(found)}\n"
        )
