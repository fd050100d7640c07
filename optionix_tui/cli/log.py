"""`optionix log`: the hash-chained log of everything that was written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.errors import InvalidValueError
from optionix_tui.cli.arguments import Command, group
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit
from optionix_tui.cli.usage import examples

if TYPE_CHECKING:
    from optionix_core.sync.event import EventStore

app = group("log", "The event log: show it, verify it.", "optionix log verify", "optionix log show --limit 20")


@app.command(
    cls=Command,
    epilog=examples(
        "optionix log show",
        "optionix log show --type order --limit 20",
        "optionix log show --after 0 --limit 1000 --format jsonl | jq .payload",
    ),
)
def show(
    context: typer.Context,
    after: Annotated[
        int | None, typer.Option("--after", help="Start behind this sequence number.", metavar="N")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many entries.", metavar="N")] = 100,
    type_: Annotated[
        str | None,
        typer.Option("--type", help="Only a type, or all below it: order.filled, order.", metavar="TYPE"),
    ] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """The last entries of the log, or those behind --after, oldest first. Decimals stay strings."""
    if limit < 1:
        raise InvalidValueError("--limit", limit, "at least 1")
    from optionix_core.services import log

    with _store(context) as store:
        page = log.tail(store, limit, type_) if after is None else log.show(store, after, limit, type_)
    document: dict[str, Any] = dict(log.to_json(page))
    cells = [
        (str(row.seq), f"{row.time:%Y-%m-%d %H:%M:%S}", row.type, row.hash[:12], log.gist(row)) for row in page.rows
    ]
    of = f"{page.head.seq:,} {'entry' if page.head.seq == 1 else 'entries'}"
    table = Table(title=f"none of {of}" if page.head.seq else "the log is empty")
    if cells:
        headings = ("seq", "time (UTC)", "type", "hash", "what")
        table = Table(headings, cells, title=f"{len(cells):,} of {of}", left=frozenset({1, 2, 3, 4}))
    emit(chosen(format_, as_json), document, document["events"], table)


@app.command(cls=Command, epilog=examples("optionix log verify", "optionix log verify --json | jq .head.hash"))
def verify(context: typer.Context, format_: FormatOption = Format.TABLE, as_json: JsonOption = False) -> None:
    """Recompute every hash and compare the head kept outside the database; exit 7 names the first bad entry."""
    from optionix_core.services import log

    with _store(context) as store:
        report = log.verify(store)
    document: dict[str, Any] = dict(log.to_json(report))
    record = {**document, "head_seq": report.head.seq, "head_hash": report.head.hash.hex()}
    for name in ("schema_version", "head"):
        record.pop(name)
    head = f", head {report.head.hash.hex()[:16]}" if report.events else ""
    emit(chosen(format_, as_json), document, [record], Table(title=f"{report.sentence}{head}"))


@contextmanager
def _store(context: typer.Context) -> Iterator[EventStore]:
    from optionix_core.storage.sqlite_store import open_store

    store = open_store(face_of(context).home.data)
    try:
        yield store
    finally:
        store.close()
