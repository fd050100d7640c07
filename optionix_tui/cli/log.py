"""`optionix log`: the hash-chained log of everything that was written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from optionix_core.sync.event import EventStore
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit

app = typer.Typer(help="The event log: show it, verify it.", no_args_is_help=True)


@contextmanager
def _store(context: typer.Context) -> Iterator[EventStore]:
    from optionix_core.storage import open_store

    store = open_store(face_of(context).home.data)
    try:
        yield store
    finally:
        store.close()


@app.command()
def show(
    context: typer.Context,
    after: Annotated[int, typer.Option("--after", min=0, help="Start behind this sequence number.")] = 0,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many entries.")] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Entries of the log, oldest first. Decimals stay strings.

    Example: optionix log show --format jsonl | jq 'select(.type == "order.filled")'
    """
    from optionix_core.services import log

    with _store(context) as store:
        rows = log.tail(store, after=after, limit=limit)
    document = log.to_json(rows)
    cells = [(str(row.seq), f"{row.time:%Y-%m-%d %H:%M:%S}", row.type, row.summary, row.hash[:12]) for row in rows]
    table = Table(("seq", "time", "type", "what", "hash"), cells, left=frozenset({1, 2, 3, 4}))
    emit(chosen(format_, as_json), document, document["events"], table)


@app.command()
def verify(context: typer.Context, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Recompute every hash and compare the head kept outside the database; exit 7 names the first bad entry.

    Example: optionix log verify && echo intact
    """
    from optionix_core.services import log

    with _store(context) as store:
        report = log.verify(store)
    document = log.to_json(report)
    words = "empty, verified" if report.events == 0 else f"{report.events} events, verified"
    table = Table(("log", "head"), [(words, document["head"]["hash"][:16])], left=frozenset({0, 1}))
    emit(chosen(format_, as_json), document, [document], table)
