"""What sync costs a server: events that devices push in batches of 100, and a pull of 10,000, through the whole stack.

CPU time of requests handed to the application without a network, on SQLite on disk. The events are a book's own:
entries of trades, which the server judges by its folds, numbers, chains and writes with the device's cursor.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Figure
from benchmarks.server_house import ask, people, serving
from optionix_core.portfolio.ledger import account_opened_event, entry_event, opening_entry, trade_entry
from optionix_core.sync.canonical import time_text

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.sync.event import Event

EVENTS = 10_000
BATCH = 100
PUSH_BUDGET = 1e6 / 3_000
PULL_BUDGET = 1.0
SYMBOL = "ORBIT 280121C00200000"


def figures(environment: dict[str, str]) -> list[Figure]:
    """Microseconds of CPU an event pushed, seconds of CPU of a pull."""
    del environment
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return asyncio.run(_figures(Path(folder)))


async def _figures(folder: Path) -> list[Figure]:
    async with serving(folder, body_bytes=32 << 20) as (server, app):
        (token,) = await people(app, 1)
        events = _events(server.clock.now())
        bodies = [_batch(events, start) for start in range(0, EVENTS, BATCH)]
        (await ask(app, "POST", "/sync/push", bodies[0], token)).document()
        started = time.process_time()
        for body in bodies[1:]:
            answer = await ask(app, "POST", "/sync/push", body, token)
            if answer.status != 200:
                raise RuntimeError(answer.body.decode())
        pushed = (time.process_time() - started) / (EVENTS - BATCH)
        started = time.process_time()
        answer = await ask(app, "GET", f"/sync/pull?cursor=0&limit={EVENTS}", None, token)
        pulled = time.process_time() - started
        found = json.loads(answer.body)
        if len(found["events"]) != EVENTS or any(one["status"] != "accepted" for one in found["events"]):
            raise RuntimeError("the pull is not what was pushed")
        return [
            Figure(f"push in batches of {BATCH}, an event", pushed * 1e6, "us", PUSH_BUDGET),
            Figure(f"pull of {EVENTS:,} events", pulled, "s", PULL_BUDGET),
        ]


def _events(start: datetime) -> list[Event]:
    found = [
        account_opened_event("sim-1", "local-sim", "USD", start),
        entry_event(opening_entry("sim-1", "USD", Decimal(100_000), start)),
    ]
    found += [
        entry_event(
            trade_entry(
                entry_id=f"order/{number}/fill-1/entry",
                account="sim-1",
                venue="local-sim",
                symbol=SYMBOL,
                currency="USD",
                quantity=Decimal(1 if number % 2 == 0 else -1),
                price=Decimal("1.25"),
                multiplier=Decimal(100),
                fee=Decimal("0.65"),
                time=start + timedelta(seconds=number),
                cause=f"order/{number}/fill-1",
            )
        )
        for number in range(EVENTS - len(found))
    ]
    return found


def _batch(events: list[Event], start: int) -> dict[str, Any]:
    rows = [
        {
            "device_seq": place,
            "event_id": event.id,
            "type": event.type,
            "time": time_text(event.time),
            "payload": event.payload,
        }
        for place, event in enumerate(events[start : start + BATCH], start=start + 1)
    ]
    return {"device_id": "benchmark", "events": rows}
