"""Rows of a ticket's preview: a label, and what is told, which goes on under itself where the line is short. Pure."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content

if TYPE_CHECKING:
    from collections.abc import Iterable

LABEL = 12
_GAP = "   "


class Row(NamedTuple):
    """One row."""

    label: str
    text: str
    """Parts with three blanks between them are kept together where they fit into a line."""
    tone: str = ""
    detail: str = ""
    """Quiet words behind."""


def laid(rows: Iterable[Row], width: int) -> Content:
    """The rows in `width` cells; nothing is cut."""
    room = max(width - LABEL, 12)
    lines: list[Content] = []
    for row in rows:
        texts = _wrapped(row.text, room)
        for place, text in enumerate(texts):
            label = row.label if not place else ""
            lines.append(Content.assemble((f"{label:<{LABEL}}", "$muted"), (text, row.tone)))
        if not row.detail:
            continue
        if len(texts[-1]) + 2 + len(row.detail) <= room:
            lines[-1] = Content.assemble(lines[-1], (f"  {row.detail}", "$muted"))
        else:
            lines += [Content.styled(" " * (LABEL + 2) + text, "$muted") for text in _wrapped(row.detail, room - 2)]
    return Content("\n").join(lines)


def _wrapped(text: str, room: int) -> list[str]:
    lines: list[str] = []
    for part in text.split(_GAP):
        if lines and len(lines[-1]) + len(_GAP) + len(part) <= room:
            lines[-1] += _GAP + part
        else:
            lines += textwrap.wrap(part, room) or [""]
    return lines
