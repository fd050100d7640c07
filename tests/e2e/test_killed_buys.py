"""Real buys killed by SIGKILL at every named point between their durable steps."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from real_home import Journal, RealHome

pytestmark = [pytest.mark.e2e, pytest.mark.fault]

KILLED = 9 if os.name == "nt" else -signal.Signals["SIGKILL"].value
DEADLINE = 60.0


@pytest.mark.parametrize(
    ("point", "stored"),
    [
        pytest.param("before-gate", 0, id="before the gate"),
        pytest.param("inside-transaction:1", 0, id="inside the transaction of the intent"),
        pytest.param("after-commit:1", 3, id="after the commit of the intent, before its acknowledgement"),
        pytest.param("after-intent", 3, id="after the intent"),
        pytest.param("inside-transaction:2", 3, id="inside the transaction of the fill"),
        pytest.param("after-commit:2", 4, id="after the commit, before the answer"),
    ],
)
def test_a_buy_killed_at_a_named_point_is_one_order_when_sent_again(
    home: RealHome, symbols: tuple[str, ...], point: str, stored: int
) -> None:
    """`stored`: events then in the log, of which two open the account, one is the intent and one ends the order."""
    symbol = symbols[0]
    process = home.start_buy(symbol, "cut", fault=point)
    out, error = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out, error) == (KILLED, "", "")
    before = home.check()
    assert before.head.seq == stored
    again = home.buy(symbol, "cut")
    assert again["replayed"] is (stored == 4)
    after = home.check()
    assert_one_order(after, "cut", symbol)
    assert after.outside == after.head


def assert_one_order(journal: Journal, client_id: str, symbol: str) -> None:
    """One intent, one end, one fill of one contract."""
    assert journal.intents[client_id] == 1
    assert journal.ends[client_id] == "order.completed"
    (fill,) = journal.fills_of(client_id)
    assert journal.fills[fill][:2] == (symbol, 1)
