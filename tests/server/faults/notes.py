"""Notes that a device pushes to a server which dies meanwhile, and what must be true of them in the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.server.serving import Serving

BATCH = 5
DEVICE = "desk-1"


@dataclass
class Notes:
    """What one device sent and what it was told."""

    acknowledged: int = 0
    """The device's own sequence up to which everything was taken in."""
    sent: int = 0

    def step(self, server: Serving) -> None:
        """The next batch, and before it what was never answered: a device pushes in order."""
        self.sent += BATCH
        self.again(server)

    def again(self, server: Serving) -> None:
        """Everything that was not answered; what the server has already is a duplicate."""
        if self.acknowledged == self.sent:
            return
        events = [_note(number) for number in range(self.acknowledged + 1, self.sent + 1)]
        answer = server.client.post("/sync/push", json={"device_id": DEVICE, "events": events})
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert {result["status"] for result in told["results"]} <= {"accepted", "duplicate"}
        assert told["device_cursor"] == self.sent
        self.acknowledged = self.sent

    def check(self, server: Serving) -> None:
        """Each is in the stream once, in the device's order."""
        assert self.acknowledged == self.sent
        pulled: list[dict[str, Any]] = []
        cursor = 0
        while True:
            answer = server.client.get("/sync/pull", params={"cursor": cursor, "limit": 1000})
            assert answer.status_code == 200, answer.text
            page = answer.json()
            pulled += page["events"]
            cursor = page["next_cursor"]
            if cursor >= page["head"]["seq"]:
                break
        assert [event["seq"] for event in pulled] == list(range(1, len(pulled) + 1))
        ours = [event["event_id"] for event in pulled if event["event_id"].startswith("journal/")]
        assert ours == [f"journal/{number}" for number in range(1, self.sent + 1)]


def _note(number: int) -> dict[str, Any]:
    return {
        "device_seq": number,
        "event_id": f"journal/{number}",
        "type": "journal.noted",
        "time": "2026-01-16T14:30:00.000000Z",
        "payload": {"text": f"note {number}"},
    }
