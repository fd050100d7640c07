"""The tables beside the positions: P&L explained, what lies ahead, the story of a position, lots and ledger. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.portfolio.deliverables import label_of
from widgets import figures
from widgets.grid_columns import Column, GridRow

if TYPE_CHECKING:
    from optionix_core.portfolio.values import ClosedLot, LedgerEntry
    from optionix_core.services.book_groups import BookPart
    from optionix_core.services.book_life import LifeCycle
    from optionix_core.services.book_view import BookLine
    from optionix_core.services.day_explained import SpanExplained
    from optionix_core.services.position_story import StoryLine

TOTAL: Final = 1
CENT: Final = 0.01
BAR_HALF: Final = 9
"""Cells of the longest bar on either side of the middle."""


def _text(value: str | None) -> str:
    return value or ""


def _amount(value: Decimal | float | None) -> str:
    return figures.ABSENT if value is None else figures.signed(value)


def _maybe(value: Decimal | float | None) -> str:
    return "" if value is None else figures.signed(value)


def _quantity(value: Decimal | None) -> str:
    return "" if value is None else f"{value:+,.0f}" if value == value.to_integral_value() else f"{value:+,f}"


def _bar(share: float | None) -> str:
    """A bar to the left of the middle for a loss, to the right for a gain; `share` of the largest part."""
    if share is None:
        return ""
    cells = min(round(abs(share) * BAR_HALF), BAR_HALF)
    left = ("█" * cells).rjust(BAR_HALF) if share < 0 else " " * BAR_HALF
    return f"{left}│{'█' * cells if share > 0 else ''}"


def _per_cent(value: float | None) -> str:
    return figures.ABSENT if value is None else f"{100 * value:.1f}%"


def _few(value: float | None) -> str:
    return "" if value is None or value < 0.05 else f"{value:.1f}"


EXPLAINED_COLUMNS: Final[tuple[Column, ...]] = (
    Column("part", "Part", 7, _text, "left", tone="strong"),
    Column("book", "Book", 10, _amount, home=True),
    Column("here", "Here", 10, _maybe, rank=1),
    Column("bar", "", 2 * BAR_HALF + 1, _bar, "left", rank=2, grow=True),
)
CALENDAR_COLUMNS: Final[tuple[Column, ...]] = (
    Column("settles", "Settles UTC", 12, _text, "left", tone="muted"),
    Column("label", "What", 21, _text, "left", tone="strong", words=True),
    Column("quantity", "Qty", 4, _quantity, rank=1),
    Column("probability", "ITM", 6, _per_cent, home=True),
    Column("assigned", "Asgd", 4, _few, rank=2),
    Column("early", "Early", 6, _maybe, rank=3),
    Column("note", "Note", 18, _text, "left", rank=4, tone="warn", grow=True, words=True),
)
DETAIL_COLUMNS: Final[tuple[Column, ...]] = (
    Column("time", "Time UTC", 16, _text, "left", tone="muted"),
    Column("kind", "Kind", 8, _text, "left", rank=2),
    Column("quantity", "Qty", 5, _quantity, tone="strong"),
    Column("cash", "Cash", 11, _maybe, rank=1),
    Column("words", "What", 20, _text, "left", home=True, grow=True, words=True),
)
LOT_COLUMNS: Final[tuple[Column, ...]] = (
    Column("opened", "Opened UTC", 16, _text, "left", tone="muted"),
    Column("label", "Instrument", 21, _text, "left", tone="strong", words=True),
    Column("quantity", "Qty", 5, _quantity),
    Column("cost", "Cost", 11, _amount, home=True),
    Column("state", "State", 16, _text, "left", rank=1, words=True),
    Column("pnl", "P&L", 10, _amount, rank=2),
    Column("lot", "Lot", 24, _text, "left", rank=3, tone="muted", grow=True, words=True),
)
LEDGER_COLUMNS: Final[tuple[Column, ...]] = (
    Column("time", "Time UTC", 19, _text, "left", tone="muted"),
    Column("kind", "Kind", 10, _text, "left", rank=2),
    Column("cash", "Cash", 12, _amount, tone="strong"),
    Column("memo", "Entry", 40, _text, "left", rank=1, home=True, grow=True, words=True),
    Column("postings", "Postings", 60, _text, "left", rank=3, tone="muted", grow=True, words=True),
)
_GAINS: Final = frozenset({"book", "here", "bar", "cash", "pnl"})


def table_style(column: Column, row: GridRow, columns: Sequence[Column]) -> tuple[str, str]:
    """Gains and losses are coloured beside their sign; a total stands out."""
    ground = "money" if row.flags & TOTAL else "cell"
    if column.key in _GAINS:
        value = row.cells[next(i for i, one in enumerate(columns) if one.key == column.key)]
        if value:
            return ground, "up" if value > 0 else "down"
    return ground, "strong" if row.flags & TOTAL else column.tone


def explained_rows(told: SpanExplained | None, here: Mapping[str, float] | None) -> list[GridRow]:
    """Parts of half a cent or more under their short names, then all of it; `here`: of what is under the cursor."""
    from optionix_core.services.day_explained import short

    if told is None:
        return []
    own = {} if here is None else dict(short(here))
    largest = max((abs(part.amount) for part in told.parts), default=0.0)
    rows = [
        GridRow(part.name, (part.name, part.amount, own.get(part.name), part.amount / largest if largest else 0.0))
        for part in told.parts
        if max(abs(part.amount), abs(own.get(part.name, 0.0))) >= CENT / 2
    ]
    actual = None if here is None else here["actual"]
    return [*rows, GridRow("all", ("all", told.total["actual"], actual, None), TOTAL)]


def here_of(told: SpanExplained | None, parts: Iterable[BookPart]) -> dict[str, float] | None:
    """The explained parts of some of the positions, each by its share of the position; None where none is told."""
    if told is None:
        return None
    found: dict[str, float] = {}
    for part in parts:
        own = told.by_position.get(part.line.symbol)
        if own is not None:
            share = float(part.quantity / part.line.value.position.quantity)
            for name, value in own.items():
                found[name] = found.get(name, 0.0) + share * value
    return found or None


def calendar_rows(life: LifeCycle | None) -> list[GridRow]:
    """Options by their end and dividends by their ex-date, the nearest first."""
    if life is None:
        return []
    rows = []
    for entry in life.calendar.entries:
        advice = life.calendar.advice.get(entry.symbol)
        note = life.notes.get(entry.symbol) or life.calendar.reasons.get(entry.symbol) or ""
        rows.append(
            (
                f"{entry.settles_at:%Y-%m-%d %H:%M}",
                GridRow(
                    entry.symbol,
                    (
                        moment_words(entry.settles_at, life.moment), label_of(entry.symbol), entry.quantity,
                        entry.probability, entry.expected_assigned, None if advice is None else advice.gain, note,
                    ),
                ),
            )
        )  # fmt: skip
    for dividend in life.calendar.dividends:
        words = f"{dividend.symbol} ex-dividend"
        note = f"{dividend.per_share:f} {dividend.currency} a share, paid {dividend.pay_date:%d %b %y}"
        cells = (f"{dividend.ex_date:%d %b %y}", words, None, None, None, None, note)
        rows.append((f"{dividend.ex_date:%Y-%m-%d}", GridRow(dividend.id, cells)))
    return [row for _, row in sorted(rows, key=lambda one: one[0])]


def detail_rows(lines: Sequence[StoryLine], *, several: bool) -> list[GridRow]:
    """What happened, newest first; with the instrument before it where the story is of several."""
    rows = []
    for number, line in enumerate(lines):
        words = " ".join(line.words.split())
        if several and line.symbol:
            words = f"{label_of(line.symbol)}: {words}"
        cells = (f"{line.time:%Y-%m-%d %H:%M}", line.kind, line.quantity, line.cash, words)
        rows.append(GridRow((line.id, line.symbol, number), cells))
    return rows


def lot_rows(lines: Iterable[BookLine], closed: Sequence[ClosedLot]) -> list[GridRow]:
    """Open lots with their P&L at the mark, then closed ones with what they brought, each the newest first."""
    rows = []
    opened = sorted(
        ((lot, line) for line in lines for lot in line.value.position.lots),
        key=lambda pair: (pair[0].opened_at, pair[0].id),
        reverse=True,
    )
    for number, (lot, line) in enumerate(opened):
        cells = (
            f"{lot.opened_at:%Y-%m-%d %H:%M}", line.label, lot.quantity, lot.cost, "open",
            lot_pnl(line, lot.quantity, lot.cost), lot.id,
        )  # fmt: skip
        rows.append(GridRow(("open", lot.id, line.symbol, number), cells))
    for number, one in enumerate(reversed(closed)):
        cells = (
            f"{one.opened_at:%Y-%m-%d %H:%M}", label_of(one.symbol), one.quantity, one.cost,
            f"closed {one.closed_at:%d %b %H:%M}", one.proceeds - one.cost, one.lot,
        )  # fmt: skip
        rows.append(GridRow(("closed", one.lot, one.symbol, number), cells))
    return rows


def lot_pnl(line: BookLine, quantity: Decimal, cost: Decimal) -> Decimal | None:
    """Of a lot at the position's mark, fees excluded; None without a mark."""
    value, held = line.value.market_value, line.value.position.quantity
    return None if value is None else quantity * (value / held) - cost


def ledger_rows(entries: Sequence[LedgerEntry], currency: str) -> list[GridRow]:
    """The newest entries first; cash is what the entry moved on the account's own cash."""
    rows = []
    for entry in entries:
        cash = sum(
            (leg.amount for leg in entry.postings if leg.commodity == currency and leg.account.endswith(":cash")),
            Decimal(0),
        )
        legs = "  ".join(f"{leg.account} {leg.amount:+f} {leg.commodity.strip()}" for leg in entry.postings)
        rows.append(GridRow(entry.id, (f"{entry.time:%Y-%m-%d %H:%M:%S}", entry.kind, cash, entry.memo, legs)))
    return rows


def moment_words(moment: datetime, now: datetime) -> str:
    """`27 Nov 18:00`; of another year `15 Jan 27`."""
    return f"{moment:%d %b %H:%M}" if moment.year == now.year else f"{moment:%d %b %y}"
