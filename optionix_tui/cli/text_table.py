"""Tables for eyes in plain text: columns in line, numbers to the right, no line longer than the terminal.

Drawn here rather than by rich, whose import takes longer than most commands. In a pipe nothing is cut.
"""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata

from optionix_tui.cli.output import Table

_GAP = "  "
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def write_table(table: Table) -> None:
    """Write title, headings and rows to stdout; in a terminal bold headings, and rows cut at its edge."""
    at_terminal = sys.stdout.isatty()
    room = shutil.get_terminal_size().columns if at_terminal else None
    styled = at_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") not in (None, "dumb")
    if table.title:
        sys.stdout.write(table.title + "\n")
    if not table.headings:
        return
    widths = [max(width(row[column]) for row in (table.headings, *table.rows)) for column in range(len(table.headings))]
    for index, row in enumerate((table.headings, *table.rows)):
        cells = [_set(cell, widths[column], left=column in table.left) for column, cell in enumerate(row)]
        line = cut(_GAP.join(cells).rstrip(), room)
        if line or index:
            sys.stdout.write(f"{_BOLD}{line}{_PLAIN}\n" if styled and index == 0 else f"{line}\n")


def width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def cut(line: str, room: int | None) -> str:
    """The line, with an ellipsis at its end where it does not fit; whole where there is no edge."""
    if room is None or width(line) <= room:
        return line
    kept = line[:room]
    while kept and width(kept) > room - 1:
        kept = kept[:-1]
    return kept + "…"


def _set(cell: str, columns: int, *, left: bool) -> str:
    blanks = " " * (columns - width(cell))
    return cell + blanks if left else blanks + cell
