"""What a replay plays: recorded moments of some underlyings, read back as they were.

A tape knows recorded time alone; when it is played, and how fast, is the replay's business. Reading a
recording checks every member of the file. One that ends in the middle of a member, or without its end, is
a tape that is not `complete` and says why; one that is damaged inside is refused with its place.
"""

from __future__ import annotations

import json
import zlib
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from optionix_core.errors import MalformedFileError, MissingDataError, UnknownNameError
from optionix_core.feeds.files import stored
from optionix_core.feeds.files.tables import read_bytes
from optionix_core.feeds.recording import HISTORY_COLUMNS, VERSION
from optionix_core.feeds.simulated.underlyings import register_products
from optionix_core.market.protocols import PriceHistory, UnderlyingInfo
from optionix_core.market.quote import Quote

if TYPE_CHECKING:
    from optionix_core.market.chain import OptionChain

GZIP = b"\x1f\x8b"
SIMULATED = "sim"
"""Source of a recording whose roots are products of the simulated venue: its reader must know their ticks and terms."""
_GZIP_WINDOW = 31
_REMEMBERED = 16
_HEAD_BYTES = 1 << 16
_HEAD_PART = 1 << 11


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """One underlying at one recorded moment."""

    moment: datetime
    open: bool
    day_change: float | None
    spot: Quote | None
    chain: OptionChain


class ToldPrice(NamedTuple):
    """A recorded price of an underlying."""

    moment: datetime
    """Of the recording."""
    price: float
    """Last, or the middle of bid and ask where there is no last."""
    volume: float | None
    """Since its day began."""


class Tape(Protocol):
    """Recorded moments, in order."""

    @property
    def infos(self) -> tuple[UnderlyingInfo, ...]:
        """The underlyings on it."""
        ...

    @property
    def first(self) -> datetime:
        """The first recorded moment."""
        ...

    @property
    def last(self) -> datetime:
        """The last one."""
        ...

    @property
    def stale_after(self) -> timedelta:
        """When a quote of it is stale, in recorded time."""
        ...

    @property
    def complete(self) -> bool:
        """Whether it ends as it was meant to."""
        ...

    @property
    def note(self) -> str | None:
        """What is wrong with its end, in words; None where it is complete."""
        ...

    def snapshot(self, underlying: str, moment: datetime) -> Snapshot:
        """The last snapshot at or before a recorded moment; MissingDataError before the first."""
        ...

    def history(self, underlying: str, until: date) -> PriceHistory:
        """Recorded daily bars up to and including `until`; MissingDataError where there are none."""
        ...

    def moments(self) -> tuple[datetime, ...]:
        """The moments that were recorded, in order, each with all that was recorded then."""
        ...

    def prices(self, underlying: str, after: datetime, until: datetime) -> tuple[ToldPrice, ...]:
        """The underlying's recorded prices after `after` and up to `until`, in order of time; none where none is."""
        ...


class _Place(NamedTuple):
    moment: datetime
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class RecordingHead:
    """What the first member of a recording says."""

    source: str
    started_at: datetime
    underlyings: tuple[UnderlyingInfo, ...]


def read_head(path: Path) -> RecordingHead:
    """The first member alone; MalformedFileError where it is not that of a recording."""
    with path.open("rb") as stream:
        try:
            line = zlib.decompressobj(_GZIP_WINDOW).decompress(stream.read(_HEAD_BYTES))
            head = json.loads(line.partition(b"\n")[0])
            if head["optionix_recording"] != VERSION:
                raise MalformedFileError(str(path), f"is no recording of version {VERSION}", 1)
            infos = tuple(UnderlyingInfo(**item) for item in head["underlyings"])
            return RecordingHead(head["source"], datetime.fromisoformat(head["started_at"]), infos)
        except (zlib.error, ValueError, KeyError, TypeError) as error:
            raise MalformedFileError(str(path), f"is no recording: {error}", 1) from None


class Recording:
    """A tape that `feeds.recording` wrote. The file is read once; snapshots are parsed when asked for."""

    def __init__(self, path: Path) -> None:
        """Raises MalformedFileError for a file that is no recording or is damaged inside."""
        self._path = path
        self._content = read_bytes(path)
        self._histories: dict[str, dict[str, Any]] = {}
        self._places: dict[str, list[_Place]] = {}
        self._moments: dict[str, list[datetime]] = {}
        self._memory: dict[int, Snapshot] = {}
        self._head: dict[str, Any] = {}
        self.note: str | None = "it has no end: the recording was cut off"
        self._scan()
        self.complete = self.note is None
        if not self._head:
            raise self._malformed("is no recording: it has no head", 1)
        if not self._places:
            raise self._malformed("holds no snapshot", 1)
        for name, places in self._places.items():
            self._moments[name] = [place.moment for place in places]
        self.first = min(moments[0] for moments in self._moments.values())
        self.last = max(moments[-1] for moments in self._moments.values())
        self.stale_after = timedelta(seconds=self._head["stale_after"] + self._head["interval"])
        self.source: str = self._head["source"]
        if self.source == SIMULATED:
            register_products()

    @property
    def infos(self) -> tuple[UnderlyingInfo, ...]:
        """The underlyings of which there is a snapshot."""
        return tuple(UnderlyingInfo(**item) for item in self._head["underlyings"] if item["symbol"] in self._places)

    @property
    def snapshot_count(self) -> int:
        """Snapshots of all underlyings."""
        return sum(map(len, self._places.values()))

    def snapshot(self, underlying: str, moment: datetime) -> Snapshot:
        """The last snapshot at or before a recorded moment; MissingDataError before the first."""
        moments = self._moments.get(underlying)
        if moments is None:
            raise UnknownNameError("underlying", underlying, tuple(self._places))
        index = bisect_right(moments, moment) - 1
        if index < 0:
            raise MissingDataError(
                f"the recording of {underlying} begins at {moments[0].isoformat()} (asked for {moment.isoformat()})"
            )
        return self._parsed(self._places[underlying][index])

    def history(self, underlying: str, until: date) -> PriceHistory:
        """Recorded daily bars up to and including `until`; MissingDataError where there are none."""
        import numpy as np

        values = self._histories.get(underlying)
        days = [] if values is None else [date.fromisoformat(day) for day in values["days"]]
        kept = bisect_right(days, until)
        if values is None or not kept:
            raise MissingDataError(f"{self._path.name} holds no daily history of {underlying} up to {until}")
        columns = {name: np.array(values[name][:kept], dtype=np.float64) for name in HISTORY_COLUMNS}
        return PriceHistory(underlying, values["source"], tuple(days[:kept]), **columns)

    def moments(self) -> tuple[datetime, ...]:
        """The last of each round: its underlyings were recorded one after the other, well within an interval."""
        every = sorted({moment for moments in self._moments.values() for moment in moments})
        apart = timedelta(seconds=self._head["interval"] / 2)
        return tuple(
            one for one, after in zip(every, (*every[1:], None), strict=True) if after is None or after - one > apart
        )

    def prices(self, underlying: str, after: datetime, until: datetime) -> tuple[ToldPrice, ...]:
        """The underlying's own quotes, one a snapshot; only their heads are read."""
        moments = self._moments.get(underlying)
        if moments is None:
            raise UnknownNameError("underlying", underlying, tuple(self._places))
        kept = self._places[underlying][bisect_right(moments, after) : bisect_right(moments, until)]
        found = []
        for place in kept:
            quote = _quote(self._head_of(place)["spot"], self.source)
            price = quote.last if quote.last is not None else quote.mid
            if price is not None:
                found.append(ToldPrice(place.moment, price, quote.volume))
        return tuple(found)

    def _head_of(self, place: _Place) -> dict[str, Any]:
        """The first line of a snapshot, without the chain behind it."""
        unpacker, line = zlib.decompressobj(_GZIP_WINDOW), b""
        for start in range(place.start, place.stop, _HEAD_PART):
            line += unpacker.decompress(self._content[start : min(start + _HEAD_PART, place.stop)])
            if b"\n" in line:
                break
        head: dict[str, Any] = json.loads(line.partition(b"\n")[0])
        return head

    def _scan(self) -> None:
        start, member = 0, 0
        while start < len(self._content):
            member += 1
            unpacker = zlib.decompressobj(_GZIP_WINDOW)
            try:
                text = unpacker.decompress(self._content[start:])
            except zlib.error as error:
                raise self._malformed(f"is damaged in member {member}: {error}", member) from None
            if not unpacker.eof:
                self.note = f"it was cut off in member {member}: the last {len(self._content) - start} bytes are lost"
                return
            stop = len(self._content) - len(unpacker.unused_data)
            if self.note is None:
                raise self._malformed("goes on after its end", member)
            self._file(member, text[: text.find(b"\n")], start, stop)
            start = stop

    def _file(self, member: int, line: bytes, start: int, stop: int) -> None:
        try:
            head = json.loads(line)
            kind = head["kind"]
            if member == 1 and (kind != "head" or head["optionix_recording"] != VERSION):
                raise self._malformed(f"is no recording of version {VERSION}", 1)
            if kind == "head":
                self._head = head
            elif kind == "history":
                self._histories[head["underlying"]] = head
            elif kind == "snapshot":
                moment = datetime.fromisoformat(head["moment"])
                places = self._places.setdefault(head["underlying"], [])
                if places and moment < places[-1].moment:
                    raise self._malformed(f"goes back in time in member {member}", member)
                places.append(_Place(moment, start, stop))
            elif kind == "end":
                count = sum(map(len, self._places.values()))
                if head["snapshots"] != count:
                    raise self._malformed(f"ends with {head['snapshots']} snapshots and holds {count}", member)
                self.note = None
            else:
                raise self._malformed(f"holds a member of unknown kind {kind!r}", member)
        except (ValueError, KeyError, TypeError) as error:
            raise self._malformed(f"cannot be read in member {member}: {error}", member) from None

    def _parsed(self, place: _Place) -> Snapshot:
        found = self._memory.get(place.start)
        if found is None:
            text = zlib.decompress(self._content[place.start : place.stop], _GZIP_WINDOW)
            line, _, body = text.partition(b"\n")
            head = json.loads(line)
            found = Snapshot(
                moment=place.moment,
                open=head["open"],
                day_change=head["day_change"],
                spot=_quote(head["spot"], self.source),
                chain=stored.parse(self._path, body),
            )
            if len(self._memory) >= _REMEMBERED:
                self._memory = {}
            self._memory[place.start] = found
        return found

    def _malformed(self, reason: str, member: int) -> MalformedFileError:
        return MalformedFileError(str(self._path), reason, member)


def _quote(values: dict[str, Any], source: str) -> Quote:
    made = values["exchange_time"]
    times = {
        "received_at": datetime.fromisoformat(values["received_at"]),
        "exchange_time": None if made is None else datetime.fromisoformat(made),
    }
    return Quote(source=source, **{**values, **times})
