"""Reports as bytes: every format holds every cell, and words stay words."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.reporting.document import Column, Fact, Report, Section, Unit
from optionix_core.reporting.spelling import for_eyes
from optionix_core.reporting.writing import ReportFormat, write

HOSTILE = '</td><script>alert("1")</script>|a\nb & c'
REPORT = Report(
    kind="daily",
    title="Day report",
    account="paper-1",
    day=date(2026, 11, 20),
    since=datetime(2026, 11, 19, 21, tzinfo=UTC),
    as_of=datetime(2026, 11, 20, 21, tzinfo=UTC),
    complete=True,
    currency="USD",
    facts=(Fact("worth", "worth", Decimal("-1234.5"), Unit.MONEY), Fact("var", "VaR", None, Unit.MONEY, "no history")),
    sections=(
        Section("memo", "Memos", (Column("words", "words"), Column("n", "n", Unit.FIGURE)), ((HOSTILE, 0.25),)),
        Section("none", "None", (Column("a", "a"),), (), empty="nothing happened"),
    ),
)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - the parser's signature
        self.tags.append(tag)

    def handle_data(self, data):
        self.words.append(data)


def test_a_page_shows_hostile_words_as_words():
    page = _Page()
    page.feed(write(REPORT, ReportFormat.HTML))
    assert "script" not in page.tags
    assert HOSTILE in page.words
    assert "-1,234.50" in page.words
    assert "no data (no history)" in page.words
    assert "nothing happened." in page.words


def test_markdown_keeps_a_row_a_row():
    lines = write(REPORT, ReportFormat.MARKDOWN).splitlines()
    (row,) = [line for line in lines if "script" in line]
    assert row == '| </td><script>alert("1")</script>\\|a b & c | 0.25 |'


def test_programs_read_back_what_was_there():
    told = json.loads(write(REPORT, ReportFormat.JSON))
    assert told["facts"] == {"worth": "-1234.5", "var": None}
    assert told["notes"] == {"var": "no history"}
    assert told["sections"] == {"memo": [{"words": HOSTILE, "n": 0.25}], "none": []}
    cells = {
        (r["section"], r["column"]): r["value"] for r in csv.DictReader(io.StringIO(write(REPORT, ReportFormat.CSV)))
    }
    assert cells["memo", "words"] == HOSTILE
    assert cells["facts", "var"] == ""


@pytest.mark.parametrize(
    ("cell", "unit", "told"),
    [
        (Decimal("1234567.125"), Unit.MONEY, "1,234,567.125"),
        (Decimal("-0.5"), Unit.MONEY, "-0.50"),
        (Decimal(0), Unit.MONEY, "0.00"),
        (Decimal("19.55"), Unit.PRICE, "19.55"),
        (1234.5678, Unit.PRICE, "1,234.57"),
        (0.012345, Unit.PERCENT, "1.23%"),
        (0.012345, Unit.FIGURE, "0.01235"),
        (12345.678, Unit.FIGURE, "12,345.68"),
        (12, Unit.QUANTITY, "12"),
        (datetime(2026, 11, 20, 21, tzinfo=UTC), Unit.TIME, "2026-11-20 21:00:00"),
        (None, Unit.MONEY, "no data"),
    ],
)
def test_spelling_for_eyes(cell, unit, told):
    assert for_eyes(cell, unit) == told


def test_a_row_of_another_width_is_refused():
    with pytest.raises(InvalidValueError, match=r"cells of memo must be 1, one a column \(got 2 at row 0\)"):
        Section("memo", "Memos", (Column("a", "a"),), (("1", "2"),))
