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


FormatOption = Annotated[
    Format, typer.Option("--format", help="How to write the answer.", metavar="|".join(item.value for item in Format))
]
JsonOption = Annotated[bool, typer.Option("--json", help="The same as --format json.")]


@dataclass(frozen=True, slots=True)
class Table:
    """What a person reads: a line above, headings, rows of finished text."""

    headings: tuple[str, ...] = ()
    rows: Sequence[Sequence[str]] = ()
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
        from optionix_tui.cli.text_table import write_table

        write_table(table)


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
        # What is nested goes into its cell as JSON, and truth values as JSON spells them, so that a reader
        # can take the cell apart again.
        writer.writerow(
            {
                key: json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list, bool)) else value
                for key, value in record.items()
            }
        )


def _write_markdown(table: Table) -> None:
    if table.title:
        lines = table.title.splitlines()
        sys.stdout.write("\n".join((f"**{lines[0]}**", *lines[1:])) + "\n")
    if not table.headings:
        return
    if table.title:
        sys.stdout.write("\n")
    rules = [":--" if index in table.left else "--:" for index in range(len(table.headings))]
    for line in (table.headings, rules, *table.rows):
        sys.stdout.write("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n")
