"""What keys of the book do to the home, each answering in words. Run in threads of their own."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError
from screens.host import Draft

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optionix_core.portfolio.exercise_instructions import Wish
    from optionix_core.services.book_groups import BookPart
    from optionix_core.services.workspace import Workspace
    from screens.book_roll import RollWish


def counts_of(parts: Sequence[BookPart]) -> tuple[tuple[str, int], ...]:
    """Signed whole contracts by instrument. Raises InvalidValueError for what is no whole number, and for a claim."""
    from optionix_core.portfolio.deliverables import kind_of

    counts: dict[str, int] = {}
    for part in parts:
        if kind_of(part.line.symbol) == "claim":
            raise InvalidValueError("position", part.line.label, "an option or a share: cash in lieu is paid by itself")
        if part.quantity != part.quantity.to_integral_value():
            raise InvalidValueError("quantity", part.quantity, f"a whole number of {part.line.label}")
        counts[part.line.symbol] = counts.get(part.line.symbol, 0) + int(part.quantity)
    return tuple((symbol, count) for symbol, count in counts.items() if count)


def closing_draft(parts: Sequence[BookPart]) -> Draft:
    """The order that closes parts of the book, at what the touch costs where every leg has one.

    Raises what `counts_of` raises.
    """
    draft = Draft.of_legs((symbol, -count) for symbol, count in counts_of(parts))
    return priced(draft, parts)


def priced(draft: Draft, parts: Sequence[BookPart]) -> Draft:
    """The draft at its natural price now; as it is where a leg has no two-sided quote."""
    from dataclasses import replace

    from optionix_core.trading.combination import natural
    from optionix_core.trading.orders import Side

    quotes = {part.line.symbol: part.line.value.mark.quote for part in parts}
    if not draft.legs:
        quote = quotes.get(draft.symbol)
        touch = None if quote is None else (quote.ask if draft.side == "buy" else quote.bid)
        return replace(draft, limit_price=None if touch is None else Decimal(repr(touch)))
    known = {symbol: quote for symbol, quote in quotes.items() if quote is not None}
    if any(leg.symbol not in known for leg in draft.legs):
        return draft
    return replace(draft, limit_price=natural(Side(draft.side), draft.legs, known))


def roll_draft(workspace: Workspace, parts: Sequence[BookPart], wish: RollWish) -> Draft:
    """The order that rolls parts of the book. Raises what `rolls.legs_of` raises, and for more than is held."""
    from optionix_core.services import rolls

    counts = counts_of(parts)
    if wish.quantity is not None:
        if len(counts) != 1:
            raise InvalidValueError("quantity", wish.quantity, "left out for a group, which is rolled whole")
        symbol, held = counts[0]
        if wish.quantity > abs(held):
            raise InvalidValueError("quantity", wish.quantity, f"1 to {abs(held)}, which are held")
        counts = ((symbol, wish.quantity if held > 0 else -wish.quantity),)
    legs = rolls.legs_of(workspace.venue_feed, workspace.clock.now(), counts, wish.target)
    return Draft.of_legs(legs, wish.limit)


def instruct(workspace: Workspace, symbol: str, wish: Wish, contracts: int) -> str:
    """Say what is to be done at expiry."""
    from optionix_core.portfolio.deliverables import label_of
    from optionix_core.services import exercising

    told = exercising.instruct(workspace, symbol, wish, contracts)
    return f"at expiry: {told.wish} {told.contracts} {label_of(symbol)}"


def exercise_facts(workspace: Workspace, symbol: str) -> tuple[str, ...]:
    """What exercising all of a position now would move. Raises where it cannot be exercised."""
    from optionix_core.services import exercising

    tried = exercising.exercise(workspace, symbol, dry_run=True)
    facts = [
        f"{tried.delivery.shares:+f} {tried.delivery.symbol}, {tried.delivery.cash:+,.2f} {tried.delivery.currency}"
    ]
    facts += [f"{account} is assigned {count}" for account, count in tried.assigned]
    return tuple(facts)


def exercise(workspace: Workspace, symbol: str, act_id: str) -> str:
    """Exercise all of a position now; the same `act_id` is the same exercise."""
    from optionix_core.portfolio.deliverables import label_of
    from optionix_core.services import exercising

    done = exercising.exercise(workspace, symbol, None, act_id)
    moved = f"{done.delivery.shares:+f} {done.delivery.symbol}, {done.delivery.cash:+,.2f} {done.delivery.currency}"
    return f"exercised {done.contracts} {label_of(symbol)}: {moved}"


def note(workspace: Workspace, symbol: str, text: str, note_id: str) -> str:
    """Write a note on a position; the same `note_id` is the same note."""
    from optionix_core.services import journal

    made = journal.add(workspace, text, subject=journal.subject_of(position=symbol), note_id=note_id)
    return f"noted on {'' if made.subject is None else made.subject.words}"
