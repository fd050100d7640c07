"""Playing a recording as a stream: what a script or another program reads instead of a screen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from optionix_core.errors import InvalidValueError
from optionix_core.services.chains_json import numbers_or_none, utc_text

if TYPE_CHECKING:
    from optionix_core.feeds.replay import ReplayFeed
    from optionix_core.market.chain import OptionChain


@dataclass(frozen=True, slots=True)
class Played:
    """One underlying at one moment of the replay."""

    recorded_at: datetime
    """The recorded moment, UTC."""
    chain: OptionChain
    spot: float | None


def play(
    feed: ReplayFeed,
    underlying: str | None,
    step: timedelta,
    wait: Callable[[float], None] | None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[Played]:
    """Every `step` of recorded time from the tape's first moment to its last, one value an underlying.

    `wait(seconds)` passes the time between steps, at the feed's speed; None plays at once. Raises
    InvalidValueError for a step that is not positive, UnknownNameError for an underlying not on the tape.
    """
    if step <= timedelta():
        raise InvalidValueError("step", step.total_seconds(), "above 0 seconds")
    names = [info.symbol for info in feed.underlyings()] if underlying is None else [underlying]
    steps = math.floor((feed.tape.last - feed.tape.first) / step)
    for number in range(steps + 1):
        if cancelled():
            return
        moment = feed.played(feed.tape.first + number * step)
        for name in names:
            chain = feed.chain(name, moment)
            spot = feed.spot(name, moment)
            yield Played(feed.recorded(moment), chain, spot.last if spot.mid is None else spot.mid)
        if wait is not None and number < steps:
            wait(step.total_seconds() / feed.speed)


def moment_to_json(played: Played) -> dict[str, Any]:
    """One line a moment: underlying, spot, how many quotes, how many of them two-sided."""
    two_sided = 0
    for item in played.chain.slices:
        for side in (item.call, item.put):
            two_sided += sum(
                bid is not None and ask is not None
                for bid, ask in zip(numbers_or_none(side.bid), numbers_or_none(side.ask), strict=True)
            )
    return {
        "time": utc_text(played.recorded_at),
        "underlying": played.chain.underlying,
        "spot": played.spot,
        "quotes": played.chain.row_count,
        "two_sided": two_sided,
    }


def quotes_to_json(played: Played) -> Iterator[dict[str, Any]]:
    """One line a quote; what is absent is null."""
    for item in played.chain.slices:
        for side in (item.call, item.put):
            columns = (numbers_or_none(column) for column in (side.bid, side.ask, side.bid_size, side.ask_size))
            for symbol, bid, ask, bid_size, ask_size in zip(side.symbols, *columns, strict=True):
                if symbol is not None:
                    yield {
                        "time": utc_text(played.recorded_at),
                        "symbol": symbol,
                        "bid": bid,
                        "ask": ask,
                        "bid_size": bid_size,
                        "ask_size": ask_size,
                    }
