"""Recording a feed: its chains at regular moments, in one file that a crash cannot spoil.

The file is a row of gzip members, so that `zcat` shows it and each part stands on its own. Every member
begins with one line of JSON that names its kind:

    head      format version, source, its state, when it began, seconds between moments and until a quote is
              stale, underlyings
    history   daily bars of one underlying, where the source has them
    snapshot  underlying, whether the market was open, its change on the day, its own quote; the lines that
              follow are the chain as `feeds.files.stored` writes it, exact to the bit
    end       number of snapshots, and why the recording ended

A recording grows as `NAME.part` and gets its name once its end is written and on disk. A part that
was cut off lacks its end: what stands before the cut can be replayed, and the reader says so. A
recording is always bounded by a count or a duration.
"""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from optionix_core.errors import InterruptedByUserError, InvalidValueError, MissingDataError, StorageError, UsageError
from optionix_core.feeds.files import stored

if TYPE_CHECKING:
    from optionix_core.market.clock import Clock
    from optionix_core.market.protocols import PriceHistory, QuoteSource
    from optionix_core.market.quote import Quote

VERSION = 1
SUFFIX = ".recording.gz"
LONGEST = 1_000_000
"""Most moments that one recording may have."""

Ending = Literal["complete", "cancelled"]


@dataclass(frozen=True, slots=True)
class RecordingReport:
    """What a recording came to."""

    path: Path
    source: str
    underlyings: tuple[str, ...]
    started_at: datetime
    ended_at: datetime
    """The last moment that was recorded."""
    snapshots: int
    quotes: int
    """Rows over all snapshots."""
    ending: Ending
    size: int
    """Bytes of the file."""


@dataclass(slots=True)
class _Totals:
    moments: int = 0
    snapshots: int = 0
    quotes: int = 0
    last: datetime | None = None


def record(
    source: QuoteSource,
    path: Path,
    *,
    clock: Clock,
    underlyings: Sequence[str] | None = None,
    interval: timedelta = timedelta(seconds=1),
    count: int | None = None,
    duration: timedelta | None = None,
    expiries: int | None = None,
    wait: Callable[[float], None] = time.sleep,
    longest_wait: float = 0.2,
    cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> RecordingReport:
    """Record `source` until `count` moments or `duration` are over, whichever comes first.

    `clock` tells the moments and `wait(seconds)` passes the time between them, in pieces of at most
    `longest_wait` seconds so that `cancelled` is heard; what was recorded until then is kept and closed
    properly. `expiries` keeps that many of the nearest expiries, all by default. `progress(done, of)` counts
    moments. Raises InvalidValueError for a bound that is missing or not positive, UsageError where `path`
    exists, InterruptedByUserError, leaving no file, where it is stopped before the first moment, and StorageError,
    leaving the part, where the disk takes no more.
    """
    moments = _moments(interval, count, duration)
    if expiries is not None and expiries < 1:
        raise InvalidValueError("expiries", expiries, "at least 1")
    names = tuple(item.symbol for item in source.underlyings()) if underlyings is None else tuple(underlyings)
    if not names:
        raise InvalidValueError("underlyings", "none", "at least one")
    part = path.with_name(f"{path.name}.part")
    for taken in (path, part):
        if taken.exists():
            raise UsageError(f"{taken} exists already: give the recording another name")
    started = clock.now()
    for name in names:
        source.spot(name, started)
    totals = _Totals()
    due = (started + number * interval for number in range(moments))
    try:
        with _create(part) as stream:
            _write_head(stream, source, names, started, interval)
            ending: Ending = "complete"
            for moment in due:
                if not _wait_until(moment, clock, wait, longest_wait, cancelled):
                    ending = "cancelled"
                    break
                for name in names:
                    _write_snapshot(stream, source, name, clock.now(), expiries, totals)
                stream.flush()
                totals.moments += 1
                progress(totals.moments, moments)
            _close(stream, part, totals, ending)
        part.replace(path)
    except OSError as error:
        kept = f"{totals.moments} moment{'' if totals.moments == 1 else 's'} before it can be replayed from {part}"
        raise StorageError(f"the recording ended: {error.strerror or error}; {kept}") from error
    return RecordingReport(
        path=path,
        source=source.name,
        underlyings=names,
        started_at=started,
        ended_at=totals.last or started,
        snapshots=totals.snapshots,
        quotes=totals.quotes,
        ending=ending,
        size=path.stat().st_size,
    )


def _close(stream: BinaryIO, part: Path, totals: _Totals, ending: Ending) -> None:
    """Write the end and have it on disk; where there is nothing to end, leave no file."""
    if not totals.moments:
        stream.close()
        part.unlink()
        raise InterruptedByUserError("stopped before the first moment: nothing was recorded")
    write_member(stream, {"kind": "end", "snapshots": totals.snapshots, "ending": ending})
    stream.flush()
    os.fsync(stream.fileno())


def write_member(stream: BinaryIO, head: dict[str, object], body: bytes = b"") -> None:
    """Append one gzip member; equal content gives equal bytes."""
    line = json.dumps(head, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()
    stream.write(gzip.compress(line + b"\n" + body, compresslevel=6, mtime=0))


def quote_values(quote: Quote) -> dict[str, object]:
    """A quote as JSON values, its times as ISO 8601."""
    made = quote.exchange_time
    return {
        "symbol": quote.symbol,
        "received_at": quote.received_at.isoformat(),
        "exchange_time": None if made is None else made.isoformat(),
        "bid": quote.bid,
        "ask": quote.ask,
        "bid_size": quote.bid_size,
        "ask_size": quote.ask_size,
        "last": quote.last,
        "volume": quote.volume,
        "open_interest": quote.open_interest,
        "vendor_iv": quote.vendor_iv,
    }


def _moments(interval: timedelta, count: int | None, duration: timedelta | None) -> int:
    if interval <= timedelta(0):
        raise InvalidValueError("interval", interval, "positive")
    if count is None and duration is None:
        raise InvalidValueError("count and duration", "neither", "given, at least one of them")
    if count is not None and not 1 <= count <= LONGEST:
        raise InvalidValueError("count", count, f"from 1 to {LONGEST}")
    if duration is not None and duration <= timedelta(0):
        raise InvalidValueError("duration", duration, "positive")
    by_time = LONGEST if duration is None else min(LONGEST, duration // interval + 1)
    return by_time if count is None else min(count, by_time)


def _create(part: Path) -> BinaryIO:
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        return part.open("xb")
    except OSError as error:
        raise UsageError(f"cannot write {part}: {error.strerror}") from None


def _wait_until(
    due: datetime, clock: Clock, wait: Callable[[float], None], longest: float, cancelled: Callable[[], bool]
) -> bool:
    while True:
        if cancelled():
            return False
        left = (due - clock.now()).total_seconds()
        if left <= 0.0:
            return True
        wait(min(left, longest))


def _write_head(
    stream: BinaryIO, source: QuoteSource, names: tuple[str, ...], started: datetime, interval: timedelta
) -> None:
    infos = {item.symbol: item for item in source.underlyings()}
    head: dict[str, object] = {
        "kind": "head",
        "optionix_recording": VERSION,
        "source": source.name,
        "state": source.state.value,
        "started_at": started.isoformat(),
        "interval": interval.total_seconds(),
        "stale_after": source.stale_after.total_seconds(),
        "underlyings": [
            {
                "symbol": name,
                "name": infos[name].name,
                "currency": infos[name].currency,
                "description": infos[name].description,
            }
            for name in names
            if name in infos
        ],
    }
    write_member(stream, head)
    for name in names:
        try:
            history = source.history(name, started.date() - timedelta(days=1))
        except MissingDataError:
            continue
        write_member(stream, _history_values(history))


def _history_values(history: PriceHistory) -> dict[str, object]:
    return {
        "kind": "history",
        "underlying": history.underlying,
        "source": history.source,
        "days": [day.isoformat() for day in history.days],
        **{
            name: [None if value != value else value for value in getattr(history, name).tolist()]  # noqa: PLR0124 - nan alone differs from itself
            for name in HISTORY_COLUMNS
        },
    }


HISTORY_COLUMNS = ("open", "high", "low", "close", "volume", "implied_volatility")


def _write_snapshot(
    stream: BinaryIO, source: QuoteSource, name: str, moment: datetime, expiries: int | None, totals: _Totals
) -> None:
    from dataclasses import replace

    chain = source.chain(name, moment)
    if expiries is not None:
        kept = chain.expiries[:expiries]
        chain = replace(chain, slices=tuple(item for item in chain.slices if item.expiry in kept))
    head: dict[str, object] = {
        "kind": "snapshot",
        "underlying": name,
        "moment": moment.isoformat(),
        "open": source.is_open(moment),
        "day_change": source.day_change(name, moment),
        "spot": quote_values(source.spot(name, moment)),
    }
    write_member(stream, head, stored.encode(chain))
    totals.snapshots += 1
    totals.quotes += chain.row_count
    totals.last = moment
