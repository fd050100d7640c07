"""Columns and rows of the system screen: entries of the log, the facts of one, findings. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from widgets.grid_columns import Column, GridRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from optionix_core.services.doctor import Finding
    from optionix_core.services.log import LogPage, LogRow

GOOD, BAD, QUIET = 1, 2, 4
"""Flags of a row: as it should be; failed or wants to be seen; not set up."""
_MARKS = {"ok": "✓ ok", "not configured": "· not set", "attention": "! attention", "failed": "✗ failed"}
_FLAGS = {"ok": GOOD, "not configured": QUIET, "attention": BAD, "failed": BAD}


def _text(value: str | None) -> str:
    return value or ""


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


LOG_COLUMNS: tuple[Column, ...] = (
    Column("seq", "Seq", 9, _count, home=True),
    Column("time", "Time (UTC)", 19, _text, "left", rank=1, tone="muted"),
    Column("type", "Type", 22, _text, "left", tone="strong", words=True),
    Column("hash", "Hash", 12, _text, "left", rank=3, tone="faint"),
    Column("what", "What", 20, _text, "left", rank=2, words=True, grow=True),
)
EVENT_COLUMNS: tuple[Column, ...] = (
    Column("field", "Field", 18, _text, "left", tone="muted", words=True),
    Column("value", "Value", 20, _text, "left", words=True, grow=True, home=True),
)
FINDING_COLUMNS: tuple[Column, ...] = (
    Column("state", "State", 11, _text, "left"),
    Column("subject", "Subject", 9, _text, "left", tone="strong", home=True),
    Column("detail", "What", 20, _text, "left", words=True, grow=True),
)


def log_rows(page: LogPage) -> list[GridRow]:
    """The entries of a page, newest first."""
    from optionix_core.services.log import gist

    return [
        GridRow(row.seq, (row.seq, f"{row.time:%Y-%m-%d %H:%M:%S}", row.type, row.hash[:12], gist(row)))
        for row in reversed(page.rows)
    ]


def entry_rows(row: LogRow) -> list[GridRow]:
    """Every field of one entry, what is nested taken apart."""
    facts = [
        ("seq", f"{row.seq:,}"),
        ("time", f"{row.time:%Y-%m-%d %H:%M:%S.%f} UTC"),
        ("type", row.type),
        ("id", row.id),
        *_flat(row.payload),
        ("hash", row.hash),
    ]
    return [GridRow((place, name), (name, value)) for place, (name, value) in enumerate(facts)]


def _flat(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flat(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
        for place, item in enumerate(value):
            yield from _flat(item, f"{name}.{place + 1}")
    else:
        yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def finding_rows(findings: Sequence[Finding]) -> list[GridRow]:
    """A subject a row, with what to do where something is wrong."""
    return [
        GridRow(
            one.subject,
            (_MARKS[one.state], one.subject, f"{one.detail} ({one.remedy})" if one.remedy else one.detail),
            _FLAGS[one.state],
        )
        for one in findings
    ]


def style(column: Column, row: GridRow) -> tuple[str, str]:
    """Tones by state; the mark in front says the same."""
    if column.key == "state":
        return "cell", "up" if row.flags & GOOD else "warn" if row.flags & BAD else "muted"
    return "cell", column.tone
