"""An order as a face sends it: what algorithms owe comes first, then the order itself.

Algorithms have no process of their own; whoever sends an order looks at them as everybody else does who brings the
venue up to now. Where another process holds the lock they wait for the next look; the order itself waits as ever.
Where an order goes is decided here alone: to the venue on this device, or by the way to the one of its account.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from optionix_core.errors import HomeLockedError, RefusedError
from optionix_core.services import algorithms, batches, elsewhere, orders, trading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from decimal import Decimal

    from optionix_core.services.batches import BatchResult, Ordered
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.gate import GateLimits
    from optionix_core.trading.orders import OrderResult, Side
    from optionix_core.trading.terms import OrderTerms


def send(
    workspace: Workspace,
    terms: OrderTerms,
    client_order_id: str | None = None,
    limits: GateLimits | None = None,
    *,
    expires: datetime | None = None,
) -> OrderResult:
    """Bring the home's algorithms up to now, then place the order; answers and raises as `trading.place` does.

    An order for a venue elsewhere is answered and kept as `VenueElsewhere.place` says; `expires` is asked of it alone,
    RefusedError for an order that is matched here.
    """
    way = elsewhere.way_of(workspace)
    if way is not None:
        order_id = workspace.new_order_id() if client_order_id is None else client_order_id
        return way.place(workspace, terms, order_id, expires)
    if expires is not None:
        raise RefusedError("account-venue", f"orders of {workspace.account} are matched here: none is kept to be sent")
    with suppress(HomeLockedError):
        algorithms.advance(workspace)
    return trading.place(workspace, terms, client_order_id, limits)


def cancel(workspace: Workspace, client_order_id: str, *, dry_run: bool = False) -> OrderResult:
    """End an order that works, where it works; answers and raises as `orders.cancel` does."""
    way = None if dry_run else elsewhere.way_of(workspace)
    if way is not None:
        return way.cancel(workspace, client_order_id)
    return orders.cancel(workspace, client_order_id, dry_run=dry_run)


def send_many(
    workspace: Workspace,
    wanted: Sequence[Ordered],
    batch_id: str | None = None,
    limits: GateLimits | None = None,
    *,
    all_or_none: bool = False,
) -> BatchResult:
    """As `send`, for a batch; answers and raises as `batches.place_many` does."""
    with suppress(HomeLockedError):
        algorithms.advance(workspace)
    return batches.place_many(workspace, wanted, batch_id, limits, all_or_none=all_or_none)


def send_at_once(
    workspace: Workspace,
    side: Side | str,
    quantity: int,
    symbol: str,
    limit_price: Decimal | None = None,
    client_order_id: str | None = None,
) -> OrderResult:
    """As `send`, an order that is immediate or cancel."""
    return send(workspace, trading.OrderTerms(side, quantity, symbol, limit_price), client_order_id)
