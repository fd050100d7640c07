"""An order that rests, killed by SIGKILL at every named point, is one order when sent again; so is its end."""

from __future__ import annotations

import os
import signal
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from real_home import RealHome

pytestmark = [pytest.mark.e2e, pytest.mark.fault]

KILLED = 9 if os.name == "nt" else -signal.Signals["SIGKILL"].value
LIMIT = Decimal("0.05")
"""On every tick, and far below what the options of these tests are offered at."""
KEPT = 3 * (100 * LIMIT + Decimal("0.65"))


def submit(symbol: str) -> list[str]:
    """Three contracts, good till cancelled."""
    terms = f"--side buy --quantity 3 --type limit --limit {LIMIT} --tif GTC --client-id cut --json"
    return ["order", "submit", "--symbol", symbol, *terms.split()]


def events(home: RealHome) -> list[tuple[str, dict[str, Any]]]:
    """What is in the log about the order."""
    with home.workspace() as workspace:
        records = [record.event for record in workspace.store.read()]
    return [(event.type, dict(event.payload)) for event in records if event.payload.get("client_order_id") == "cut"]


@pytest.mark.parametrize(
    ("point", "stored"),
    [
        pytest.param("inside-transaction:1", 0, id="inside the transaction of the intent"),
        pytest.param("after-commit:1", 3, id="after the commit of the intent, before its acknowledgement"),
        pytest.param("inside-transaction:2", 3, id="inside the transaction of the acceptance"),
        pytest.param("after-commit:2", 4, id="after the commit, before the answer"),
    ],
)
def test_an_order_killed_at_a_named_point_rests_once_when_sent_again(
    home: RealHome, symbols: tuple[str, ...], point: str, stored: int
) -> None:
    """`stored`: events then in the log, of which two open the account, one is the intent and one accepts the order."""
    status, out, _ = home.run(*submit(symbols[0]), fault=point)
    assert (status, out) == (KILLED, "")
    assert home.read().head.seq == stored
    again = home.answer(*submit(symbols[0])[:-1])
    assert (again["state"], again["replayed"]) == ("working", stored == 4)
    journal = home.check()
    assert journal.outside == journal.head
    assert [kind for kind, _ in events(home)] == ["order.intent", "order.accepted"]
    assert Decimal(str(again["reserved"])) == KEPT
    assert Decimal(str(home.answer("account")["buying_power"])) == 100_000 - KEPT


@pytest.mark.parametrize(("point", "ended"), [("inside-transaction:1", False), ("after-commit:1", True)])
def test_an_order_whose_cancellation_is_killed_ends_once(
    home: RealHome, symbols: tuple[str, ...], point: str, ended: bool
) -> None:
    home.answer(*submit(symbols[0])[:-1])
    status, out, _ = home.run("order", "cancel", "cut", fault=point)
    assert (status, out) == (KILLED, "")
    assert (events(home)[-1][0] == "order.cancelled") is ended
    assert home.answer("order", "cancel", "cut")["replayed"] is ended
    assert [kind for kind, _ in events(home)] == ["order.intent", "order.accepted", "order.cancelled"]
    assert Decimal(str(home.answer("account")["buying_power"])) == 100_000
