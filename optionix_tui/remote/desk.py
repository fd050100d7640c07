"""The desk: every account that the caller may see, with the figures that the server marks it at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.team import DeskRow

if TYPE_CHECKING:
    from optionix_tui.remote.client import Client


def desk(client: Client) -> tuple[DeskRow, ...]:
    """The caller's own accounts first, then others' in the order in which they were opened."""
    return tuple(
        DeskRow(
            account_id=one.account_id,
            account=one.name,
            owner=one.owner,
            rights=one.rights,
            kind=one.kind,
            currency=summary.currency,
            total_value=summary.total_value,
            day_pnl=summary.day_pnl,
            total_pnl=summary.total_pnl,
            greeks=summary.greeks,
            shared_with=one.shared_with,
        )
        for one, summary in client.portfolio.overview()
    )
