"""`optionix feed`: which feeds there are, recording one, and playing a recording."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import InvalidValueError, UsageError
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.files import as_file
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say, write_json
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_core.market.protocols import UnderlyingInfo

LONGEST_SECONDS = 1e9
"""Bound of every duration that is typed: thirty years."""

app = group("feed", "Feeds: list, record, replay.", "optionix feed list", "optionix --feed replay:monday")


@app.command(
    "list",
    cls=Command,
    epilog=examples("optionix feed list", "optionix feed list --json | jq -r '.feeds[].underlyings[]'"),
)
def list_(context: typer.Context, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """The feeds that can be opened: the simulated venue, imported chains, recordings."""
    from optionix_core.services import feeds

    found = feeds.listing(face_of(context).home)
    document: dict[str, Any] = feeds.to_json(found)
    rows = [
        (item.name, item.state.value, ", ".join(info.symbol for info in item.underlyings), item.note or "")
        for item in found
    ]
    table = Table(("feed", "state", "underlyings", "note"), rows, left=frozenset({0, 1, 2, 3}))
    records = [{"note": None, **row} for row in document["feeds"]]
    emit(chosen(format_, as_json), document, records, table)


@app.command(
    cls=Command,
    epilog=examples(
        "optionix feed record monday --underlying ORBIT --expiries 4 --duration 600",
        "optionix feed record march --underlying ORBIT --start 2026-03-02T14:30 --interval 60 --count 5",
        "optionix --feed replay:monday",
    ),
)
def record(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="Name of the recording; it is then the feed replay:NAME.", metavar="NAME")
    ],
    underlying: Annotated[
        list[str] | None, typer.Option("--underlying", help="Only this one; may be repeated.", metavar="NAME")
    ] = None,
    interval: Annotated[
        float, typer.Option("--interval", help="Seconds between two moments.", metavar="SECONDS")
    ] = 1.0,
    count: Annotated[int | None, typer.Option("--count", help="So many moments.", metavar="N")] = None,
    duration: Annotated[float | None, typer.Option("--duration", help="So long.", metavar="SECONDS")] = None,
    expiries: Annotated[
        int | None,
        typer.Option("--expiries", help="So many of the nearest expiries; all without it.", metavar="N"),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--start",
            help="Record that stretch of the simulated venue at once, from this moment (UTC) on.",
            metavar="YYYY-MM-DDTHH:MM",
        ),
    ] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Record the feed until --count or --duration; ctrl+c stops early and keeps what there is."""
    from optionix_core.services import feeds

    if count is None and duration is None:
        raise UsageError("--count or --duration is missing (how long to record)")
    face = face_of(context)
    every = _span("--interval", interval)
    length = None if duration is None else _span("--duration", duration)
    begin = None if start is None else _moment(start)
    with face.workspace() as workspace, _cancellable() as cancelled:
        quoted = workspace.feed.underlyings()
        report = feeds.record(
            workspace.feed,
            workspace.home,
            name,
            face.clock,
            underlyings=None if underlying is None else [_spelled(quoted, name) for name in underlying],
            interval=every,
            count=count,
            duration=length,
            expiries=expiries,
            start=begin,
            cancelled=cancelled,
            progress=_progress,
        )
    document: dict[str, Any] = feeds.report_to_json(report)
    record = {key: value for key, value in document.items() if key != "schema_version"}
    rows = [(key.replace("_", " "), _shown(value)) for key, value in record.items()]
    emit(chosen(format_, as_json), document, [record], Table(("recording", name), rows, left=frozenset({0, 1})))


@app.command(
    cls=Command,
    epilog=examples(
        "optionix feed replay monday --speed 10",
        "optionix feed replay monday --speed 0 --quotes | jq -c 'select(.bid == null)'",
        "optionix feed replay - --speed 0 < monday.recording.gz",
    ),
)
def replay(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(help="A recording of this home, or a file of recorded quotes, or -.", metavar="NAME_OR_FILE"),
    ],
    speed: Annotated[
        float, typer.Option("--speed", help="Times as fast as it was recorded; 0 plays at once.", metavar="NUMBER")
    ] = 1.0,
    step: Annotated[
        float,
        typer.Option("--step", help="Seconds of recorded time from one moment to the next.", metavar="SECONDS"),
    ] = 1.0,
    underlying: Annotated[str | None, typer.Option("--underlying", help="Only this one.", metavar="NAME")] = None,
    quotes: Annotated[bool, typer.Option("--quotes", help="Every quote, instead of a line a moment.")] = False,
) -> None:
    """Play a recording to stdout as JSON Lines, one line a moment."""
    from optionix_core.feeds.replay import ReplayFeed
    from optionix_core.services import feed_play, feeds

    if not 0 <= speed <= 1e6:
        raise InvalidValueError("--speed", speed, "0 (at once) to 1e6")
    stride = _span("--step", step)
    with as_file(name) as source:
        feed = feeds.open_feed(f"replay:{source}", face_of(context).home, speed=speed or 1.0)
        if not isinstance(feed, ReplayFeed):
            raise TypeError(f"replay: must open a replay (got {feed.name})")
        if feed.tape.note is not None:
            say(f"note: {feed.tape.note}")
        asked = None if underlying is None else _spelled(feed.underlyings(), underlying)
        for played in feed_play.play(feed, asked, stride, time.sleep if speed else None):
            for line in feed_play.quotes_to_json(played) if quotes else (feed_play.moment_to_json(played),):
                write_json(line)
            sys.stdout.flush()


def _span(option: str, seconds: float) -> timedelta:
    if not 0 < seconds <= LONGEST_SECONDS:
        raise InvalidValueError(option, seconds, f"above 0 and at most {LONGEST_SECONDS:.0e} seconds")
    return timedelta(seconds=seconds)


def _spelled(quoted: Sequence[UnderlyingInfo], name: str) -> str:
    """An underlying as the feed spells it, in whatever letter case it was typed."""
    return next((info.symbol for info in quoted if info.symbol.casefold() == name.casefold()), name)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidValueError("--start", repr(text), "an ISO moment such as 2026-01-15T14:30") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done} of {of} moments" + ("\n" if done == of else ""))
        sys.stderr.flush()


@contextmanager
def _cancellable() -> Iterator[Callable[[], bool]]:
    """Turns ctrl+c into a request to stop, so that a recording is closed properly."""
    asked = threading.Event()
    former = signal.signal(signal.SIGINT, lambda *_: asked.set())
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, former)
