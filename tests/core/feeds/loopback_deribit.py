"""Deribit on this machine: two expiries of three strikes, books with snapshots and changes, heartbeats."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from optionix_core.feeds.deribit.settings import DeribitSettings
from optionix_core.market import deribit_names
from tests.core.feeds.loopback import Loopback, Reply

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

NOW = datetime(2026, 11, 19, 16, 0, 2, 500000, tzinfo=UTC)
EXPIRIES = ("20NOV26", "27NOV26")
STRIKES = (90000, 100000, 110000)
NAMES = tuple(f"BTC-{day}-{strike}-{side}" for day in EXPIRIES for strike in STRIKES for side in "CP")
NAME = NAMES[2]
INDEX = 99_500.25


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def envelope(result: object, at: datetime = NOW) -> dict[str, Any]:
    sent = milliseconds(at) * 1000
    return {"jsonrpc": "2.0", "result": result, "usIn": sent - 200, "usOut": sent, "usDiff": 200, "testnet": False}


def instrument(name: str, **changed: object) -> dict[str, Any]:
    option = deribit_names.parse(name)
    expiry = datetime.combine(option.expiry, datetime.min.time(), UTC) + timedelta(hours=8)
    return {
        "instrument_name": name,
        "kind": "option",
        "option_type": option.option_type.label,
        "strike": float(option.strike),
        "expiration_timestamp": milliseconds(expiry),
        "creation_timestamp": milliseconds(NOW - timedelta(days=30)),
        "is_active": True,
        "tick_size": 0.0001,
        "tick_size_steps": [{"above_price": 0.005, "tick_size": 0.0005}],
        "contract_size": 1.0,
        "price_index": "btc_usd",
        "base_currency": "BTC",
        "quote_currency": "BTC",
        "settlement_currency": "BTC",
        "instrument_type": "reversed",
        **changed,
    }


def summary(name: str, at: datetime = NOW, **changed: object) -> dict[str, Any]:
    return {
        "instrument_name": name,
        "base_currency": "BTC",
        "quote_currency": "BTC",
        "bid_price": 0.02,
        "ask_price": 0.021,
        "mark_price": 0.0204,
        "mark_iv": 51.25,
        "last": 0.0205,
        "volume": 17.0,
        "open_interest": 812.0,
        "underlying_index": "BTC-27NOV26",
        "underlying_price": 99_700.5,
        "estimated_delivery_price": INDEX,
        "creation_timestamp": milliseconds(at),
        **changed,
    }


def notification(channel: str, payload: object) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "subscription", "params": {"channel": channel, "data": payload}}


def snapshot(
    name: str, change_id: int, at: datetime = NOW, bid: float = 0.0195, ask: float = 0.0215, amount: float = 4.0
) -> dict[str, Any]:
    payload = {
        "type": "snapshot",
        "instrument_name": name,
        "timestamp": milliseconds(at),
        "change_id": change_id,
        "bids": [["new", bid, amount], ["new", bid - 0.001, 9.0]],
        "asks": [["new", ask, amount], ["new", ask + 0.001, 9.0]],
    }
    return notification(f"book.{name}.100ms", payload)


def change(
    name: str, change_id: int, previous: int, at: datetime = NOW, bids: Any = (), asks: Any = ()
) -> dict[str, Any]:
    payload = {
        "type": "change",
        "instrument_name": name,
        "timestamp": milliseconds(at),
        "change_id": change_id,
        "prev_change_id": previous,
        "bids": list(bids),
        "asks": list(asks),
    }
    return notification(f"book.{name}.100ms", payload)


def ticker(name: str, at: datetime = NOW, **changed: object) -> dict[str, Any]:
    payload = {
        "timestamp": milliseconds(at),
        "instrument_name": name,
        "state": "open",
        "stats": {"volume": 21.0, "high": 0.022, "low": 0.019},
        "open_interest": 820.0,
        "mark_price": 0.0206,
        "mark_iv": 52.5,
        "last_price": 0.0207,
        "best_bid_price": 0.0195,
        "best_bid_amount": 4.0,
        "best_ask_price": 0.0215,
        "best_ask_amount": 4.0,
        "underlying_price": 99_720.0,
        "underlying_index": "BTC-27NOV26",
        "index_price": INDEX,
        "greeks": {"delta": 0.51, "gamma": 0.00004, "vega": 60.0, "theta": -90.0, "rho": 8.0},
        **changed,
    }
    return notification(f"ticker.{name}.100ms", payload)


def index(price: float, at: datetime = NOW) -> dict[str, Any]:
    payload = {"timestamp": milliseconds(at), "price": price, "index_name": "btc_usd"}
    return notification("deribit_price_index.btc_usd", payload)


TEST_REQUEST = {"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": "test_request"}}
HEARTBEAT = {"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": "heartbeat"}}


class LoopbackDeribit(Loopback):
    """Subscribed books are answered with a snapshot where `snapshots` is true."""

    def __init__(self) -> None:
        super().__init__()
        self.names = list(NAMES)
        self.now = NOW
        self.snapshots = True
        self.bid = 0.0195
        self.ask = 0.0215
        self.second_level = True
        self.change_id = 1000
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.subscribed: set[str] = set()
        self.most_subscribed = 0
        self.unknown: set[str] = set()
        """Channels that the exchange does not take."""
        self.silent_to: set[str] = set()
        """Methods that are not answered."""
        self.standing = {
            "get_instruments": lambda _: Reply(envelope([instrument(name) for name in self.names], self.now)),
            "get_book_summary_by_currency": lambda _: Reply(
                envelope([summary(name, self.now) for name in self.names], self.now)
            ),
            "get_index_price": lambda _: Reply(
                envelope({"index_price": INDEX, "estimated_delivery_price": INDEX}, self.now)
            ),
            "get_tradingview_chart_data": lambda _: Reply(envelope(self._candles(), self.now)),
            "get_volatility_index_data": lambda _: Reply(envelope(self._levels(), self.now)),
            "get_historical_volatility": lambda _: Reply(
                envelope([[milliseconds(self.now - timedelta(hours=1)), 44.5]], self.now)
            ),
        }

    def settings(self, **changed: Any) -> DeribitSettings:
        """Settings of a feed that asks here and, unless told otherwise, polls once."""
        given = {"poll_every": 3600.0, "first_wait": 10.0, "timeout": 5.0, "requests_per_second": 1000.0}
        return DeribitSettings(
            rest_address=f"http://{self.address}/api/v2",
            socket_address=f"ws://{self.address}/ws/api/v2",
            **{**given, **changed},
        )

    def asked(self, method: str) -> list[dict[str, Any]]:
        return [params for name, params in self.requests if name == method]

    def follows(self, name: str) -> bool:
        return f"book.{name}.100ms" in self.subscribed

    async def received(self, socket: ServerConnection, text: str) -> None:
        request = json.loads(text)
        method, params = request["method"], request["params"]
        self.requests.append((method, params))
        if method in self.silent_to:
            return
        result: object = "ok"
        channels: list[str] = []
        if method == "public/set_heartbeat":
            self.subscribed = set()  # said once on each connection
        elif method == "public/subscribe":
            channels = [channel for channel in params["channels"] if channel not in self.unknown]
            self.subscribed |= set(channels)
            self.most_subscribed = max(self.most_subscribed, len(self.subscribed))
            result = channels
        elif method == "public/unsubscribe":
            self.subscribed -= set(params["channels"])
            result = params["channels"]
        elif method == "public/test":
            result = {"version": "1.2.26"}
        await socket.send(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}))
        for channel in channels:
            kind, _, rest = channel.partition(".")
            if kind == "book" and self.snapshots:
                self.change_id += 1
                name = rest.rpartition(".")[0]
                message = snapshot(name, self.change_id, self.now, bid=self.bid, ask=self.ask)
                if not self.second_level:
                    for side in ("bids", "asks"):
                        del message["params"]["data"][side][1:]
                await socket.send(json.dumps(message))

    def _candles(self) -> dict[str, Any]:
        days = [self.now - timedelta(days=back) for back in (3, 2, 1, 0)]
        return {
            "ticks": [milliseconds(day.replace(hour=0, minute=0, second=0, microsecond=0)) for day in days],
            "open": [98_000.0, 98_500.0, 99_000.0, 99_100.0],
            "high": [98_900.0, 99_200.0, 99_400.0, 99_600.0],
            "low": [97_500.0, 98_100.0, 98_700.0, 99_000.0],
            "close": [98_500.0, 99_000.0, 99_100.0, 99_500.0],
            "volume": [1200.5, 1100.0, 900.25, 300.0],
            "cost": [1.0, 1.0, 1.0, 1.0],
            "status": "ok",
        }

    def _levels(self) -> dict[str, Any]:
        days = [self.now - timedelta(days=back) for back in (2, 1)]
        rows = [
            [milliseconds(day.replace(hour=0, minute=0, second=0, microsecond=0)), 50.0, 52.0, 49.0, 51.0]
            for day in days
        ]
        return {"data": rows, "continuation": None}
