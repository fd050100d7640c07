"""Lists of what was sent, one line each: orders and algorithms are laid out in the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from optionix_tui.cli.output import Format, Table, emit


class Column(NamedTuple):
    """One column: its heading, the field of a document or how its cell is written, and whether it is a number."""

    heading: str
    cell: str | Callable[[dict[str, Any]], str]
    number: bool = False


def listing(documents: Sequence[dict[str, Any]], columns: Sequence[Column], nothing: str) -> Table:
    """One line a document; `nothing` where there is none."""
    if not documents:
        return Table(title=nothing)
    rows = [tuple(_cell(document, column) for column in columns) for document in documents]
    left = frozenset(place for place, column in enumerate(columns) if not column.number)
    return Table(tuple(column.heading for column in columns), rows, left=left)


def emit_listing(
    format_: Format, name: str, documents: Sequence[dict[str, Any]], columns: Sequence[Column], nothing: str
) -> None:
    """The list in any format; as JSON under `name`."""
    emit(format_, {"schema_version": 1, name: documents}, documents, listing(documents, columns, nothing))


def _cell(document: dict[str, Any], column: Column) -> str:
    return str(document[column.cell]) if isinstance(column.cell, str) else column.cell(document)
