"""A recorded day of quotes and a seeded day of orders: the log comes out the same, byte for byte, whoever was killed.

The head of the log is a hash over every byte of every event, so that two logs with one head are one log.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from day_of_orders import acts, send
from recorded_venue import UNDERLYINGS, RecordedVenue, record_day

from optionix_core.services.desk import Desk
from optionix_core.storage import open_store
from optionix_core.sync.event import Head
from optionix_core.sync.faultpoints import VARIABLE
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading import facts
from optionix_core.trading.orders import OrderType, TimeInForce
from optionix_core.trading.records import INTENT, intent_of

pytestmark = [pytest.mark.e2e, pytest.mark.fault]

KILLED = 1 if os.name == "nt" else -signal.Signals["SIGKILL"].value
PROGRAM = Path(__file__).with_name("day_of_orders.py")
OPENS = datetime(2026, 3, 4, 14, 30, tzinfo=UTC)
LAST_MINUTES = datetime(2026, 3, 4, 20, 40, tzinfo=UTC)
"""Options of the day expire at 21:00 UTC, within both recordings."""
SEED = 5
FATES = {"order.completed", "order.cancelled", "order.rejected", "order.expired"}
HAPPENINGS = {"order.accepted", "order.triggered", "order.amended", "order.filled", "venue.advanced"}


def folded(store) -> tuple[Head, bytes]:
    """The head of a log whose chain was recomputed, and the bytes of book and orders folded from its start."""
    desk = Desk()
    for record in store.read():
        desk.take(record)
    assert store.verify().head == store.head()
    return store.head(), desk.to_bytes()


def in_one_process(recording: Path, home: Path, count: int) -> MemoryEventStore:
    """The whole day, with everything made anew."""
    store, venue = MemoryEventStore(), RecordedVenue(recording)
    send(venue, store, home, enumerate(acts(venue, SEED, count)), lambda _: None)
    return store


def child(recording: Path, home: Path, count: int, first: int, fault: str | None = None) -> subprocess.Popen[str]:
    """A process that sends the acts from `first` on."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPTIONIX_")}
    if fault is not None:
        environment[VARIABLE] = fault
    arguments = [str(item) for item in (PROGRAM, recording, home, SEED, count, first)]
    return subprocess.Popen(
        [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )


def acknowledged(process: subprocess.Popen[str], first: int, kill_after: int | None) -> int:
    """How many acts are acknowledged when the process is gone; it is killed once `kill_after` are."""
    done = first
    for line in process.stdout:
        done = int(line) + 1
        if done == kill_after:
            process.kill()
    process.wait(timeout=60)
    process.stdout.close()
    return done


def with_kills(recording: Path, home: Path, count: int, sent: int) -> list[int]:
    """The day by processes that die: inside a transaction, after an intent, from outside; the last one ends it."""
    chance = Random(SEED)
    done, died_at = 0, []
    part = sent // 5
    for fault, outside in (
        (f"inside-transaction:{chance.randint(part, 2 * part)}", False),
        (f"after-intent:{chance.randint(1, part)}", False),
        (f"after-commit:{chance.randint(1, part)}", False),
        (None, True),
    ):
        kill_after = done + chance.randint(1, part) if outside else None
        process = child(recording, home, count, done, fault)
        done = acknowledged(process, done, kill_after)
        assert process.returncode in (KILLED, 9), f"a process ended with {process.returncode} instead of being killed"
        died_at.append(done)
    process = child(recording, home, count, done)
    assert acknowledged(process, done, None) == sent
    assert process.returncode == 0
    return died_at


@pytest.mark.parametrize(
    ("start", "moments", "expiries", "quotes", "count"),
    [
        pytest.param(LAST_MINUTES, 26, 2, 20_000, 300, id="the last minutes of a day"),
        pytest.param(OPENS, 396, 2, 200_000, 5_000, id="a day", marks=pytest.mark.soak),
    ],
)
def test_a_replayed_day_leaves_the_same_log_twice_and_after_kills_in_the_middle(
    tmp_path: Path, start: datetime, moments: int, expiries: int, quotes: int, count: int
) -> None:
    recording = tmp_path / "day.recording.gz"
    report = record_day(recording, start, moments, expiries)
    assert report.quotes >= quotes
    assert report.underlyings == UNDERLYINGS

    first = in_one_process(recording, tmp_path, count)
    told = Counter(fact.event.type for fact in facts.read(first))
    assert told["order.intent"] >= count
    assert set(told) >= FATES | HAPPENINGS
    intents = [intent_of(record.event) for record in first.read() if record.event.type == INTENT]
    assert {intent.order_type for intent in intents} == set(OrderType)
    assert {intent.time_in_force for intent in intents} == set(TimeInForce)
    assert any("/expiry/" in record.event.id for record in first.read()), "no option expired into its settlement"

    again = in_one_process(recording, tmp_path, count)
    assert folded(again) == folded(first)

    sent = acts(RecordedVenue(recording), SEED, count)
    home = tmp_path / "home"
    died_at = with_kills(recording, home, count, len(sent))
    assert 0 < died_at[0] < died_at[-1] < len(sent)
    store = open_store(home / "data")
    try:
        assert folded(store) == folded(first)
    finally:
        store.close()
