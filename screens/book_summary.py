"""The lines of the book: the account, why it gained or lost, and what lies ahead. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.book_tables import CENT
from widgets import figures
from widgets.info_line import Piece

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.book_life import LifeCycle
    from optionix_core.services.book_standing import BookStanding
    from optionix_core.services.book_view import BookView
    from optionix_core.services.day_explained import SpanExplained


def account_pieces(view: BookView, standing: BookStanding | None) -> tuple[Piece, ...]:
    """The account in one line; a day P&L that cannot be told says why."""
    report = view.report
    state = report.state
    pieces = [
        Piece("NLV", "muted", 0), Piece(figures.money(report.nlv), "strong", 0, joined=True),
        Piece("cash", "muted", 1), Piece(figures.money(state.cash), "plain", 1, joined=True),
        Piece("BP", "muted", 2), Piece(figures.money(report.buying_power), "plain", 2, joined=True),
        *_margin(standing),
        Piece("positions", "muted", 4), Piece(figures.money(report.positions_value), "plain", 4, joined=True),
    ]  # fmt: skip
    for label, amount, rank in (
        ("day", report.day_pnl, 0),
        ("unrealised", report.unrealised_pnl, 3),
        ("realised", state.realised_pnl, 4),
    ):
        pieces += [Piece(label, "muted", rank), Piece(_signed(amount), _tone(amount), rank, joined=True)]
    pieces += [Piece("fees", "muted", 5), Piece(figures.money(state.fees), "plain", 5, joined=True)]
    if not report.opened:
        pieces.append(Piece("opens with its first order", "muted", 6))
    if report.unmarked:
        pieces.append(Piece(f"{len(report.unmarked)} without a mark", "warn", 0))
    if report.day_reason is not None:
        pieces.append(Piece(f"day: {report.day_reason}", "warn", 6))
    return tuple(pieces)


def _margin(standing: BookStanding | None) -> tuple[Piece, ...]:
    label = Piece("margin", "muted", 3)
    if standing is None:
        return (label, Piece("computing", "muted", 3, joined=True))
    if standing.margin is None:
        return (label, Piece("no data", "warn", 3, joined=True))
    return (label, Piece(figures.money(standing.margin), "plain", 3, joined=True))


def explained_pieces(standing: BookStanding | None, *, running: bool, now: datetime) -> tuple[Piece, ...]:
    """`since 25 Nov 21:00 +482.20 = Δ +610.00 Γ -40.10 ...`, or why nothing is explained."""
    if standing is None:
        words = "explaining the profit and loss" if running else "the profit and loss is not explained yet"
        return (Piece("◌" if running else "·", "chip", 0), Piece(words, "muted", 0))
    told = standing.explained
    if told is None:
        return (Piece("P&L not explained:", "warn", 0), Piece(standing.explained_reason or "", "warn", 0, joined=True))
    actual = told.total["actual"]
    pieces = [Piece(span_words(told), "muted"), Piece(figures.signed(actual), _tone(actual), joined=True)]
    ranked = sorted(told.parts, key=lambda part: -abs(part.amount))
    shown = [part for part in told.parts if abs(part.amount) >= CENT / 2]
    for place, part in enumerate(shown):
        rank = 1 if place == 0 else 1 + ranked.index(part) // 2
        equals = () if place else (Piece("=", "muted", rank),)
        pieces += [*equals, Piece(part.name, "muted", rank, joined=place == 0)]
        pieces.append(Piece(figures.signed(part.amount), _tone(part.amount), rank, joined=True))
    if not shown:
        pieces.append(Piece("no part of it moved", "muted", 1))
    if told.left_out:
        pieces.append(Piece(f"{len(told.left_out)} left out", "warn", 1))
    age = (now - standing.moment).total_seconds()
    if age >= 60:
        pieces.append(Piece(f"{figures.age(age)} old", "muted", 7))
    return tuple(pieces)


def span_words(told: SpanExplained) -> str:
    """Of which stretch: `since 25 Nov 21:00`, `24 Nov 21:00 to 25 Nov 21:00`."""
    if str(told.span) == "today":
        return f"since {told.start:%d %b %H:%M}"
    return f"{told.start:%d %b %H:%M} to {told.end:%d %b %H:%M}"


def ahead_pieces(life: LifeCycle | None, here: str = "", note: str = "") -> tuple[Piece, ...]:
    """What lies ahead, the most pressing first; before it the note of what is under the cursor, `here`."""
    from optionix_core.portfolio.deliverables import label_of

    if life is None:
        return (Piece("ahead", "muted", 0), Piece("reading the calendar", "muted", 0, joined=True))
    pieces = [Piece(here, "strong", 0), Piece(note, "warn", 0, joined=True)] if note else []
    pieces.append(Piece("ahead", "muted", 1 if note else 0))
    entries = life.calendar.entries
    if entries:
        first = entries[0]
        count = sum(one.settles_at == first.settles_at for one in entries)
        many = " settles" if count == 1 else f" and {count - 1} more settle"
        words = f"{first.settles_at:%d %b %H:%M} {label_of(first.symbol)}{many}"
        pieces.append(Piece(words, "plain", joined=True))
    for rank, (symbol, words) in enumerate(life.notes.items(), 1):
        pieces += [Piece("·", "muted", rank), Piece(f"{label_of(symbol)} {words}", "warn", rank, joined=True)]
    if life.calendar.dividends:
        one = life.calendar.dividends[0]
        pieces.append(Piece(f"{one.symbol} ex {one.per_share:f} on {one.ex_date:%d %b}", "plain", 1))
    elif entries:
        pieces.append(Piece("no dividend declared", "muted", 9))
    else:
        pieces.append(Piece("nothing that is held expires", "muted", joined=True))
    return tuple(pieces)


def _signed(value: object) -> str:
    return figures.ABSENT if value is None else figures.signed(value)  # type: ignore[arg-type] # a number


def _tone(value: object) -> str:
    return "muted" if not value else "up" if value > 0 else "down"  # type: ignore[operator] # a number
