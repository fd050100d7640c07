"""What travels over a WebSocket: what clients may say, what the server answers, and the codes it closes with."""

from __future__ import annotations

import json
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter, ValidationError

from optionix_core.sync import canonical
from server.api.values import Id, Request, Symbol
from server.middleware.strict_json import UnreadableError, check
from server.problems import TYPE_PREFIX, FieldError, Problem

if TYPE_CHECKING:
    from optionix_core.market.quote import Quote
    from optionix_core.sync.event import Event

Channel = Literal["market", "orders", "positions", "alerts", "log"]

MOST_BYTES: Final = 16 << 10
"""The longest message of a client."""
MOST_SYMBOLS: Final = 100
OF_ORDERS: Final = ("order.", "orders.", "algo.")
OF_POSITIONS: Final = ("ledger.", "trade.", "option.", "exercise.", "dividend.", "account.", "order.filled")
OF_ALERTS: Final = ("alert.", "alerts.", "limit.", "halt.", "kill.", "account.breaker-tripped", "sync.")
"""How types of events begin that go to each channel; `log` hears all."""


class Code(IntEnum):
    """Why the server closes; 1009 and 1012 are the standard's."""

    TOO_LONG = 1009
    RESTART = 1012
    BAD_MESSAGE = 4400
    ENDED = 4401
    """The session ended, the key was revoked, or rights changed: sign in, or take a new ticket."""
    TOO_SLOW = 4408
    """It did not read what it was sent, or did not subscribe in time."""
    TOO_MANY = 4429
    BROKEN = 4500
    """The stream does not verify: nothing of it is sent any more."""


class Subscribe(Request):
    """What a client wants to hear; replaces what it wanted before."""

    type: Literal["subscribe"]
    channels: Annotated[list[Channel], Field(min_length=1, max_length=5)]
    symbols: Annotated[list[Symbol], Field(max_length=MOST_SYMBOLS, default_factory=list)]
    stream_id: Id | None = None
    """Whose events; None: one's own."""
    after: Annotated[int | None, Field(ge=0, le=2**53 - 1)] = None
    """The last sequence that the client has; None: from now on."""


class Ping(Request):
    """Asks for a `pong`."""

    type: Literal["ping"]


_READER: Final[TypeAdapter[Subscribe | Ping]] = TypeAdapter(Annotated[Subscribe | Ping, Field(discriminator="type")])


def parse(text: str) -> Subscribe | Ping:
    """A client's message. Problem 400 where it is not JSON, 422 where a field is wrong or unknown."""
    try:
        data = text.encode("utf-8")
        check(data)
    except (UnreadableError, UnicodeEncodeError) as error:
        raise Problem(400, "unreadable", f"the message cannot be read: {error}") from None
    try:
        return _READER.validate_json(data)
    except ValidationError as error:
        errors = [
            FieldError(".".join(map(str, one["loc"])) or "type", repr(one["input"])[:200], one["msg"])
            for one in error.errors(include_url=False)[:20]
        ]
        raise Problem(422, "invalid-value", "a field is wrong", errors) from None


def channels_of(event_type: str) -> frozenset[str]:
    """The channels that hear an event of this type."""
    found = {"log"}
    if event_type.startswith(OF_ORDERS):
        found.add("orders")
    if event_type.startswith(OF_POSITIONS):
        found.add("positions")
    if event_type.startswith(OF_ALERTS):
        found.add("alerts")
    return frozenset(found)


def event_text(seq: int, event: Event, channels: frozenset[str]) -> str:
    """An event with its place in the stream."""
    head = json.dumps({"type": "event", "seq": seq, "channels": sorted(channels)})
    return f'{head[:-1]}, "event": {canonical.encode(event).decode("utf-8")}}}'


def cursor_text(seq: int) -> str:
    """All up to here was sent, or is of no channel that was asked for: subscribe `after` it next time."""
    return json.dumps({"type": "cursor", "seq": seq})


def subscribed_text(asked: Subscribe, stream_id: str | None, after: int | None, head: int | None) -> str:
    """What is heard from now on."""
    document = {"channels": sorted(set(asked.channels)), "symbols": asked.symbols, "stream_id": stream_id}
    return json.dumps({"type": "subscribed", **document, "after": after, "head": head})


def quote_text(symbol: str, quote: Quote) -> str:
    """A quote in natural units; what the feed does not give is null."""
    at = quote.received_at if quote.exchange_time is None else quote.exchange_time
    document = {
        "type": "quote",
        "symbol": symbol,
        "bid": quote.bid,
        "ask": quote.ask,
        "last": quote.last,
        "bid_size": quote.bid_size,
        "ask_size": quote.ask_size,
        "volume": quote.volume,
        "implied_volatility": quote.vendor_iv,
        "source": quote.source,
        "time": canonical.time_text(at),
    }
    return json.dumps(document, allow_nan=False)


def error_text(problem: Problem) -> str:
    """A message that was refused, and why; what was subscribed before stays."""
    document: dict[str, Any] = {
        "type": "error",
        "problem": TYPE_PREFIX + problem.kind,
        "status": problem.status,
        "detail": problem.detail,
        "errors": [{"field": one.field, "value": one.value, "bound": one.bound} for one in problem.errors],
    }
    return json.dumps(document)


PONG: Final = '{"type": "pong"}'
