"""A report as bytes: Markdown and HTML for eyes, JSON and CSV for programs. The same report gives the same bytes.

CSV is one table for all sections, a line a cell (section, row, column, value), so that reports of any shape can be
read by one program. HTML is one file without scripts or anything to fetch.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final
from xml.etree import ElementTree as ET

from optionix_core.reporting.document import Fact, Report, Section, Unit
from optionix_core.reporting.spelling import for_eyes, for_programs
from optionix_core.sync.canonical import time_text

SCHEMA_VERSION: Final = 1
_STYLE: Final = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #8884; text-align: left; vertical-align: top; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
.note { color: #777; }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #e6e6e6; } }
"""


class ReportFormat(StrEnum):
    """How a report is written."""

    HTML = "html"
    MARKDOWN = "md"
    CSV = "csv"
    JSON = "json"


def write(report: Report, kind: ReportFormat) -> str:
    """The whole report; ends in one newline."""
    return _WRITERS[kind](report)


def document(report: Report) -> dict[str, Any]:
    """The JSON form: facts by key, and each section as a list of objects."""
    return {
        "schema_version": SCHEMA_VERSION,
        "report": report.kind,
        "account": report.account,
        "date": report.day.isoformat(),
        "since": time_text(report.since),
        "as_of": time_text(report.as_of),
        "complete": report.complete,
        "currency": report.currency,
        "facts": {fact.key: for_programs(fact.value) for fact in report.facts},
        "notes": {key: note for key, note in _notes(report) if note},
        "sections": {section.key: _objects(section) for section in report.sections},
    }


def _notes(report: Report) -> Iterator[tuple[str, str]]:
    yield from ((fact.key, fact.note) for fact in report.facts)
    yield from ((section.key, section.note) for section in report.sections)


def _objects(section: Section) -> list[dict[str, Any]]:
    keys = [column.key for column in section.columns]
    return [dict(zip(keys, map(for_programs, row), strict=True)) for row in section.rows]


def _json(report: Report) -> str:
    return json.dumps(document(report), ensure_ascii=False, allow_nan=False) + "\n"


def _csv(report: Report) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("section", "row", "column", "value"))
    for name, value in (
        ("report", report.kind),
        ("account", report.account),
        ("date", report.day.isoformat()),
        ("since", time_text(report.since)),
        ("as_of", time_text(report.as_of)),
        ("complete", "true" if report.complete else "false"),
        ("currency", report.currency),
    ):
        writer.writerow(("report", 1, name, value))
    for fact in report.facts:
        writer.writerow(("facts", 1, fact.key, _plain(for_programs(fact.value))))
    for section in report.sections:
        for number, row in enumerate(section.rows, 1):
            for column, cell in zip(section.columns, row, strict=True):
                writer.writerow((section.key, number, column.key, _plain(for_programs(cell))))
    return out.getvalue()


def _plain(value: str | float | None) -> str:
    return "" if value is None else str(value)


def _scope(report: Report) -> str:
    state = "" if report.complete else ", the session not closed yet"
    return f"{report.account}, {report.since:%Y-%m-%d %H:%M} to {report.as_of:%Y-%m-%d %H:%M} UTC{state}"


def _markdown(report: Report) -> str:
    lines = [f"# {report.title}", "", _scope(report), ""]
    lines += _markdown_table(("", ""), (Unit.TEXT, Unit.MONEY), [(fact.title, _told(fact)) for fact in report.facts])
    for section in report.sections:
        lines += ["", f"## {section.title}", ""]
        if section.rows:
            units = tuple(column.unit for column in section.columns)
            rows = [tuple(map(for_eyes, row, units)) for row in section.rows]
            lines += _markdown_table(tuple(column.title for column in section.columns), units, rows)
        else:
            lines.append(f"{section.empty}.")
        if section.note:
            lines += ["", section.note]
    return "\n".join(lines) + "\n"


def _markdown_table(titles: tuple[str, ...], units: tuple[Unit, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    rules = tuple(":--" if unit in (Unit.TEXT, Unit.TIME) else "--:" for unit in units)
    escaped = [tuple(cell.replace("|", "\\|").replace("\n", " ") for cell in row) for row in (titles, rules, *rows)]
    return [f"| {' | '.join(row)} |" for row in escaped]


def _told(fact: Fact) -> str:
    value = for_eyes(fact.value, fact.unit)
    return f"{value} ({fact.note})" if fact.note else value


def _html(report: Report) -> str:
    page = ET.Element("html", lang="en")
    head = ET.SubElement(page, "head")
    ET.SubElement(head, "meta", charset="utf-8")
    ET.SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _text(head, "title", f"{report.title}, {report.account}")
    _text(head, "style", _STYLE)
    body = ET.SubElement(page, "body")
    _text(body, "h1", report.title)
    _text(body, "p", _scope(report))
    facts = [(fact.title, _told(fact)) for fact in report.facts]
    _html_table(body, (), (Unit.TEXT, Unit.MONEY), facts)
    for section in report.sections:
        _text(body, "h2", section.title)
        if section.rows:
            units = tuple(column.unit for column in section.columns)
            rows = [tuple(map(for_eyes, row, units)) for row in section.rows]
            _html_table(body, tuple(column.title for column in section.columns), units, rows)
        else:
            _text(body, "p", f"{section.empty}.")
        if section.note:
            _text(body, "p", section.note).set("class", "note")
    ET.indent(page, " ")
    return "<!doctype html>\n" + ET.tostring(page, encoding="unicode", method="html") + "\n"


def _html_table(
    parent: ET.Element, titles: tuple[str, ...], units: tuple[Unit, ...], rows: Sequence[tuple[str, ...]]
) -> None:
    table = ET.SubElement(parent, "table")
    for tag, cells in (*((("th", titles),) if titles else ()), *(("td", row) for row in rows)):
        line = ET.SubElement(table, "tr")
        for cell, unit in zip(cells, units, strict=True):
            element = _text(line, tag, cell)
            if unit not in (Unit.TEXT, Unit.TIME):
                element.set("class", "number")


def _text(parent: ET.Element, tag: str, words: str) -> ET.Element:
    element = ET.SubElement(parent, tag)
    element.text = words
    return element


_WRITERS: Final[Mapping[ReportFormat, Callable[[Report], str]]] = {
    ReportFormat.HTML: _html,
    ReportFormat.MARKDOWN: _markdown,
    ReportFormat.CSV: _csv,
    ReportFormat.JSON: _json,
}
