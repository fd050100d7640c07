"""Rolling a position: what is held out and the same to another expiry or strike in, as one combination order.

The two legs fill together in whole contracts or not at all, at one net price. Refuses to roll what is not held, and to
where it stands already.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError
from optionix_core.market import osi, symbols
from optionix_core.services import orders
from optionix_core.services.lifecycle import bring_up_to_date_where_free
from optionix_core.trading.orders import OrderLeg, Side, TimeInForce
from optionix_core.trading.records import intent_id
from optionix_core.trading.terms import OrderTerms

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.orders import OrderResult

_LEGS: Final = ("out", "in")


def answered(workspace: Workspace, symbol: str, client_order_id: str) -> OrderResult | None:
    """The roll of `symbol` that was sent under that id before, as it stands; None where none was.

    Raises InvalidValueError where the id is another order's.
    """
    if workspace.store.find(intent_id(client_order_id)) is None:
        return None
    found = orders.show(workspace, client_order_id).order
    if len(found.intent.legs) != len(_LEGS) or symbols.resolve(symbol) not in found.intent.symbols:
        raise InvalidValueError("client_order_id", repr(client_order_id), "unused, or repeat its order")
    return found


def terms_of(
    workspace: Workspace,
    symbol: str,
    *,
    expiry: date | None = None,
    strike: Decimal | None = None,
    quantity: int | None = None,
    limit_price: Decimal | None = None,
    time_in_force: TimeInForce = TimeInForce.IOC,
) -> OrderTerms:
    """The order that moves `quantity` contracts (None: all that are held) of `symbol` to another expiry or strike.

    It is bought: `limit_price` is what is paid for it at most, negative where it must bring money. Raises
    InvalidValueError for what is not held and for a target that is the position itself, UnknownNameError for an option
    that is not listed.
    """
    key = symbols.resolve(symbol)
    held = workspace.venue_feed.instrument(key)
    if expiry is None and strike is None:
        raise InvalidValueError("roll", "nowhere", "an expiry or a strike to roll to")
    day, level = held.expiry if expiry is None else expiry, held.strike if strike is None else strike
    target = osi.format(held.root, day, held.option_type, level)
    if target == key:
        raise InvalidValueError("roll", held.label, "to another expiry or strike than it has")
    workspace.venue_feed.instrument(target)
    bring_up_to_date_where_free(workspace)
    workspace.desk.follow(workspace.store)
    with workspace.desk.lock:
        state = workspace.desk.book.account(workspace.account)
    positions = () if state is None else state.positions
    position = next((item for item in positions if item.symbol == key), None)
    if position is None:
        raise InvalidValueError("symbol", repr(key.strip()), f"held by {workspace.account}")
    there = int(abs(position.quantity))
    wanted = there if quantity is None else quantity
    if not 1 <= wanted <= there:
        raise InvalidValueError("quantity", wanted, f"1 to {there}, which are held")
    way = 1 if position.quantity > 0 else -1
    legs = (OrderLeg(key, -way), OrderLeg(target, way))
    return replace(OrderTerms(Side.BUY, wanted, "", limit_price, time_in_force), legs=legs)
