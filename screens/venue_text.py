"""What the terminal tells when time alone has changed the book. Pure: an update or fills in, notices out."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple

from optionix_core.market.symbols import terms
from optionix_core.portfolio.deliverables import label_of
from widgets import figures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from optionix_core.services.fill_news import FillNews
    from optionix_core.services.lifecycle import VenueUpdate

MOST_LINES = 6


class Notice(NamedTuple):
    """A notification."""

    title: str
    text: str
    loudness: Literal["information", "warning", "error"]


def update_notices(update: VenueUpdate, account: str) -> tuple[Notice, ...]:
    """What was settled, what could not be, and which orders were found interrupted; other accounts by name."""
    found = []
    if update.settled:
        cash = sum((value for _, _, value in update.settled), Decimal(0))
        lines = [
            f"{_named(symbol, owner, account)}: {'worthless' if value == 0 else figures.signed(value)}"
            for owner, symbol, value in update.settled
        ]
        found.append(Notice(f"Expired and settled, cash {figures.signed(cash)}", _lines(lines), "information"))
    if update.unsettled:
        lines = [f"{_named(one.symbol, one.account, account)}: {one.reason}" for one in update.unsettled]
        found.append(Notice("Expired, not settled", _lines(lines), "warning"))
    if update.interrupted:
        lines = [f"{order}: ended without a fill" for order in update.interrupted]
        found.append(Notice("Order interrupted by the end of its process", _lines(lines), "warning"))
    return tuple(found)


def fill_notices(news: Sequence[FillNews], account: str, opened_at: datetime) -> tuple[Notice, ...]:
    """Fills of orders that rest: those that came before the terminal was opened, and the others."""
    found = []
    for title, some in (
        ("Filled while the terminal was closed", [one for one in news if one.fill.filled_at < opened_at]),
        ("Filled", [one for one in news if one.fill.filled_at >= opened_at]),
    ):
        if some:
            lines = [_filled(one, account) for one in some]
            found.append(Notice(title, _lines(lines, "the orders (F7)"), "information"))
    return tuple(found)


def _filled(one: FillNews, account: str) -> str:
    intent, fill = one.intent, one.fill
    legs = ", ".join(f"{leg.ratio:+d} {label_of(leg.symbol)}" for leg in intent.legs)
    owner = "" if intent.account == account else f"{intent.account} "
    what = f"{owner}{intent.side.upper()} {fill.quantity} {legs or label_of(intent.symbol)}"
    return f"{what} at {fill.price:f}, fee {fill.fee:f}, {fill.filled_at:%d %b %H:%M:%S} UTC"


def _named(symbol: str, owner: str, account: str) -> str:
    name = terms(symbol).label
    return name if owner == account else f"{owner} {name}"


def _lines(lines: list[str], where: str = "the book (F5)") -> str:
    more = len(lines) - MOST_LINES
    return "\n".join([*lines[:MOST_LINES], *([f"and {more} more: see {where}"] if more > 0 else [])])
