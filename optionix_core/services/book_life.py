"""What lies ahead of the book: expiries with their chances, dividends, early exercise, and a note for each position.

A note says the most pressing first: that an option expires today, what its holder has instructed, that a short one may
be assigned, that exercising early pays, that a dividend comes. Reading writes nothing but what bringing the venue up to
now writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from optionix_core.portfolio.deliverables import kind_of, underlying_of
from optionix_core.services import expiring
from optionix_core.services.settling import last_instruction

if TYPE_CHECKING:
    from datetime import date, datetime

    from optionix_core.portfolio.dividends import CashDividend
    from optionix_core.portfolio.exercise_instructions import Instruction
    from optionix_core.portfolio.expiry_calendar import ExpiryEntry
    from optionix_core.services.chain_view import ChainViewer
    from optionix_core.services.expiring import Calendar
    from optionix_core.services.workspace import Workspace

SOON: Final = 7
"""Calendar days within which a dividend is worth a note."""


@dataclass(frozen=True, slots=True)
class LifeCycle:
    """What lies ahead at one moment."""

    moment: datetime
    calendar: Calendar
    instructions: dict[str, Instruction]
    """The last of each option that one was given for, by symbol."""
    notes: dict[str, str]
    """By symbol, of positions that there is something to say of."""

    def entry(self, symbol: str) -> ExpiryEntry | None:
        """Of one option."""
        return next((one for one in self.calendar.entries if one.symbol == symbol), None)

    def dividend(self, symbol: str) -> CashDividend | None:
        """The next of a position's underlying; None where none is declared."""
        name = underlying_of(symbol)
        return next((one for one in self.calendar.dividends if one.symbol == name), None)


def life_cycle(workspace: Workspace, chains: ChainViewer | None = None) -> LifeCycle:
    """The workspace's account; `chains` as `expiring.calendar` takes it."""
    told = expiring.calendar(workspace, chains)
    instructions = {
        entry.symbol: instruction
        for entry in told.entries
        if (instruction := last_instruction(workspace.store, workspace.account, entry.symbol)) is not None
    }
    made = LifeCycle(told.moment, told, instructions, {})
    with workspace.desk.lock:
        state = workspace.desk.book.account(workspace.account)
    for position in () if state is None else state.positions:
        words = "; ".join(_words(made, position.symbol))
        if words:
            made.notes[position.symbol] = words
    return made


def _words(life: LifeCycle, symbol: str) -> list[str]:
    today, words = life.moment.date(), []
    dividend = life.dividend(symbol)
    if kind_of(symbol) != "option":
        return [] if dividend is None or not _is_near(dividend, today) else [_dividend_words(dividend)]
    entry = life.entry(symbol)
    if entry is None:
        return []
    if entry.settles_at.date() == today:
        words.append(f"expires today {entry.settles_at:%H:%M} UTC")
    instruction = life.instructions.get(symbol)
    if instruction is not None and entry.quantity > 0:
        words.append(f"instructed: {instruction.wish} {instruction.contracts}")
    if entry.before_dividend is not None and entry.before_dividend.exercise and dividend is not None:
        words.append(f"likely assigned before ex-date {dividend.ex_date:%d %b}")
    elif entry.quantity < 0 and entry.probability is not None and entry.probability >= 0.5:
        words.append(f"assignment risk {100 * entry.probability:.0f}%")
    advice = life.calendar.advice.get(symbol)
    if advice is not None and advice.exercise:
        words.append(f"early exercise pays {max(advice.gain, 0.0):.2f}")
    if dividend is not None and _is_near(dividend, today) and dividend.ex_date <= entry.settles_at.date():
        words.append(_dividend_words(dividend))
    return words


def _is_near(dividend: CashDividend, today: date) -> bool:
    return (dividend.ex_date - today).days <= SOON


def _dividend_words(dividend: CashDividend) -> str:
    return f"ex-dividend {dividend.per_share:f} on {dividend.ex_date:%d %b}"
