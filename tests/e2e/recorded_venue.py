"""A recorded day of the simulated feed, and the venue that plays it: every recorded quote, and no other.

The product's own recorder writes the file and its own reader reads it. A replay is not traded on by itself (no account
is bound to it), so the venue here says that its prices are simulated, which they are, and tells the quotes between two
moments, which a tape can: those of the recorded moments between them. A quote counts as made when it was recorded.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from optionix_core.errors import UnknownNameError
from optionix_core.feeds.files.feed import FileFeed
from optionix_core.feeds.recording import RecordingReport, record
from optionix_core.feeds.replay import ReplayFeed
from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.feeds.simulated.quotes_between import touch_of
from optionix_core.market.chain import OptionChain
from optionix_core.market.clock import ManualClock
from optionix_core.market.instruments import Instrument
from optionix_core.market.protocols import FeedState, Matters, everything
from optionix_core.market.quote import Quote

UNDERLYINGS = ("ORBIT", "TUNDRA", "QUASAR")
INTERVAL = timedelta(minutes=1)


class NearExpiries(SimulatedFeed):
    """The simulated feed with its nearest expiries alone, and no work on the others."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def chain(
        self, underlying: str, moment: datetime, expiry: date | None = None, root: str | None = None
    ) -> OptionChain:
        """One chain of those expiries, or the one asked for."""
        if expiry is not None:
            return super().chain(underlying, moment, expiry, root)
        near = self.expiries(underlying, moment)[: self._count]
        parts = [super(NearExpiries, self).chain(underlying, moment, *pair) for pair in near]
        return replace(parts[0], slices=tuple(item for part in parts for item in part.slices))


def record_day(path: Path, start: datetime, moments: int, expiries: int) -> RecordingReport:
    """Record three underlyings once a minute."""
    clock = ManualClock(start)
    return record(
        NearExpiries(expiries),
        path,
        clock=clock,
        underlyings=UNDERLYINGS,
        interval=INTERVAL,
        count=moments,
        wait=lambda seconds: clock.advance(timedelta(seconds=seconds)),
        longest_wait=INTERVAL.total_seconds(),
    )


def _made(quote: Quote) -> datetime:
    return quote.received_at


class RecordedVenue(ReplayFeed):
    """The recording as the feed of `local-sim`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        count = (self.tape.last - self.tape.first) // INTERVAL + 1
        self.moments = [self.tape.first + number * INTERVAL for number in range(count)]
        self._files: dict[tuple[str, datetime], FileFeed] = {}
        self._instruments: dict[str, Instrument] = {}
        self._told: dict[str, list[Quote]] = {}

    @property
    def name(self) -> str:
        """Of quotes and fills."""
        return "recorded-sim"

    @property
    def state(self) -> FeedState:
        """What the recorded prices are."""
        return FeedState.SIMULATED

    def is_open(self, moment: datetime) -> bool:
        """From the first to the last recorded moment."""
        return self.tape.first <= moment <= self.tape.last

    def session_close(self, moment: datetime) -> datetime:
        """The last recorded moment."""
        return max(moment, self.tape.last)

    def spot(self, underlying: str, moment: datetime) -> Quote:
        """The underlying's own, made when it was recorded."""
        return replace(super().spot(underlying, moment), exchange_time=None)

    def instrument(self, symbol: str) -> Instrument:
        """Of a key that the first or the last moment holds."""
        if symbol not in self._instruments:
            self._instruments[symbol] = super().instrument(symbol)
        return self._instruments[symbol]

    def quote(self, symbol: str, moment: datetime) -> Quote:
        """What stood at `moment`."""
        if symbol in UNDERLYINGS:
            return self.spot(symbol, moment)
        at = self.moments[min((moment - self.tape.first) // INTERVAL, len(self.moments) - 1)]
        told = self._quotes(symbol)
        row = bisect_right(told, at, key=_made) - 1
        if row < 0 or _made(told[row]) < at:
            raise UnknownNameError("symbol", symbol)
        return told[row]

    def quotes_between(
        self, symbol: str, after: datetime, until: datetime, matters: Matters = everything
    ) -> Iterator[Quote]:
        """Those recorded after `after` and up to `until`; see TellsQuotes."""
        told = self._quotes(symbol)
        for row in range(bisect_right(told, after, key=_made), bisect_right(told, until, key=_made)):
            if matters(touch_of(told[row])):
                yield told[row]

    def _quotes(self, symbol: str) -> list[Quote]:
        """All that were recorded of one option, read from the tape the first time that it is asked for."""
        if symbol not in self._told:
            underlying = self.instrument(symbol).underlying
            told = []
            for moment in self.moments:
                try:
                    quote = self._chain_at(underlying, moment).quote(symbol, moment)
                except UnknownNameError:
                    continue
                told.append(replace(quote, source=self.name, received_at=moment, exchange_time=None))
            self._told[symbol] = told
        return self._told[symbol]

    def _chain_at(self, underlying: str, moment: datetime) -> FileFeed:
        key = (underlying, moment)
        if key not in self._files:
            self._files[key] = FileFeed(self.tape.snapshot(underlying, moment).chain, "recorded")
        return self._files[key]
