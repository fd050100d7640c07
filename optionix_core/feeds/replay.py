"""Replay: a recording or a file of quotes as a feed, at its own times or moved to today.

A question about a moment is answered with what stood at the recorded moment that it falls on: the first
recorded moment is played at `started_at`, and recorded time passes `speed` times as fast as the caller's.
Quotes come with their times moved in the same way, so that ages are right; a chain's `as_of` stays the
recorded moment, since it is from there that its options count their time to expiry. Without `started_at` the
caller's time is recorded time. Past the end quotes stand still, the market is closed, and they grow stale.

Whoever plays may hold it, go on, step, change the speed and seek: from then on another recorded moment is played, or
none. What is held does not grow old.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.feeds.files.feed import FileFeed
from optionix_core.feeds.tape import GZIP, Recording, Snapshot, Tape
from optionix_core.market.protocols import FeedState, PriceHistory, UnderlyingInfo

if TYPE_CHECKING:
    from optionix_core.market.bars import Bars
    from optionix_core.market.chain import ChainSlice, OptionChain, QuoteColumns
    from optionix_core.market.instruments import Instrument
    from optionix_core.market.intervals import Interval
    from optionix_core.market.quote import Quote

_SHORTEST = timedelta(seconds=1)
SLOWEST, FASTEST = 0.0, 1e6
"""Bounds of the speed; it lies above the first."""


class _Anchor(NamedTuple):
    """From when on what is played, and how fast."""

    played: datetime
    recorded: datetime
    speed: float
    held: bool


@dataclass(frozen=True, slots=True)
class ReplayState:
    """How a replay stands at a moment."""

    recorded: datetime
    """The recorded moment that is played, within the recording."""
    first: datetime
    last: datetime
    speed: float
    """Times as fast as it was recorded, while it is not held."""
    held: bool

    @property
    def ended(self) -> bool:
        """Whether the last recorded moment is played."""
        return self.recorded >= self.last

    @property
    def share(self) -> float:
        """How much of the recording lies behind, 0 to 1."""
        length = self.last - self.first
        return (self.recorded - self.first) / length if length else 1.0


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
        _check_speed(speed)
        if started_at is not None and started_at.tzinfo is None:
            raise InvalidValueError("started_at", started_at.isoformat(), "an aware datetime")
        self.tape = open_tape(Path(path))
        self.started_at = self.tape.first if started_at is None else started_at
        self._anchor = _Anchor(self.started_at, self.tape.first, speed, held=False)  # replaced whole: threads read it
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

    @property
    def speed(self) -> float:
        """Times as fast as it was recorded."""
        return self._anchor.speed

    def recorded(self, moment: datetime) -> datetime:
        """The recorded moment that is played at `moment`."""
        if moment.tzinfo is None:
            raise InvalidValueError("moment", moment.isoformat(), "an aware datetime")
        anchor = self._anchor
        return anchor.recorded if anchor.held else anchor.recorded + (moment - anchor.played) * anchor.speed

    def played(self, recorded: datetime, moment: datetime | None = None) -> datetime:
        """When a recorded moment is played; while the replay is held, as seen at `moment`."""
        anchor = self._anchor
        since = moment if anchor.held and moment is not None else anchor.played
        return since + (recorded - anchor.recorded) / anchor.speed

    def standing(self, moment: datetime) -> ReplayState:
        """How the replay stands at a moment."""
        anchor, first, last = self._anchor, self.tape.first, self.tape.last
        return ReplayState(min(max(self.recorded(moment), first), last), first, last, anchor.speed, anchor.held)

    def hold(self, moment: datetime) -> None:
        """Let time stand still from `moment` on."""
        here = self.standing(moment)
        self._anchor = _Anchor(moment, here.recorded, here.speed, held=True)

    def go_on(self, moment: datetime) -> None:
        """Let time pass again from `moment` on."""
        here = self.standing(moment)
        self._anchor = _Anchor(moment, here.recorded, here.speed, held=False)

    def play_at(self, speed: float, moment: datetime) -> None:
        """Play so many times as fast from `moment` on. InvalidValueError where it is out of bounds."""
        _check_speed(speed)
        here = self.standing(moment)
        self._anchor = _Anchor(moment, here.recorded, speed, here.held)

    def seek(self, recorded: datetime, moment: datetime) -> None:
        """Play a recorded moment at `moment`, and go on from there. InvalidValueError where none is recorded then."""
        if not self.tape.first <= recorded <= self.tape.last:
            bound = f"from {self.tape.first.isoformat()} to {self.tape.last.isoformat()}"
            raise InvalidValueError("recorded moment", recorded.isoformat(), bound)
        here = self.standing(moment)
        self._anchor = _Anchor(moment, recorded, here.speed, here.held)

    def step(self, count: int, moment: datetime) -> None:
        """Hold, at the recorded moment that lies so many further on; below zero back. At an end it stays there."""
        moments = self.tape.moments()
        here = self.standing(moment)
        if count > 0:
            place = bisect_right(moments, here.recorded) - 1 + count
        else:
            place = bisect_left(moments, here.recorded) + count
        recorded = moments[min(max(place, 0), len(moments) - 1)]
        self._anchor = _Anchor(moment, recorded, here.speed, held=True)

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
            return self._moved(snapshot.spot, snapshot, moment)
        return self._moved(self._file(snapshot).spot(underlying, snapshot.chain.as_of), snapshot, moment)

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
            received_at=self.played(snapshot.moment, moment),
            slices=tuple(self._moved_slice(item, moment) for item in chain.slices),
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
                return self._moved(self._file(snapshot).quote(symbol, snapshot.chain.as_of), snapshot, moment)
            except UnknownNameError:
                continue
        raise UnknownNameError("symbol", symbol, names)

    def history(self, underlying: str, until: date) -> PriceHistory:
        """Daily bars that were recorded with the quotes."""
        return self.tape.history(underlying, until)

    def bars(self, underlying: str, interval: Interval, after: datetime, until: datetime) -> Bars:
        """Bars of what was recorded, at the times at which it is played; see TellsBars."""
        from optionix_core.market.bars import of_prices

        told = self.tape.prices(underlying, self.recorded(after), self.recorded(until))
        played = tuple((self.played(one.moment, until), one.price, one.volume) for one in told)
        return of_prices(underlying, self.name, interval, played)

    def _snapshot(self, underlying: str, moment: datetime) -> Snapshot:
        return self.tape.snapshot(underlying, self.recorded(moment))

    def _file(self, snapshot: Snapshot) -> FileFeed:
        known = self._still
        if known is None or known[0] is not snapshot:
            known = (snapshot, FileFeed(snapshot.chain, self._name.removeprefix("replay:")))
            self._still = known
        return known[1]

    def _moved(self, quote: Quote, snapshot: Snapshot, moment: datetime) -> Quote:
        made = quote.exchange_time
        return replace(
            quote,
            source=self.name,
            received_at=self.played(snapshot.moment, moment),
            exchange_time=None if made is None else self.played(made, moment),
        )

    def _moved_slice(self, item: ChainSlice, moment: datetime) -> ChainSlice:
        return replace(item, call=self._moved_side(item.call, moment), put=self._moved_side(item.put, moment))

    def _moved_side(self, side: QuoteColumns, moment: datetime) -> QuoteColumns:
        anchor = self._anchor
        since, recorded = (moment if anchor.held else anchor.played).timestamp(), anchor.recorded.timestamp()
        if anchor.speed == 1.0 and since == recorded:
            return side
        return replace(side, quoted_at=since + (side.quoted_at - recorded) / anchor.speed)


def _check_speed(speed: float) -> None:
    if not SLOWEST < speed <= FASTEST:
        raise InvalidValueError("speed", speed, f"above {SLOWEST:g} and at most {FASTEST:g}")
