"""Real buys killed by SIGKILL, at every named point and at random moments between their durable steps.

A moment is counted from the first write: this process watches the write-ahead log and the head beside
the database, and kills a drawn delay after they first move. The span to draw from is measured on buys
that nobody interrupts.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from optionix_core.sync.event import Head

if TYPE_CHECKING:
    from real_home import Journal, RealHome

pytestmark = [pytest.mark.e2e, pytest.mark.fault]

KILLED = 9 if os.name == "nt" else -signal.Signals["SIGKILL"].value
CALIBRATIONS = 4
LOOKS = 40
"""At the files, for one look at the process."""
PAUSE = 0.0002
"""Seconds between two looks: short against the steps of a buy, and the processor is left to the buy."""
DEADLINE = 60.0

BEFORE, BETWEEN, AFTER = "before the first durable step", "between", "after the last durable step"
PACE = {BEFORE: 1.4, BETWEEN: 1.0, AFTER: 0.7}
"""What a kill makes of the delays that follow: the machine is slower or faster than when the span was measured."""


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds from the first write to the first durable step (the intent) and to the last (fill, ledger, end)."""

    first: float
    last: float


@pytest.mark.parametrize(
    ("point", "stored"),
    [
        pytest.param("before-gate", 0, id="before the gate"),
        pytest.param("inside-transaction:1", 0, id="inside the transaction of the intent"),
        pytest.param("after-commit:1", 3, id="after the commit of the intent, before its acknowledgement"),
        pytest.param("after-intent", 3, id="after the intent"),
        pytest.param("inside-transaction:2", 3, id="inside the transaction of the fill"),
        pytest.param("after-commit:2", 6, id="after the commit, before the answer"),
    ],
)
def test_a_buy_killed_at_a_named_point_is_one_order_when_sent_again(
    home: RealHome, symbols: tuple[str, ...], point: str, stored: int
) -> None:
    """`stored`: events then in the log, of which two open the account, one is the intent and three end the order."""
    symbol = symbols[0]
    process = home.start_buy(symbol, "cut", fault=point)
    out, error = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out, error) == (KILLED, "", "")
    before = home.check()
    assert before.head.seq == stored
    again = home.buy(symbol, "cut")
    assert again["replayed"] is (stored == 6)
    after = home.check()
    assert_one_order(after, "cut", symbol)
    assert after.outside == after.head


@pytest.mark.parametrize("kills", [10, pytest.param(50, marks=pytest.mark.soak)])
def test_buys_killed_at_random_moments_are_one_order_each_when_sent_again(
    home: RealHome, symbols: tuple[str, ...], kills: int, capsys: pytest.CaptureFixture[str]
) -> None:
    generator = random.Random(20260116)
    home.buy(symbols[0], "opening")
    spans = [uninterrupted(home, symbols[number % len(symbols)], f"whole-{number}") for number in range(CALIBRATIONS)]
    span = Span(min(item.first for item in spans), min(item.last for item in spans))
    found: Counter[str] = Counter()
    pace = 1.0
    while found.total() < kills or found[BETWEEN] * 2 <= found.total():
        number = found.total()
        assert number < 3 * kills, f"too few of the kills fell between the durable steps: {dict(found)}, {span}"
        symbol, client_id = symbols[number % len(symbols)], f"cut-{number}"
        stood = home.outside()
        anywhere = number % 5 == 4
        delay = pace * drawn(generator, span, anywhere=anywhere)
        answered = killed_after(home, symbol, client_id, delay)
        journal = home.check()
        place = placed(journal, client_id, stood)
        assert not answered or place == AFTER, "a buy was answered before it was durable"
        found[place] += 1
        if not anywhere:
            pace *= PACE[place]
        again = home.buy(symbol, client_id)
        assert again["replayed"] is (client_id in journal.ends)
        journal = home.read()
        assert_one_order(journal, client_id, symbol)
        assert journal.outside == journal.head
    journal = home.check()
    assert len(journal.fills) == len(journal.ends) == len(journal.intents) == 1 + CALIBRATIONS + found.total()
    with capsys.disabled():
        sys.stdout.write(
            f"\n{found.total()} buys killed after their first write, whose intent is durable {1e3 * span.first:.1f} ms "
            f"and whose end {1e3 * span.last:.1f} ms after it: {dict(found)}\n"
        )


def assert_one_order(journal: Journal, client_id: str, symbol: str) -> None:
    """One intent, one end, one fill of one contract."""
    assert journal.intents[client_id] == 1
    assert journal.ends[client_id] == "order.completed"
    (fill,) = journal.fills_of(client_id)
    assert journal.fills[fill][:2] == (symbol, 1)


def drawn(generator: random.Random, span: Span, *, anywhere: bool) -> float:
    """A delay after the first write: between the durable steps, or anywhere around them."""
    return generator.uniform(0.0, 1.5 * span.last) if anywhere else generator.uniform(0.8 * span.first, span.last)


def placed(journal: Journal, client_id: str, stood: Head | None) -> str:
    """Where a kill fell, by what it left; the head beside the database is the last durable step."""
    if client_id not in journal.intents:
        assert journal.head == stood
        return BEFORE
    return AFTER if client_id in journal.ends and journal.outside == journal.head else BETWEEN


def uninterrupted(home: RealHome, symbol: str, client_id: str) -> Span:
    """A whole buy, timed from outside: the head beside the database is replaced after each durable step."""
    first_write, first_step = watch(home), changed(home.head)
    process = home.start_buy(symbol, client_id)
    began = waited_for(process, first_write)
    first = waited_for(process, first_step)
    last = waited_for(process, changed(home.head))
    out, error = process.communicate(timeout=DEADLINE)
    assert (process.returncode, error) == (0, "")
    assert json.loads(out)["state"] == "filled"
    return Span(first - began, last - began)


def killed_after(home: RealHome, symbol: str, client_id: str, delay: float) -> bool:
    """Start a buy and kill it `delay` seconds after its first write; whether it had given its answer."""
    first_write = watch(home)
    process = home.start_buy(symbol, client_id)
    began = waited_for(process, first_write)
    time.sleep(max(0.0, began + delay - time.perf_counter()))
    process.kill()
    out, error = process.communicate(timeout=DEADLINE)
    assert error == ""
    assert process.returncode in {KILLED, 0}
    return bool(out)


def watch(home: RealHome) -> Callable[[], bool]:
    """Whether the write-ahead log or the head has moved since now."""
    log, head = changed(home.write_ahead_log), changed(home.head)
    return lambda: log() or head()


def changed(path: Path) -> Callable[[], bool]:
    """Whether a file has been written or replaced since now."""
    stood = mark(path)
    return lambda: mark(path) != stood


def mark(path: Path) -> tuple[int, int, int] | None:
    """What of a file changes when it is written or replaced; None while there is nothing in it."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return (status.st_ino, status.st_size, status.st_mtime_ns) if status.st_size else None


def waited_for(process: subprocess.Popen[str], moved: Callable[[], bool]) -> float:
    """When `moved` came true, to a quarter of a millisecond; AssertionError where the process ends without it."""
    deadline, ended = time.monotonic() + DEADLINE, False
    while not ended and time.monotonic() < deadline:
        ended = process.poll() is not None
        for _ in range(LOOKS):
            if moved():
                return time.perf_counter()
            time.sleep(PAUSE)
    process.kill()
    raise AssertionError(f"the buy wrote nothing: {process.communicate()}")
