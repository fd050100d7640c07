"""How a command prints its answer: one document, five formats, data on stdout only.

JSON, JSON Lines and CSV carry natural units (fractions, per year); tables and Markdown carry the
market units that a person reads. The caller hands in both forms.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer


class Format(StrEnum):
    """How the answer is written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MARKDOWN = "md"


FormatOption = Annotated[Format, typer.Option("--format", help="How to write the answer.", rich_help_panel="Output")]
JsonOption = Annotated[bool, typer.Option("--json", help="The same as --format json.", rich_help_panel="Output")]


@dataclass(frozen=True, slots=True)
class Table:
    """What a person reads: headings, rows of finished text, and a line above."""

    headings: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    title: str = ""
    left: frozenset[int] = frozenset({0})
    """Columns that are words, set to the left; the others are numbers."""


def chosen(format_: Format, as_json: bool) -> Format:
    """`--json` wins over `--format`."""
    return Format.JSON if as_json else format_


def emit(
    format_: Format,
    document: Mapping[str, Any],
    records: Sequence[Mapping[str, Any]],
    table: Table,
) -> None:
    """Write the answer to stdout.

    `document` is the JSON form; `records` its flat rows (JSON Lines, CSV); `table` the form for eyes.
    """
    if format_ is Format.JSON:
        write_json(document)
    elif format_ is Format.JSONL:
        for record in records:
            write_json(record)
    elif format_ is Format.CSV:
        _write_csv(records)
    elif format_ is Format.MARKDOWN:
        _write_markdown(table)
    else:
        _write_table(table)


def write_json(document: Mapping[str, Any]) -> None:
    """One line of JSON; a float that JSON cannot carry is a programming error, not a NaN in the output."""
    import json

    sys.stdout.write(json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n")


def say(words: str) -> None:
    """A remark for a person: on stderr, so that pipes stay clean."""
    sys.stderr.write(words + "\n")


def _write_csv(records: Sequence[Mapping[str, Any]]) -> None:
    import csv
    import json

    if not records:
        return
    writer = csv.DictWriter(sys.stdout, fieldnames=list(records[0]), lineterminator="\n")
    writer.writeheader()
    for record in records:
        # What is nested goes into its cell as JSON, so that a reader can take it apart again.
        writer.writerow(
            {key: json.dumps(value) if isinstance(value, (dict, list)) else value for key, value in record.items()}
        )


def _write_markdown(table: Table) -> None:
    rules = [":--" if index in table.left else "--:" for index in range(len(table.headings))]
    lines = [table.headings, rules, *table.rows]
    if table.title:
        sys.stdout.write(f"**{table.title}**\n\n")
    for line in lines:
        sys.stdout.write("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n")


def _write_table(table: Table) -> None:
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        # A pipe has no width of its own: never wrap or cut a number there.
        console = Console(file=sys.stdout, highlight=False, width=10_000, no_color=True)
    grid = RichTable(box=None, pad_edge=False, header_style="bold")
    for index, heading in enumerate(table.headings):
        grid.add_column(Text(heading), justify="left" if index in table.left else "right", no_wrap=True)
    for row in table.rows:
        grid.add_row(*(Text(cell) for cell in row))
    if table.title:
        console.print(Text(table.title, style="bold"))
    console.print(grid)
