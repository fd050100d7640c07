"""Cboe's delayed quotes on this machine: one payload at a time, with the marks of a cache."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from optionix_core.feeds.cboe import CboeSettings
from optionix_core.market import osi
from tests.core.feeds.loopback import Loopback, Reply

# A Thursday, 11:00 in New York: the payload's quotes are of 10:45.
NOW = datetime(2026, 11, 19, 16, 0, 2, 500000, tzinfo=UTC)
STAMPED = datetime(2026, 11, 19, 16, 0, 0, tzinfo=UTC)
AS_OF = STAMPED - timedelta(minutes=15)
DAY = date(2026, 11, 20)
LISTED = tuple(
    (root, day, side, strike)
    for root, day in (("SPX", DAY), ("SPXW", DAY), ("SPXW", date(2026, 11, 27)))
    for strike in (6000, 6500, 7000)
    for side in ("call", "put")
)
CALL = osi.format("SPXW", DAY, "call", 6500)


def row(symbol: str, **changed: object) -> dict[str, Any]:
    return {
        "option": symbol.replace(" ", ""),
        "bid": 100.5,
        "bid_size": 12.0,
        "ask": 101.5,
        "ask_size": 15.0,
        "iv": 0.1825,
        "open_interest": 900.0,
        "volume": 55.0,
        "delta": 0.52,
        "gamma": 0.001,
        "vega": 3.1,
        "theta": -1.2,
        "rho": 0.4,
        "theo": 101.0,
        "last_trade_price": 101.0,
        "last_trade_time": "2026-11-19T10:44:01",
        **changed,
    }


def payload(stamped: datetime = STAMPED, rows: list[dict[str, Any]] | None = None, **changed: object) -> dict[str, Any]:
    options = [row(osi.format(*one)) for one in LISTED] if rows is None else rows
    return {
        "timestamp": f"{stamped:%Y-%m-%d %H:%M:%S}",
        "symbol": "_SPX",
        "data": {
            "symbol": "^SPX",
            "current_price": 6512.25,
            "price_change": 12.25,
            "options": options,
            **changed,
        },
    }


class LoopbackCboe(Loopback):
    """Answers 304 where the client has `etag` already."""

    def __init__(self) -> None:
        super().__init__()
        self.document: Any = payload()
        self.etag = '"first"'
        self.standing = {"_SPX.json": self._chain}

    def settings(self, **changed: Any) -> CboeSettings:
        given = {"timeout": 5.0, "first_wait": 10.0}
        return CboeSettings(address=f"http://{self.address}/delayed", **{**given, **changed})

    def publish(self, document: Any, etag: str) -> None:
        self.document, self.etag = document, etag

    def marks(self) -> list[str | None]:
        """What the client said it had, request by request."""
        return [headers.get("if-none-match") for _, _, headers in self.gets]

    def _chain(self, _query: dict[str, str]) -> Reply:
        headers = {"ETag": self.etag, "Last-Modified": "Thu, 19 Nov 2026 16:00:00 GMT"}
        if self.gets[-1][2].get("if-none-match") == self.etag:
            return Reply(b"", 304, headers)
        return Reply(self.document, headers=headers)
