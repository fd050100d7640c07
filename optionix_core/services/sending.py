"""An order as a face sends it: what algorithms owe comes first, then the order itself.

Algorithms have no process of their own; whoever sends an order looks at them as everybody else does who brings the
venue up to now. Where another process holds the lock they wait for the next look; the order itself waits as ever.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from optionix_core.errors import HomeLockedError
from optionix_core.services import algorithms, batches, trading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from optionix_core.services.batches import BatchResult, Ordered
    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.gate import GateLimits
    from optionix_core.trading.orders import OrderResult, Side
    from optionix_core.trading.terms import OrderTerms


def send(
    workspace: Workspace, terms: OrderTerms, client_order_id: str | None = None, limits: GateLimits | None = None
) -> OrderResult:
    """Bring the home's algorithms up to now, then place the order; answers and raises as `trading.place` does."""
    with suppress(HomeLockedError):
        algorithms.advance(workspace)
    return trading.place(workspace, terms, client_order_id, limits)


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
