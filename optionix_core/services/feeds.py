"""Feeds by name: open one, list them, record one.

    sim                 the simulated venue
    replay:NAME         a recording of the home, or else a recording or table of quotes in a file
    file:NAME           an imported chain of the home, or else a chain in a file
    deribit:ROOT        options on a coin, live from Deribit's public interface: BTC, ETH, SOL_USDC ...
    cboe:NAME           listed US options, 15 minutes late from Cboe's public delayed quotes: SPX, AAPL ...

Recordings live under `<data>/recordings/NAME.recording.gz`. A feed that cannot be named is an error; none is
ever taken in another's place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError, MalformedFileError, UnknownNameError
from optionix_core.market.clock import Clock, ManualClock
from optionix_core.market.protocols import FeedState, UnderlyingInfo

if TYPE_CHECKING:
    from optionix_core.feeds.recording import RecordingReport
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.services.home import HomeFolders

SCHEMA_VERSION = 1
SIMULATED = "sim"
DEFAULT_SEED = 20
DEFAULT_SESSION = "continuous"
FORMS = ("sim", "replay:FILE", "file:NAME_OR_PATH", "deribit:ROOT", "cboe:NAME")
_NETWORK = frozenset({"deribit", "cboe"})
_KINDS = frozenset(form.partition(":")[0] for form in FORMS if ":" in form)


@dataclass(frozen=True, slots=True)
class NetworkFeeds:
    """Where the feeds over a network are, and how often they are asked."""

    deribit_address: str
    deribit_stream: str
    deribit_poll_seconds: float
    cboe_address: str
    cboe_poll_seconds: float


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A feed that can be opened."""

    name: str
    """As `open_feed` takes it."""
    state: FeedState
    underlyings: tuple[UnderlyingInfo, ...]
    note: str | None = None
    """What is wrong with its file, in words; None where nothing is."""


def open_feed(
    name: str,
    home: HomeFolders | None = None,
    *,
    seed: int = DEFAULT_SEED,
    session: str = DEFAULT_SESSION,
    clock: Clock | None = None,
    speed: float = 1.0,
    started_at: datetime | None = None,
    network: NetworkFeeds | None = None,
) -> QuoteSource:
    """The feed of that name.

    `seed` and `session` are the simulated venue's. A replay begins at `started_at`, else at the clock's
    present moment, else (without a clock) it keeps its recorded times; `speed` is how fast it runs. A feed over
    the network begins to connect, to the exchange itself where `network` names no other place; it closes by itself when
    it is dropped and when the process ends. Raises
    UnknownNameError for a name, recording or chain that there is not.
    """
    check_form(name)
    kind, _, rest = name.partition(":")
    if name == SIMULATED:
        return _simulated(seed, session)
    if kind == "replay":
        from optionix_core.feeds.replay import ReplayFeed

        begin = clock.now() if started_at is None and clock is not None else started_at
        return ReplayFeed(_recording(home, rest), speed, begin, rest)
    if kind in _NETWORK:
        return _connected(kind, rest, clock, network)
    if home is not None:
        from optionix_core.services import chains

        return chains.feed(home, rest)
    from optionix_core.feeds.files import FileFeed, read

    return FileFeed(read(Path(rest)), Path(rest).name)


def check_form(name: str) -> None:
    """UnknownNameError for a name of none of the forms. Opens nothing: a face asks before it paints."""
    kind, _, rest = name.partition(":")
    if name != SIMULATED and (kind not in _KINDS or not rest):
        raise UnknownNameError("feed", name, FORMS)


def listing(home: HomeFolders | None = None) -> tuple[FeedEntry, ...]:
    """The simulated venue, then the home's imported chains, then its recordings, by name."""
    simulated = _simulated(DEFAULT_SEED, DEFAULT_SESSION)
    found = [FeedEntry(SIMULATED, FeedState.SIMULATED, simulated.underlyings())]
    if home is not None:
        found += _chains(home)
        found += [_entry(path) for path in _recordings(home)]
    return tuple(found)


def to_json(feeds: Sequence[FeedEntry]) -> dict[str, object]:
    """`{"schema_version", "feeds": [{"name", "state", "underlyings"}]}`; `note` only where there is one."""
    rows: list[dict[str, object]] = []
    for item in feeds:
        row: dict[str, object] = {
            "name": item.name,
            "state": item.state.value,
            "underlyings": [info.symbol for info in item.underlyings],
        }
        rows.append(row if item.note is None else {**row, "note": item.note})
    return {"schema_version": SCHEMA_VERSION, "feeds": rows}


def record(
    source: QuoteSource,
    home: HomeFolders,
    name: str,
    clock: Clock,
    *,
    underlyings: Sequence[str] | None = None,
    interval: timedelta = timedelta(seconds=1),
    count: int | None = None,
    duration: timedelta | None = None,
    expiries: int | None = None,
    start: datetime | None = None,
    wait: Callable[[float], None] = time.sleep,
    cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> RecordingReport:
    """Record `source` under `name`; it is then the feed `replay:NAME`.

    Bounds, `cancelled` and `progress` are those of `feeds.recording.record`. With `start` the stretch from
    there on is recorded at once, without waiting, which only a simulated feed can do.
    """
    from optionix_core.feeds.recording import SUFFIX
    from optionix_core.feeds.recording import record as write
    from optionix_core.services.chains import check_name

    home.check_writable(f"record {name}")
    check_name(name)
    longest_wait = 0.2
    if start is not None:
        if source.state is not FeedState.SIMULATED:
            raise InvalidValueError(
                "start", start.isoformat(), f"left out: only a simulated feed has it ({source.name})"
            )
        stepping = ManualClock(start)
        clock, wait, longest_wait = stepping, _advancing(stepping), float("inf")
    return write(
        source,
        recordings_folder(home) / f"{name}{SUFFIX}",
        clock=clock,
        underlyings=underlyings,
        interval=interval,
        count=count,
        duration=duration,
        expiries=expiries,
        wait=wait,
        longest_wait=longest_wait,
        cancelled=cancelled,
        progress=progress,
    )


def report_to_json(report: RecordingReport) -> dict[str, object]:
    """A recording's report: path, source, underlyings, moments, counts, bytes and how it ended."""
    from optionix_core.services.chains_json import utc_text

    return {
        "schema_version": SCHEMA_VERSION,
        "path": str(report.path),
        "source": report.source,
        "underlyings": list(report.underlyings),
        "started_at": utc_text(report.started_at),
        "ended_at": utc_text(report.ended_at),
        "snapshots": report.snapshots,
        "quotes": report.quotes,
        "ending": report.ending,
        "bytes": report.size,
    }


def recordings_folder(home: HomeFolders) -> Path:
    """Where a home keeps its recordings."""
    return home.data / "recordings"


def _simulated(seed: int, session: str) -> QuoteSource:
    from optionix_core.feeds.simulated.venue import SimulatedFeed, session_mode

    return SimulatedFeed(seed, session_mode(session))


def _connected(kind: str, rest: str, clock: Clock | None, network: NetworkFeeds | None) -> QuoteSource:
    """Stale after three polls of Deribit that did not come, and five of Cboe beyond its delay."""
    if kind == "deribit":
        from optionix_core.feeds.deribit.feed import DeribitFeed
        from optionix_core.feeds.deribit.settings import DeribitSettings

        settings = None
        if network is not None:
            settings = DeribitSettings(
                rest_address=network.deribit_address,
                socket_address=network.deribit_stream,
                poll_every=network.deribit_poll_seconds,
                stale_after=timedelta(seconds=3 * network.deribit_poll_seconds),
            )
        live = DeribitFeed(rest, settings, clock)
        live.start()
        return live
    from optionix_core.feeds.cboe.feed import CboeFeed
    from optionix_core.feeds.cboe.polling import CboeSettings

    given = None
    if network is not None:
        given = CboeSettings(
            address=network.cboe_address,
            poll_every=network.cboe_poll_seconds,
            stale_after=CboeFeed.delay + timedelta(seconds=5 * network.cboe_poll_seconds),
        )
    late = CboeFeed(rest, given, clock)
    late.start()
    return late


def _advancing(clock: ManualClock) -> Callable[[float], None]:
    def advance(seconds: float) -> None:
        clock.advance(timedelta(seconds=seconds))

    return advance


def _chains(home: HomeFolders) -> list[FeedEntry]:
    from optionix_core.services import chains

    return [
        FeedEntry(
            f"file:{item.name}",
            FeedState.FILE,
            (UnderlyingInfo(item.underlying, item.underlying, item.currency, f"quotes of {item.as_of.isoformat()}"),),
        )
        for item in chains.listing(home)
    ]


def _entry(path: Path) -> FeedEntry:
    from optionix_core.feeds.recording import SUFFIX
    from optionix_core.feeds.tape import read_head

    name = f"replay:{path.name.removesuffix(SUFFIX)}"
    try:
        head = read_head(path)
    except MalformedFileError as error:
        return FeedEntry(name, FeedState.REPLAY, (), str(error))
    return FeedEntry(name, FeedState.REPLAY, head.underlyings)


def _recordings(home: HomeFolders) -> list[Path]:
    from optionix_core.feeds.recording import SUFFIX

    return sorted(recordings_folder(home).glob(f"*{SUFFIX}"))


def _recording(home: HomeFolders | None, text: str) -> Path:
    from optionix_core.feeds.recording import SUFFIX

    stored = [] if home is None else _recordings(home)
    found = next((path for path in stored if path.name.removesuffix(SUFFIX) == text), None)
    path = Path(text) if found is None else found
    if not path.is_file():
        known = tuple(item.name.removesuffix(SUFFIX) for item in stored)
        raise UnknownNameError("recording or file", text, known)
    return path
