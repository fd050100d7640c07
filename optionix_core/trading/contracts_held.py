"""How many option contracts accounts may come to hold, by what is in their books and their orders: no market is asked.

The figure of `LimitKind.CONTRACTS`. Contracts count without a sign, long and short alike. Each instrument counts with
the most that it can come to, whichever of its open orders are filled: a fill never makes the figure larger than its
order did when it was accepted, so that books and orders of several devices are judged by their sum, in any order. A
child counts nothing, because it gives back what its parent brought.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from optionix_core.market.symbols import is_share
from optionix_core.portfolio.exact import ZERO, exact_arithmetic

if TYPE_CHECKING:
    from optionix_core.portfolio.values import AccountState
    from optionix_core.trading.open_order import OpenOrder
    from optionix_core.trading.orders import OrderIntent

_NOTHING: Final = (ZERO, ZERO)


def most_contracts(
    accounts: Iterable[AccountState], orders: Iterable[OpenOrder], wanted: OrderIntent | None = None
) -> Decimal:
    """The most option contracts that `accounts` together can come to hold by `orders` of theirs, and by one more."""
    held: dict[str, Decimal] = {}
    coming: dict[str, tuple[Decimal, Decimal]] = {}
    with exact_arithmetic():
        for account in accounts:
            for position in account.positions:
                if not is_share(position.symbol):
                    held[position.symbol] = held.get(position.symbol, ZERO) + position.quantity
        for order in orders:
            _add(coming, order.intent, order.remaining)
        if wanted is not None:
            _add(coming, wanted, wanted.quantity)
        most = ZERO
        for symbol in held.keys() | coming.keys():
            now, (sold, bought) = held.get(symbol, ZERO), coming.get(symbol, _NOTHING)
            most += max(abs(now + bought), abs(now - sold))
        return most


def _add(coming: dict[str, tuple[Decimal, Decimal]], intent: OrderIntent, units: int) -> None:
    """What an order may still sell and buy, by option."""
    if intent.parent is not None:
        return
    for symbol, ratio in [(leg.symbol, leg.ratio) for leg in intent.legs] or [(intent.symbol, 1)]:
        if not is_share(symbol):
            moved = Decimal(intent.side.sign * ratio * units)
            sold, bought = coming.get(symbol, _NOTHING)
            coming[symbol] = (sold - moved, bought) if moved < 0 else (sold, bought + moved)
