"""Four writers and an open terminal on one home: nobody is turned away, nothing happens twice, all is seen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from optionix_core.market import symbols as names

if TYPE_CHECKING:
    from real_home import RealHome

pytestmark = pytest.mark.e2e

WRITERS = 4
WRITE_AND_TELL = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from optionix_core.storage import home_lock, open_store
from optionix_core.sync.event import Event

taken = []

def note(self, purpose, inner=home_lock.HomeLock._write_note):
    taken.append(set(sys.modules))
    inner(self, purpose)

home_lock.HomeLock._write_note = note
with open_store(Path(sys.argv[1])).writing("first") as log:
    log.append([Event("a", "test.happened", datetime(2026, 1, 2, tzinfo=UTC), {})])
print(*sorted(set(sys.modules) - taken[0]))
"""


@pytest.mark.parametrize("orders", [3, pytest.param(100, marks=pytest.mark.soak)])
def test_four_processes_trade_once_each_and_the_open_terminal_shows_it(
    home: RealHome, symbols: tuple[str, ...], orders: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The home is fresh, so that the four also race to make it. No terminal on Windows, the rest there too."""
    watched = _open_terminal(home)
    with watched as terminal:
        if terminal is not None:
            terminal.wait_for("NLV 100,000.00", "0 events")
            terminal.send("g", "b")
            terminal.wait_for("F5 Book", "no positions")
        began = time.monotonic()
        with ThreadPoolExecutor(WRITERS) as pool:
            turns = [pool.submit(_buy_in_turn, home, symbols, writer, orders) for writer in range(WRITERS)]
            if terminal is not None:
                terminal.wait_until(_shows_events, "the first fills, while others go on", seconds=60)
                early = not all(turn.done() for turn in turns)
                while not all(turn.done() for turn in turns):
                    terminal.read(0.05)
            answers = [answer for turn in turns for answer in turn.result()]
        seconds = time.monotonic() - began
        assert all(answer["state"] == "filled" and not answer["replayed"] for answer in answers)
        journal = home.check()
        assert journal.outside == journal.head
        assert set(journal.intents) == set(journal.ends) == {answer["client_order_id"] for answer in answers}
        assert len(journal.fills) == len(answers) == WRITERS * orders
        assert {fill["id"] for answer in answers for fill in answer["fills"]} == set(journal.fills)
        assert journal.head.seq == 2 + 2 * WRITERS * orders  # the account opens; intent, end with its fill
        if terminal is not None:
            assert early, "the terminal saw nothing before all was over"
            held = journal.bought()
            terminal.wait_until(lambda shown: _positions(shown, held) == held, f"the positions {held}")
            terminal.wait_for(f"{journal.head.seq:,} events")
            terminal.send("q")
            assert terminal.wait_for_end() == 0
    with capsys.disabled():
        sys.stdout.write(f"\n{WRITERS * orders} buys by {WRITERS} processes in {seconds:.1f} s\n")


def test_nobody_waits_for_imports_of_the_one_who_holds_the_lock(home: RealHome) -> None:
    """Loading the database's library takes longer than an order does: it comes before the lock, not under it."""
    done = subprocess.run(
        [sys.executable, "-c", WRITE_AND_TELL, str(home.data)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def _buy_in_turn(home: RealHome, symbols: tuple[str, ...], writer: int, orders: int) -> list[Any]:
    """One process after the other, each a whole `optionix buy`; any that is refused, locked out or unfilled raises."""
    return [home.buy(symbols[(3 * writer + order) % len(symbols)], f"w{writer}-{order}") for order in range(orders)]


def _open_terminal(home: RealHome) -> Any:
    if os.name == "nt":
        return nullcontext(None)
    from terminal import Terminal

    return Terminal(home.root, size=(160, 50))


def _shows_events(shown: str) -> bool:
    found = re.search(r"([\d,]+) events", shown)
    return found is not None and int(found[1].replace(",", "")) > 2


def _positions(shown: str, wanted: Counter[str]) -> Counter[str]:
    """Contracts by symbol that the book on the screen tells, of the symbols in `wanted`."""
    found: Counter[str] = Counter()
    for symbol in wanted:
        line = re.search(rf"{re.escape(names.terms(symbol).label)}\s+\+(\d+)\s", shown)
        if line is not None:
            found[symbol] = int(line[1])
    return found
