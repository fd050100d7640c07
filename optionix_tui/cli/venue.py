"""`optionix venue run`: keep the paper venue up to now with no terminal open."""

from __future__ import annotations

import signal
import sys
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, say, write_json
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_core.services.venue_running import VenueLook

app = group(
    "venue",
    "The paper venue: keep it up to now with no terminal open.",
    "optionix venue run --once",
    "optionix venue run --once --json",
)


@app.callback()
def _group() -> None:
    """The paper venue: keep it up to now with no terminal open."""


@app.command(cls=Command, epilog=examples("optionix venue run --once", "optionix venue run --once --json"))
def run(
    context: typer.Context,
    every: Annotated[float, typer.Option("--every", help="Seconds between two looks.", metavar="SECONDS")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON for each event.")] = False,
) -> None:
    """Fill, trigger and end orders, settle, halt, send algorithms and fire alerts as time passes; tell each event.

    Nothing would be lost without it: the next command finds the same at the same prices and times. Ends by ctrl+c
    (exit 130) or SIGTERM (exit 0), never in the middle of a write.
    """
    from optionix_core.services import venue_running

    over = Event()
    before = signal.signal(signal.SIGTERM, lambda *_: over.set())
    try:
        with face_of(context).workspace() as workspace:
            if not once:
                say(f"keeping {workspace.home.data} up to now every {every:g} s; ctrl+c ends it")
            for look in venue_running.looks(workspace, every, lambda seconds: once or over.wait(seconds)):
                _tell(look, Format.JSON if as_json else Format.TABLE)
                if over.is_set():
                    return
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(look: VenueLook, format_: Format) -> None:
    from optionix_core.sync.canonical import time_text

    if look.update is None:
        say(f"{time_text(look.moment)} another process holds the lock; looking again")
    for fact in look.facts:
        event = fact.event
        if format_ is Format.JSON:
            record: dict[str, Any] = {"schema_version": 1, "seq": fact.seq, "time": time_text(event.time)}
            write_json({**record, "type": event.type, "id": event.id, "payload": event.payload})
        else:
            sys.stdout.write(f"{time_text(event.time)} {event.type} {event.id}\n")
    sys.stdout.flush()
