"""Transfers between accounts: cash, or positions with their cost, their dates and the names of their lots.

A transfer is two entries, out of one account and into another, through an account of its own that is empty once both
are there; they belong in one transaction. Nothing is realised by leaving. Refuses to move between venues (simulated
money never becomes real, nor the other way), and more than there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from optionix_core.errors import InvalidValueError, RefusedError
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.ledger import checked
from optionix_core.portfolio.lots import leave_lots
from optionix_core.portfolio.values import AccountState, LedgerEntry, LotMethod, LotPick, Move, Position, Posting

Transfer = tuple[LedgerEntry, LedgerEntry]
"""The entry out, the entry in."""


def transit(transfer_id: str) -> str:
    """The ledger account of a transfer; nothing is in it once both entries are posted."""
    return f"transit:{transfer_id}"


def cash_transfer(
    transfer_id: str, source: AccountState, target: AccountState, currency: str, amount: Decimal, time: datetime
) -> Transfer:
    """`amount`, above zero and at most the cash that the source has, from account to account."""
    _check_accounts(source, target)
    held = dict(source.cash_by_currency).get(currency, ZERO)
    if not amount.is_finite() or not ZERO < amount <= held:
        raise InvalidValueError("amount", amount, f"above 0 and at most the {decimal_text(held)} {currency} held")
    memo = f"transfer of {decimal_text(amount)} {currency} from {source.account} to {target.account}"
    out = _entry(transfer_id, source.account, "out", "cash", currency, amount.copy_negate(), (), memo, time)
    return out, _entry(transfer_id, target.account, "in", "cash", currency, amount, (), memo, time)


def position_transfer(
    transfer_id: str,
    source: AccountState,
    target: AccountState,
    symbol: str,
    quantity: Decimal,
    time: datetime,
    named: Sequence[LotPick] = (),
) -> Transfer:
    """`quantity` contracts, signed as the position is, with the lots that leave by the source's method, or by name.

    What the target holds of the other sign is closed by what comes in, at its cost.
    """
    _check_accounts(source, target)
    position = next((item for item in source.positions if item.symbol == symbol), None)
    held = ZERO if position is None else position.quantity
    same_sign = (quantity > 0) == (held > 0)
    if position is None or not quantity.is_finite() or not quantity or not same_sign or abs(quantity) > abs(held):
        raise InvalidValueError("quantity", quantity, f"of the {decimal_text(held)} {symbol} held")
    picks = tuple(named) or _picked(position, quantity.copy_negate(), source.lot_method)
    lots = leave_lots(list(position.lots), quantity.copy_negate(), named=picks)
    with exact_arithmetic():
        cost = sum((lot.cost for lot in lots), ZERO)
    memo = f"transfer of {decimal_text(quantity)} {symbol} from {source.account} to {target.account}"
    leaves = Move(symbol, quantity.copy_negate(), cost.copy_negate(), position.currency, closes=picks, carried=True)
    comes = Move(symbol, quantity, cost, position.currency, opens=lots, carried=True)
    out = _entry(transfer_id, source.account, "out", "positions", symbol, quantity.copy_negate(), (leaves,), memo, time)
    return out, _entry(transfer_id, target.account, "in", "positions", symbol, quantity, (comes,), memo, time)


def _picked(position: Position, quantity: Decimal, method: LotMethod) -> tuple[LotPick, ...]:
    """The lots that leave by the account's method, named, so that the entry says which they were."""
    amounts: dict[str, Decimal] = {}
    with exact_arithmetic():
        for lot in leave_lots(list(position.lots), quantity, method=method):
            amounts[lot.id] = amounts.get(lot.id, ZERO) + abs(lot.quantity)
    return tuple(LotPick(name, amount) for name, amount in amounts.items())


def _entry(
    transfer_id: str,
    account: str,
    way: str,
    place: str,
    commodity: str,
    amount: Decimal,
    moves: tuple[Move, ...],
    memo: str,
    time: datetime,
) -> LedgerEntry:
    legs = (
        Posting(f"{account}:{place}", commodity, amount),
        Posting(transit(transfer_id), commodity, amount.copy_negate()),
    )
    return checked(LedgerEntry(f"transfer/{transfer_id}/{way}", time, "transfer", account, memo, legs, None, moves))


def _check_accounts(source: AccountState, target: AccountState) -> None:
    if source.account == target.account:
        raise InvalidValueError("target", target.account, f"another account than {source.account}")
    if source.venue != target.venue:
        raise RefusedError(
            "account-venue", f"{source.account} is at {source.venue}, {target.account} at {target.venue}"
        )
