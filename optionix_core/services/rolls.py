"""Rolling a position: what is held out and the same to another expiry or strike in, as one combination order.

The two legs fill together in whole contracts or not at all, at one net price. Refuses to roll what is not held, and to
where it stands already.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from optionix_core.errors import InvalidValueError
from optionix_core.market import osi, symbols
from optionix_core.services import orders
from optionix_core.services.lifecycle import bring_up_to_date_where_free
from optionix_core.trading.orders import OrderLeg, Side, TimeInForce
from optionix_core.trading.records import intent_id
from optionix_core.trading.terms import OrderTerms

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from decimal import Decimal

    from optionix_core.market.instruments import Instrument
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.orders import OrderResult

_LEGS: Final = ("out", "in")


class Target(NamedTuple):
    """Where legs are rolled to; what is None stays as each leg has it."""

    expiry: date | None = None
    following: bool = False
    """To the next expiry of its root that is listed after its own; instead of `expiry`."""
    strike: Decimal | None = None
    """For legs of one strike."""
    shift: Decimal | None = None
    """Added to each leg's strike; instead of `strike`."""


def legs_of(
    feed: QuoteSource, now: datetime, positions: Iterable[tuple[str, int]], target: Target
) -> tuple[tuple[str, int], ...]:
    """What trades to move options elsewhere, signed: each is closed, and as many are opened there; shares stay.

    `positions`: instruments' keys and signed contracts. Raises InvalidValueError where no option is among them, where
    a target is the option itself, and for a strike where the legs have several; UnknownNameError for one not listed.
    """
    if target == Target():
        raise InvalidValueError("roll", "nowhere", "an expiry or a strike to roll to")
    options = [(feed.instrument(symbol), count) for symbol, count in positions if symbols.is_option(symbol) and count]
    if not options:
        raise InvalidValueError("roll", "no option", "at least one option to roll")
    if target.strike is not None and len({one.strike for one, _ in options}) > 1:
        raise InvalidValueError("strike", target.strike, "left out where the legs have several: up 5 or down 5 shifts")
    legs: dict[str, int] = {}
    for one, count in options:
        there = _moved(feed, now, one, target)
        if there == one.symbol:
            raise InvalidValueError("roll", one.label, "to another expiry or strike than it has")
        feed.instrument(there)
        legs[one.symbol] = legs.get(one.symbol, 0) - count
        legs[there] = legs.get(there, 0) + count
    return tuple((symbol, count) for symbol, count in legs.items() if count)


def _moved(feed: QuoteSource, now: datetime, one: Instrument, target: Target) -> str:
    day = one.expiry if target.expiry is None else target.expiry
    if target.following:
        later = sorted(
            listed for listed, root in feed.expiries(one.underlying, now) if root == one.root and listed > one.expiry
        )
        if not later:
            raise InvalidValueError("expiry", "next", f"one listed after {one.expiry}")
        day = later[0]
    strike = one.strike if target.strike is None else target.strike
    if target.shift is not None:
        strike += target.shift
    if strike <= 0:
        raise InvalidValueError("strike", strike, "positive")
    return osi.format(one.root, day, one.option_type, strike)


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
