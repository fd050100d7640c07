"""The moves of an entry: which cash and which lots belong to which of its legs, in an event and out of it.

An event has them only where its postings alone do not say it. Refuses moves that are not what the postings say: for
every instrument the moves add up to what goes into `positions`; for every currency, cost and fees of what is bought
and sold add up to what leaves `cash`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from optionix_core.errors import InvalidValueError
from optionix_core.portfolio import fields
from optionix_core.portfolio.exact import ZERO, decimal_text, exact_arithmetic
from optionix_core.portfolio.values import LedgerEntry, Lot, LotPick, Move
from optionix_core.sync.canonical import time_text
from optionix_core.sync.event import Json


def check_moves(entry: LedgerEntry) -> None:
    """Raise InvalidValueError where an entry's moves and postings say different things. No moves: nothing to check."""
    if not entry.moves:
        return
    with exact_arithmetic():
        held, cash = _sums(entry, "positions"), _sums(entry, "cash")
        for move in entry.moves:
            _check(move)
            _less(held, move.symbol, move.quantity)
            paid = move.fee if move.carried else move.cost + move.fee
            _less(cash, move.currency, -paid)
    for place, left in (("positions", held), ("cash", cash)):
        for commodity, amount in left.items():
            if amount:
                raise InvalidValueError(f"{commodity} of moves", amount, f"nothing beyond the postings of {place}")


def _sums(entry: LedgerEntry, place: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for leg in entry.postings:
        if leg.account == f"{entry.account}:{place}":
            _less(sums, leg.commodity, -leg.amount)
    return sums


def _less(sums: dict[str, Decimal], commodity: str, amount: Decimal) -> None:
    sums[commodity] = sums.get(commodity, ZERO) - amount


def _check(move: Move) -> None:
    if not move.quantity:
        raise InvalidValueError("quantity", move.quantity, f"not zero ({move.symbol})")
    if move.opens:
        quantity = sum((lot.quantity for lot in move.opens), ZERO)
        cost = sum((lot.cost for lot in move.opens), ZERO)
        if not move.carried or move.closes or (quantity, cost) != (move.quantity, move.cost):
            bound = f"carried, {move.quantity} contracts for {move.cost} in all"
            raise InvalidValueError("lots", f"{quantity} contracts for {cost}", bound)
        if any((lot.quantity > 0) != (move.quantity > 0) for lot in move.opens):
            raise InvalidValueError("lots", move.symbol, "all of one sign")


def moves_payload(moves: Sequence[Move]) -> list[Json]:
    """Moves in an event."""
    return [_payload(move) for move in moves]


def _payload(move: Move) -> dict[str, Json]:
    payload: dict[str, Json] = {
        "cost": decimal_text(move.cost),
        "currency": move.currency,
        "quantity": decimal_text(move.quantity),
        "symbol": move.symbol,
    }
    if move.fee:
        payload["fee"] = decimal_text(move.fee)
    if move.carried:
        payload["carried"] = True
    if move.closes:
        payload["closes"] = [{"lot": pick.lot, "quantity": decimal_text(pick.quantity)} for pick in move.closes]
    if move.opens:
        payload["opens"] = [
            {
                "cost": decimal_text(lot.cost),
                "lot": lot.id,
                "opened_at": time_text(lot.opened_at),
                "quantity": decimal_text(lot.quantity),
            }
            for lot in move.opens
        ]
    return payload


def moves_of(payload: Mapping[str, Json]) -> tuple[Move, ...]:
    """The moves that an event holds. Raises IntegrityError where they are malformed."""
    return tuple(_move_of(item) for item in fields.objects(payload, "moves")) if "moves" in payload else ()


def _move_of(item: Mapping[str, Json]) -> Move:
    return Move(
        symbol=fields.text(item, "symbol"),
        quantity=fields.decimal(item, "quantity"),
        cost=fields.decimal(item, "cost"),
        currency=fields.text(item, "currency"),
        fee=fields.decimal(item, "fee") if "fee" in item else ZERO,
        closes=tuple(
            LotPick(fields.text(pick, "lot"), fields.decimal(pick, "quantity"))
            for pick in (fields.objects(item, "closes") if "closes" in item else ())
        ),
        opens=tuple(
            Lot(
                fields.decimal(lot, "quantity"),
                fields.decimal(lot, "cost"),
                fields.moment(lot, "opened_at"),
                fields.text(lot, "lot"),
            )
            for lot in (fields.objects(item, "opens") if "opens" in item else ())
        ),
        carried=fields.boolean(item, "carried") if "carried" in item else False,
    )
