"""Entries of corporate actions: positions that change shape while their cost, their dates and their lots' names stay.

Nothing is realised by a split or a new symbol. Shares that come out as a fraction are rounded towards zero for the
account as a whole; the fraction becomes a claim, counted in parts of a share (2 of 3), with its share of the cost, and
is closed by the cash that is paid in lieu. Refuses fractions of options, and fractions of shares to begin with.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio.corporate_actions import OptionAdjustment
from optionix_core.portfolio.currency_units import rounded
from optionix_core.portfolio.deliverables import CLAIM
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.ledger import checked
from optionix_core.portfolio.lots import share
from optionix_core.portfolio.values import LedgerEntry, Lot, Move, Position, Posting


def claim_symbol(symbol: str, action_id: str) -> str:
    """The key under which the fraction of an action is held until it is paid."""
    return f"{CLAIM}{symbol}/{action_id}"


def option_entry(position: Position, adjustment: OptionAdjustment, action_id: str, time: datetime) -> LedgerEntry:
    """A position in an option becomes one in the adjusted option."""
    if position.symbol != adjustment.symbol:
        raise InvalidValueError("symbol", position.symbol, f"{adjustment.symbol}, which is adjusted")
    if adjustment.symbol == adjustment.new_symbol:
        raise InvalidValueError("new_symbol", adjustment.new_symbol, "another than before")
    with exact_arithmetic():
        lots = tuple(Lot(lot.quantity * adjustment.contracts, lot.cost, lot.opened_at, lot.id) for lot in position.lots)
    memo = f"{position.symbol} became {adjustment.contracts} of {adjustment.new_symbol} each"
    return _reshaped(position, adjustment.new_symbol, lots, None, memo, action_id, time)


def share_split_entry(
    position: Position, new: int, old: int, action_id: str, time: datetime, new_symbol: str | None = None
) -> LedgerEntry:
    """A position in shares after a split of `new` for `old`, under `new_symbol` where it changes too."""
    name = position.symbol if new_symbol is None else new_symbol
    for field, number in (("new", new), ("old", old)):
        if isinstance(number, bool) or number < 1:
            raise InvalidValueError(field, number, "a whole number above 0")
    if new == old and name == position.symbol:
        raise InvalidValueError("split", f"{new} for {old}", "a change")
    if position.quantity != position.quantity.to_integral_value():
        raise InvalidValueError("quantity", position.quantity, "whole shares")
    parts = int(position.quantity.copy_abs()) * new
    whole, left = divmod(parts, old)
    sign = -1 if position.quantity < 0 else 1
    with exact_arithmetic():
        claim_cost = share(position.cost, Decimal(left), Decimal(parts)) if left else ZERO
        lots = _spread(position, whole * sign, Fraction(new, old), position.cost - claim_cost)
        claim = (
            Lot(Decimal(left * sign), claim_cost, position.lots[0].opened_at, f"corporate-action/{action_id}")
            if left
            else None
        )
    words = f", and {left}/{old} of a share to be paid in cash" if left else ""
    memo = f"{decimal_text(position.quantity)} {position.symbol} became {whole * sign} {name}{words}"
    return _reshaped(position, name, lots, claim, memo, action_id, time)


def symbol_change_entry(position: Position, new_symbol: str, action_id: str, time: datetime) -> LedgerEntry:
    """The same shares under another symbol."""
    return share_split_entry(position, 1, 1, action_id, time, new_symbol)


def cash_in_lieu_entry(claim: Position, parts_of: int, price: Decimal, action_id: str, time: datetime) -> LedgerEntry:
    """The claim of a split is paid at `price` a share; `parts_of` is the split's `old`, in whose parts it counts.

    The amount is rounded once to the currency's unit; what it brings beyond its cost is realised.
    """
    if not price.is_finite() or price <= 0:
        raise InvalidValueError("price", price, "finite and above 0")
    if not claim.symbol.startswith(CLAIM):
        raise InvalidValueError("symbol", claim.symbol, "a claim to cash in lieu")
    amount = rounded(Fraction(claim.quantity) * Fraction(price) / parts_of, claim.currency)
    memo = f"cash in lieu of {decimal_text(claim.quantity)}/{parts_of} of a share at {decimal_text(price)}"
    account, other = claim.account, f"corporate:{action_id}"
    postings = [
        Posting(f"{account}:positions", claim.symbol, claim.quantity.copy_negate()),
        Posting(other, claim.symbol, claim.quantity),
    ]
    if amount:
        postings += [
            Posting(f"{account}:cash", claim.currency, amount),
            Posting(other, claim.currency, amount.copy_negate()),
        ]
    return checked(
        LedgerEntry(
            f"corporate-action/{action_id}/{account}/{claim.symbol}/paid",
            time,
            "corporate-action",
            account,
            memo,
            tuple(postings),
            f"corporate-action/{action_id}",
        )
    )


def _spread(position: Position, whole: int, ratio: Fraction, cost: Decimal) -> tuple[Lot, ...]:
    """`whole` shares over the lots by size, largest remainders first; their costs likewise, adding up to `cost`."""
    if not whole:
        return ()
    scaled = [Fraction(lot.quantity) * ratio for lot in position.lots]
    counts = [int(item) for item in scaled]
    step = 1 if whole > 0 else -1
    order = sorted(range(len(scaled)), key=lambda row: (-abs(scaled[row] - counts[row]), row))
    for row in order[: abs(whole - sum(counts))]:
        counts[row] += step
    lots = []
    left = cost
    spread = sum((lot.cost for lot, count in zip(position.lots, counts, strict=True) if count), ZERO)
    last = max(row for row, count in enumerate(counts) if count)
    for row, (lot, count) in enumerate(zip(position.lots, counts, strict=True)):
        if not count:
            continue
        part = left if row == last else share(cost, lot.cost, spread) if spread else ZERO
        lots.append(Lot(Decimal(count), part, lot.opened_at, lot.id))
        left -= part
    return tuple(lots)


def _reshaped(
    position: Position,
    symbol: str,
    lots: tuple[Lot, ...],
    claim: Lot | None,
    memo: str,
    action_id: str,
    time: datetime,
) -> LedgerEntry:
    """Everything out at its cost, `lots` in under `symbol`, and the claim to what is left over."""
    account, other, currency = position.account, f"corporate:{action_id}", position.currency
    moves = [
        Move(position.symbol, position.quantity.copy_negate(), position.cost.copy_negate(), currency, carried=True)
    ]
    came = [(symbol, lots), (claim_symbol(symbol, action_id), () if claim is None else (claim,))]
    with exact_arithmetic():
        for name, items in came:
            if items:
                quantity = sum((lot.quantity for lot in items), ZERO)
                cost = sum((lot.cost for lot in items), ZERO)
                moves.append(Move(name, quantity, cost, currency, opens=items, carried=True))
        sums: dict[str, Decimal] = {}
        for move in moves:
            sums[move.symbol] = sums.get(move.symbol, ZERO) + move.quantity
    postings = [
        posting
        for name, amount in sums.items()
        if amount
        for posting in (Posting(f"{account}:positions", name, amount), Posting(other, name, amount.copy_negate()))
    ]
    return checked(
        LedgerEntry(
            f"corporate-action/{action_id}/{account}/{position.symbol}",
            time,
            "corporate-action",
            account,
            memo,
            tuple(postings),
            f"corporate-action/{action_id}",
            tuple(moves),
        )
    )
