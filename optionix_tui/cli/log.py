"""`optionix log`: the hash-chained log of everything that was written."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optionix_core.sync.event import EventStore
from optionix_tui.cli.face import face_of
from optionix_tui.cli.output import Format, FormatOption, JsonOption, Table, chosen, emit

if TYPE_CHECKING:
    from optionix_core.services.log import LogRow

app = typer.Typer(help="The event log: show it, verify it.", no_args_is_help=True)


def _gist(row: LogRow) -> str:
    """The payload's plain values on one line; what is nested is in the JSON."""
    plain = [f"{key}={value}" for key, value in row.payload.items() if isinstance(value, (str, int)) and value != ""]
    return textwrap.shorten(" ".join(plain), 90, placeholder=" ...")


@contextmanager
def _store(context: typer.Context) -> Iterator[EventStore]:
    from optionix_core.storage.sqlite_store import open_store

    store = open_store(face_of(context).home.data)
    try:
        yield store
    finally:
        store.close()


@app.command()
def show(
    context: typer.Context,
    after: Annotated[int | None, typer.Option("--after", min=0, help="Start behind this sequence number.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many entries.")] = 100,
    type_: Annotated[
        str | None, typer.Option("--type", help="Only a type, or all below it: order.filled, order.")
    ] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """The last entries of the log, or those behind --after, oldest first. Decimals stay strings.

    Example: optionix log show --after 0 --limit 1000 --type order --format jsonl | jq .payload
    """
    from optionix_core.services import log

    with _store(context) as store:
        last_ones = after is None and type_ is None
        page = log.tail(store, limit) if last_ones else log.show(store, after or 0, limit, type_)
    document: dict[str, Any] = dict(log.to_json(page))
    cells = [(str(row.seq), f"{row.time:%Y-%m-%d %H:%M:%S}", row.type, _gist(row), row.hash[:12]) for row in page.rows]
    title = f"{len(page.rows)} of {page.head.seq} entries" if page.rows else "nothing to show"
    table = Table(("seq", "time (UTC)", "type", "what", "hash"), cells, title=title, left=frozenset({1, 2, 3, 4}))
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
    table = Table(("log", "head"), [(report.sentence, report.head.hash.hex()[:16])], left=frozenset({0, 1}))
    emit(chosen(format_, as_json), document, [document], table)
