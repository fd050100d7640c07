"""Until when a home may believe what its server said of an account: its last contact, and the hours it was given.

An account at a server's venue opens nothing on a device that has not heard of its server for so long: nobody there
knows whether the account was blocked meanwhile. A venue that is run here leases nothing to itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core.errors import RefusedError
from optionix_core.trading.account_kinds import LOCAL_SIM
from optionix_core.trading.account_standing import LEASED_VENUES, AccountStatus, effective

if TYPE_CHECKING:
    from datetime import datetime

    from optionix_core.services.workspace import Workspace
    from optionix_core.trading.terms import OrderTerms


def lease_until(workspace: Workspace, venue: str) -> datetime | None:
    """When the home's lease at `venue` ends; None where it has none, or none is needed."""
    if venue == workspace.venue or venue not in LEASED_VENUES:
        return None
    from optionix_core.services.syncing import status

    return status(workspace).lease_until


def status_now(workspace: Workspace, account: str, now: datetime) -> tuple[AccountStatus, str | None]:
    """What an account may do at `now`, as far as this home may believe it, and why. The desk follows before."""
    desk = workspace.desk
    venue = desk.venue_for(account)
    leasing = LOCAL_SIM if venue == workspace.venue else venue
    return effective(desk.orders.standings.get(account), leasing, now, lease_until(workspace, venue))


def expect_leased(workspace: Workspace, terms: OrderTerms) -> None:
    """RefusedError for an order that the account's state does not allow, as far as this home may believe it.

    Past the lease, and where the server made the account close-only, what reduces the position passes. Raises
    MissingDataError where whether it does cannot be told.
    """
    from optionix_core.services.trading import preview_terms

    desk = workspace.desk
    desk.follow(workspace.store)
    if status_now(workspace, workspace.account, workspace.clock.now())[0] is AccountStatus.ACTIVE:
        return
    judged = {check.rule: check for check in preview_terms(workspace, terms).checks}
    state = judged["account-state"]
    if not state.passed:
        raise RefusedError(state.rule, state.detail)
