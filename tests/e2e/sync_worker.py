"""A device as a process: writes to its home and brings it together with a server, over a line that is not good.

    sync_worker.py HOME ADDRESS TOKEN USER NAME TURNS

Prints `wrote ID` once an event is durable in the home, and `synced` after a run that reached the server.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from optionix_core.errors import DeadlineError, RefusedError, VenueError
from optionix_core.market.clock import SystemClock
from optionix_core.portfolio.ledger import entry_event, trade_entry
from optionix_core.services import syncing
from optionix_core.services.home import HomeFolders
from optionix_core.services.trading import opening
from optionix_core.services.workspace import Workspace
from optionix_core.sync.canonical import encode, parse_time, time_text
from optionix_core.sync.event import Event
from optionix_core.sync.masking import Resolution
from optionix_core.sync.wire import (
    Conflict,
    PulledEvent,
    PullPage,
    PushAnswer,
    PushBatch,
    PushResult,
    SignedHead,
    refusal,
)

PATIENCE = 3.0


class Line:
    """`sync.wire.Transport` over HTTP, each request on a connection of its own."""

    def __init__(self, address: str, token: str) -> None:
        self._address, self._headers = f"{address}/api/v2/sync/", {"Authorization": f"Bearer {token}"}

    def push(self, batch: PushBatch) -> PushAnswer:
        """As Transport."""
        body: dict[str, Any] = {
            "device_id": batch.device_id,
            "pulled": batch.pulled,
            "events": [
                {
                    "device_seq": item.device_seq,
                    "event_id": item.event.id,
                    "type": item.event.type,
                    "time": time_text(item.event.time),
                    "payload": item.event.payload,
                }
                for item in batch.items
            ],
        }
        if batch.device_time is not None:
            body["device_time"] = time_text(batch.device_time)
        answer = self._ask("POST", "push", json=body)
        results = [PushResult(one["event_id"], one["status"], one["server_seq"]) for one in answer["results"]]
        return PushAnswer(results, answer["device_cursor"])

    def pull(self, cursor: int, limit: int) -> PullPage:
        """As Transport."""
        answer = self._ask("GET", "pull", params={"cursor": cursor, "limit": limit})
        head = answer["head"]
        raw = [bytes.fromhex(head[name]) for name in ("hash", "root", "signature", "key")]
        events = [_pulled(one) for one in answer["events"]]
        return PullPage(events, answer["next_cursor"], SignedHead(head["stream_id"], head["seq"], *raw))

    def conflicts(self) -> Sequence[Conflict]:
        """As Transport."""
        return [_conflict(one) for one in self._ask("GET", "conflicts")["conflicts"]]

    def resolve(self, event_id: str, resolution: Resolution) -> Conflict:
        """As Transport."""
        return _conflict(self._ask("POST", "resolve", json={"event_id": event_id, "resolution": resolution}))

    def _ask(self, method: str, path: str, **more: Any) -> Mapping[str, Any]:
        try:
            answer = httpx.request(method, self._address + path, headers=self._headers, timeout=PATIENCE, **more)
        except httpx.TransportError as error:
            raise VenueError(f"{path}: {error!r}") from error
        if answer.status_code in (429, 502, 503):
            raise VenueError(f"{path}: {answer.status_code}")
        document: Mapping[str, Any] = answer.json()
        if answer.status_code >= 400:
            raise refusal(document["type"].rpartition(":")[2], document["detail"])
        return document


def _pulled(one: Mapping[str, Any]) -> PulledEvent:
    event = Event(one["event_id"], one["type"], parse_time(one["time"]), one["payload"])
    return PulledEvent(
        one["seq"], event.id, encode(event), one["status"], one["reason"], one["device_id"], one["device_seq"]
    )


def _conflict(one: Mapping[str, Any]) -> Conflict:
    return Conflict(one["event_id"], one["kind"], one["seq"], one["reason"], parse_time(one["found_at"]), one["type"])


def main() -> None:
    """Write and sync, turn by turn."""
    home, address, token, user, name, turns = sys.argv[1:]
    clock = SystemClock()
    workspace = Workspace(HomeFolders.of(Path(home)), account=f"sim-{name}", clock=clock)
    syncing.bind(workspace, "https://server", user)
    line = Line(address, token)
    with workspace.store.writing("open") as log:
        workspace.desk.follow(log)
        if workspace.desk.book.venue_of(workspace.account) is None:
            workspace.desk.append(log, opening(workspace.account, clock.now(), "local-sim"))
    for turn in range(int(turns)):
        entry = trade_entry(
            entry_id=f"order/{name}-{turn}/fill-1/entry",
            account=workspace.account,
            venue="local-sim",
            symbol="ORBIT 280121C00200000",
            currency="USD",
            quantity=Decimal(1),
            price=Decimal("0.05"),
            multiplier=Decimal(100),
            fee=Decimal("0.65"),
            time=clock.now(),
            cause=f"order/{name}-{turn}/fill-1",
        )
        with workspace.store.writing("trade") as log:
            workspace.desk.follow(log)
            if log.find(entry.id) is None:
                workspace.desk.append(log, [entry_event(entry)])
        _say(f"wrote {entry.id}")
        try:
            syncing.sync_now(workspace, line, random=random.Random(turn), wait=lambda _seconds: None)
        except (VenueError, DeadlineError):
            continue
        except RefusedError as error:
            if error.rule not in ("invalid-token", "expired-token"):
                raise
        _say("synced")
    workspace.close()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
