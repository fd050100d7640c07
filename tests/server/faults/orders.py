"""Orders that are sent to a server which dies meanwhile, and what must be true of them in the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.server.serving import Serving

ROOT = "ORBIT"


def a_symbol(server: Serving) -> str:
    """A cheap option that the server's venue quotes now: cash lasts for many orders."""
    answer = server.client.get(f"/market/options-chain/{ROOT}")
    assert answer.status_code == 200, answer.text
    expiry = answer.json()["expiries"][2]
    quoted = [row["call"]["symbol"] for row in expiry["rows"] if row["call"]["rejected"] is None]
    return str(quoted[-1])


@dataclass
class Orders:
    """What one client sent and what it was told."""

    symbol: str
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Client order id to the answer."""
    unknown: list[str] = field(default_factory=list)
    """Sent, and never answered."""
    sent: int = 0

    def step(self, server: Serving) -> None:
        """A new one."""
        self.sent += 1
        self.unknown.append(f"order-{self.sent}")
        self._send(server, self.unknown[-1])

    def send(self, server: Serving) -> int:
        """A new one; the status. It is unknown what became of it where the server could not say."""
        self.sent += 1
        client_id = f"order-{self.sent}"
        answer = server.client.post("/trade/execute", json=self._body(client_id))
        if answer.status_code == 201:
            self.acknowledged[client_id] = answer.json()
        else:
            self.unknown.append(client_id)
        return answer.status_code

    def taken(self, server: Serving) -> bool:
        """Send what was never answered once more; False as long as the server says 503 of one of them."""
        for client_id in tuple(self.unknown):
            answer = server.client.post("/trade/execute", json=self._body(client_id))
            if answer.status_code == 503:
                return False
            assert answer.status_code in {200, 201}, answer.text
            self.acknowledged[client_id] = answer.json()
            self.unknown.remove(client_id)
        return True

    def again(self, server: Serving) -> None:
        """What was never answered."""
        for client_id in tuple(self.unknown):
            self._send(server, client_id)

    def _send(self, server: Serving, client_id: str) -> None:
        answer = server.client.post("/trade/execute", json=self._body(client_id))
        assert answer.status_code in {200, 201}, answer.text
        self.acknowledged[client_id] = answer.json()
        self.unknown.remove(client_id)

    def _body(self, client_id: str) -> dict[str, str]:
        return {
            "client_order_id": client_id,
            "symbol": self.symbol,
            "side": "buy",
            "quantity": "1",
            "order_type": "market",
            "time_in_force": "IOC",
        }

    def check(self, server: Serving) -> None:
        """Each order is there once with the fills that were told, and the position is their sum."""
        assert self.unknown == []
        orders = _all(server, "/trade/orders")
        assert Counter(order["client_order_id"] for order in orders) == Counter(list(self.acknowledged))
        trades = _all(server, "/trade/history")
        by_order: Counter[str] = Counter(trade["client_order_id"] for trade in trades)
        for client_id, told in self.acknowledged.items():
            assert by_order[client_id] == len(told["fills"]) <= 1
        assert len({trade["trade_id"] for trade in trades}) == len(trades)
        bought = sum(int(order["filled_quantity"]) for order in orders)
        positions = server.client.get("/portfolio/positions").json()["positions"]
        assert sum(int(position["quantity"]) for position in positions) == bought


def _all(server: Serving, path: str) -> list[dict[str, Any]]:
    """Every item of a list in pages."""
    found: list[dict[str, Any]] = []
    page = 1
    while True:
        answer = server.client.get(path, params={"page": page, "page_size": 100})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if page >= int(answer.headers["x-total-pages"]):
            assert len(found) == int(answer.headers["x-total-count"])
            return found
        page += 1
