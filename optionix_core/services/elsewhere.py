"""Venues that are not run here: which account is at one, and what a face's way to it must do.

The engine knows no network. A face lays the way into the workspace; without one, orders of such an account are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from optionix_core.errors import RefusedError

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.orders import OrderResult
    from optionix_core.trading.terms import OrderTerms


class VenueElsewhere(Protocol):
    """The way to a venue that is not run here."""

    def place(
        self, workspace: Workspace, terms: OrderTerms, client_order_id: str, expires: datetime | None
    ) -> OrderResult:
        """Send an order and answer it as the home's log has it afterwards; rejection is an answer.

        Where the venue is out of reach the order is kept until `expires` (None: the end of the session's day), and the
        VenueError or DeadlineError says so.
        """
        ...

    def cancel(self, workspace: Workspace, client_order_id: str) -> OrderResult:
        """End an order that works; nothing is kept where the venue is out of reach."""
        ...

    def close(self) -> None:
        """Let go of what the way holds."""
        ...


def way_of(workspace: Workspace) -> VenueElsewhere | None:
    """The way to the venue of the workspace's account; None where that is run here.

    Raises RefusedError where it is not, and no way was laid.
    """
    desk = workspace.desk
    desk.follow(workspace.store)
    venue = desk.venue_for(workspace.account)
    if venue == workspace.venue:
        return None
    way = workspace.way
    if way is None:
        detail = f"{workspace.account} is bound to {venue}: its orders are not matched here, at {workspace.venue}"
        raise RefusedError("account-venue", detail)
    return way
