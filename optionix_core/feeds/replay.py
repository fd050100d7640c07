"""Replay: a recording or a file of quotes as a feed, at its own times or moved to today.

A question about a moment is answered with what stood at the recorded moment that it falls on: the first
recorded moment is played at `started_at`, and recorded time passes `speed` times as fast as the caller's.
Quotes come with their times moved in the same way, so that ages are right; a chain's `as_of` stays the
recorded moment, since it is from there that its options count their time to expiry. Without `started_at` the
caller's time is recorded time. Past the end quotes stand still, the market is closed, and they grow stale.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.feeds.files.feed import FileFeed
from optionix_core.feeds.tape import GZIP, Recording, Snapshot, Tape
from optionix_core.market.protocols import FeedState, PriceHistory, UnderlyingInfo

if TYPE_CHECKING:
    from optionix_core.market.chain import ChainSlice, OptionChain, QuoteColumns
    from optionix_core.market.instruments import Instrument
    from optionix_core.market.quote import Quote

_SHORTEST = timedelta(seconds=1)


def open_tape(path: Path) -> Tape:
    """The tape in a file: a recording, or a CSV or Parquet table of quotes.

    Raises UnknownNameError where there is no such file, MalformedFileError where it is none of these.
    """
    if not path.is_file():
        raise UnknownNameError("recording", str(path))
    with path.open("rb") as stream:
        is_recording = stream.read(len(GZIP)) == GZIP
    if is_recording:
        return Recording(path)
    from optionix_core.feeds.quote_table import QuoteTable

    return QuoteTable(path)


class ReplayFeed:
    """A QuoteSource over a tape."""

    def __init__(
        self, path: Path | str, speed: float = 1.0, started_at: datetime | None = None, name: str | None = None
    ) -> None:
        """`started_at`: when the first recorded moment is played, by the caller's time; None: at its own time."""
        if not 0.0 < speed <= 1e6:
            raise InvalidValueError("speed", speed, "above 0 and at most 1e6")
        if started_at is not None and started_at.tzinfo is None:
            raise InvalidValueError("started_at", started_at.isoformat(), "an aware datetime")
        self.tape = open_tape(Path(path))
        self.speed = speed
        self.started_at = self.tape.first if started_at is None else started_at
        self._name = f"replay:{Path(path).name if name is None else name}"
        self._still: tuple[Snapshot, FileFeed] | None = None

    @property
    def name(self) -> str:
        """`replay:FILE`."""
        return self._name

    @property
    def state(self) -> FeedState:
        """Always REPLAY."""
        return FeedState.REPLAY

    @property
    def stale_after(self) -> timedelta:
        """What the recorded source allowed, and one interval of the recording, as they pass at this speed."""
        return max(self.tape.stale_after / self.speed, _SHORTEST)

    @property
    def ends_at(self) -> datetime:
        """When the last recorded moment is played, by the caller's time."""
        return self.played(self.tape.last)

    def recorded(self, moment: datetime) -> datetime:
        """The recorded moment that is played at `moment`."""
        if moment.tzinfo is None:
            raise InvalidValueError("moment", moment.isoformat(), "an aware datetime")
        return self.tape.first + (moment - self.started_at) * self.speed

    def played(self, recorded: datetime) -> datetime:
        """When a recorded moment is played."""
        return self.started_at + (recorded - self.tape.first) / self.speed

    def underlyings(self) -> tuple[UnderlyingInfo, ...]:
        """What is on the tape."""
        return self.tape.infos

    def is_open(self, moment: datetime) -> bool:
        """Whether the recorded market was open; never before the first or after the last recorded moment."""
        at = self.recorded(moment)
        if not self.tape.first <= at <= self.tape.last:
            return False
        states = []
        for item in self.underlyings():
            try:
                states.append(self.tape.snapshot(item.symbol, at).open)
            except MissingDataError:
                states.append(False)
        return any(states)

    def spot(self, underlying: str, moment: datetime) -> Quote:
        """The underlying's quote as it was recorded."""
        snapshot = self._snapshot(underlying, moment)
        if snapshot.spot is not None:
            return self._moved(snapshot.spot, snapshot)
        return self._moved(self._file(snapshot).spot(underlying, snapshot.chain.as_of), snapshot)

    def day_change(self, underlying: str, moment: datetime) -> float | None:
        """As it was recorded."""
        return self._snapshot(underlying, moment).day_change

    def expiries(self, underlying: str, moment: datetime) -> tuple[tuple[date, str], ...]:
        """What the recorded chain held."""
        chain = self._snapshot(underlying, moment).chain
        return tuple((item.expiry, item.root) for item in chain.slices)

    def chain(
        self, underlying: str, moment: datetime, expiry: date | None = None, root: str | None = None
    ) -> OptionChain:
        """The recorded chain; `as_of` is the recorded moment, `received_at` and `quoted_at` are moved."""
        snapshot = self._snapshot(underlying, moment)
        chain = snapshot.chain if expiry is None else snapshot.chain.only(expiry, root)
        if expiry is not None and not chain.slices:
            raise MissingDataError(
                f"{self.name} holds no {root or underlying} {expiry} at {snapshot.moment.isoformat()}"
            )
        return replace(
            chain,
            source=self.name,
            received_at=self.played(snapshot.moment),
            slices=tuple(self._moved_slice(item) for item in chain.slices),
        )

    def instrument(self, symbol: str) -> Instrument:
        """The instrument of a key that the first or the last recorded chains hold."""
        for edge in (self.tape.last, self.tape.first):
            for item in self.underlyings():
                try:
                    return self._file(self.tape.snapshot(item.symbol, edge)).instrument(symbol)
                except (UnknownNameError, MissingDataError):
                    continue
        raise UnknownNameError("symbol", symbol, tuple(item.symbol for item in self.underlyings()))

    def quote(self, symbol: str, moment: datetime) -> Quote:
        """One option's or underlying's quote as it was recorded."""
        names = tuple(item.symbol for item in self.underlyings())
        if symbol in names:
            return self.spot(symbol, moment)
        for name in names:
            snapshot = self._snapshot(name, moment)
            try:
                return self._moved(self._file(snapshot).quote(symbol, snapshot.chain.as_of), snapshot)
            except UnknownNameError:
                continue
        raise UnknownNameError("symbol", symbol, names)

    def history(self, underlying: str, until: date) -> PriceHistory:
        """Daily bars that were recorded with the quotes."""
        return self.tape.history(underlying, until)

    def _snapshot(self, underlying: str, moment: datetime) -> Snapshot:
        return self.tape.snapshot(underlying, self.recorded(moment))

    def _file(self, snapshot: Snapshot) -> FileFeed:
        known = self._still
        if known is None or known[0] is not snapshot:
            known = (snapshot, FileFeed(snapshot.chain, self._name.removeprefix("replay:")))
            self._still = known
        return known[1]

    def _moved(self, quote: Quote, snapshot: Snapshot) -> Quote:
        made = quote.exchange_time
        return replace(
            quote,
            source=self.name,
            received_at=self.played(snapshot.moment),
            exchange_time=None if made is None else self.played(made),
        )

    def _moved_slice(self, item: ChainSlice) -> ChainSlice:
        return replace(item, call=self._moved_side(item.call), put=self._moved_side(item.put))

    def _moved_side(self, side: QuoteColumns) -> QuoteColumns:
        first, anchor = self.tape.first.timestamp(), self.started_at.timestamp()
        if self.speed == 1.0 and first == anchor:
            return side
        return replace(side, quoted_at=anchor + (side.quoted_at - first) / self.speed)
