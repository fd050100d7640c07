"""What the terminal tells when time alone has changed the book. Pure: an update in, notices out."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple

from optionix_core.market.symbols import terms
from widgets import figures

if TYPE_CHECKING:
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


def _named(symbol: str, owner: str, account: str) -> str:
    name = terms(symbol).label
    return name if owner == account else f"{owner} {name}"


def _lines(lines: list[str]) -> str:
    more = len(lines) - MOST_LINES
    return "\n".join([*lines[:MOST_LINES], *([f"and {more} more: see the book (F5)"] if more > 0 else [])])
