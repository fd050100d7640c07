"""`optionix feed`: which feeds there are, recording one, and playing a recording."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from optionix_core.errors import InvalidValueError
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit, say, write_json

app = typer.Typer(help="Feeds: list, record, replay.", no_args_is_help=True)


@app.command("list")
def list_(context: typer.Context, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """The feeds that can be opened: the simulated venue, imported chains, recordings.

    Example: optionix feed list --json | jq -r '.feeds[].name'
    """
    from optionix_core.services import feeds

    found = feeds.listing(face_of(context).home)
    document: dict[str, Any] = feeds.to_json(found)
    rows = [
        (item.name, item.state.value, ", ".join(info.symbol for info in item.underlyings), item.note or "")
        for item in found
    ]
    table = Table(("feed", "state", "underlyings", "note"), rows, left=frozenset({0, 1, 2, 3}))
    emit(chosen(format_, as_json), document, document["feeds"], table)


@app.command()
def record(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the recording; it is then the feed replay:NAME.")],
    underlying: Annotated[
        list[str] | None, typer.Option("--underlying", help="Only this one; may be repeated.")
    ] = None,
    interval: Annotated[float, typer.Option("--interval", help="Seconds between two moments.")] = 1.0,
    count: Annotated[int | None, typer.Option("--count", min=1, help="So many moments.")] = None,
    duration: Annotated[float | None, typer.Option("--duration", help="So many seconds.")] = None,
    expiries: Annotated[int | None, typer.Option("--expiries", min=1, help="So many of the nearest expiries.")] = None,
    start: Annotated[
        str | None,
        typer.Option("--start", help="Past moment (ISO, UTC): record that stretch of the simulated venue at once."),
    ] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Record the feed until --count or --duration; ctrl+c stops early and keeps what there is.

    Example: optionix feed record monday --underlying ORBIT --expiries 4 --duration 600
    """
    from optionix_core.market.clock import SystemClock
    from optionix_core.services import feeds

    with face_of(context).workspace() as workspace, _cancellable() as cancelled:
        report = feeds.record(
            workspace.feed,
            workspace.home,
            name,
            SystemClock(),
            underlyings=underlying,
            interval=timedelta(seconds=interval),
            count=count,
            duration=None if duration is None else timedelta(seconds=duration),
            expiries=expiries,
            start=None if start is None else _moment(start),
            cancelled=cancelled,
            progress=_progress,
        )
    document: dict[str, Any] = feeds.report_to_json(report)
    rows = [(key.replace("_", " "), str(value)) for key, value in document.items() if key != "schema_version"]
    emit(chosen(format_, as_json), document, [document], Table(("recording", ""), rows, left=frozenset({0, 1})))


@app.command()
def replay(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A recording of this home, or a file of recorded quotes.")],
    speed: Annotated[float, typer.Option("--speed", help="Times as fast as it was recorded; 0 plays at once.")] = 1.0,
    step: Annotated[float, typer.Option("--step", help="Seconds of recorded time from one moment to the next.")] = 1.0,
    underlying: Annotated[str | None, typer.Option("--underlying", help="Only this one.")] = None,
    quotes: Annotated[bool, typer.Option("--quotes", help="Every quote, instead of a line a moment.")] = False,
) -> None:
    """Play a recording to stdout as JSON Lines. In the terminal: optionix --feed replay:NAME.

    Example: optionix feed replay monday --speed 0 --quotes | jq -c 'select(.bid == null)'
    """
    from optionix_core.feeds.replay import ReplayFeed
    from optionix_core.services import feed_play, feeds

    if speed < 0:
        raise InvalidValueError("--speed", speed, "0 (at once) or above")
    feed = feeds.open_feed(f"replay:{name}", face_of(context).home, speed=speed or 1.0)
    if not isinstance(feed, ReplayFeed):
        raise TypeError(f"replay: must open a replay (got {feed.name})")
    if feed.tape.note is not None:
        say(f"note: {feed.tape.note}")
    pause = time.sleep if speed else None
    for played in feed_play.play(feed, underlying, timedelta(seconds=step), pause):
        for line in feed_play.quotes_to_json(played) if quotes else (feed_play.moment_to_json(played),):
            write_json(line)
        sys.stdout.flush()


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidValueError("--start", repr(text), "an ISO moment such as 2026-01-15T14:30:00") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


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
