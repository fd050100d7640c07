"""`optionix sync intents`: orders that did not reach the server's venue, sent by hand or dropped."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from optionix_core.errors import UsageError
from optionix_tui.cli.face import face_of
from optionix_tui.cli.listings import Column, emit_listing
from optionix_tui.cli.output import Format, FormatOption, JsonOption, chosen, say

if TYPE_CHECKING:
    from optionix_core.services.kept_orders import KeptOrder


class Act(StrEnum):
    """What is done with a kept order."""

    SEND = "send"
    DROP = "drop"


COLUMNS: Final = (
    Column("id", "id"),
    Column("account", "account"),
    Column("side", "side"),
    Column("quantity", lambda one: str(one["quantity"]), number=True),
    Column("instrument", "label"),
    Column("state", "state"),
    Column("expires", "expires_at"),
    Column("why", "reason"),
)


def intents(
    context: typer.Context,
    act: Annotated[
        Act | None,
        typer.Argument(help="Send it, or forget it; without it all are listed.", metavar="send|drop"),
    ] = None,
    order_id: Annotated[str | None, typer.Argument(help="The order's client order id.", metavar="ID")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that were sent or dropped too.")] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Orders that were kept because the server was out of reach. None is sent by itself; expired ones are never sent.

    Exits 3 where the server is still out of reach, 5 where it or the order's end refuses it, 1 where nothing is filled.
    """
    from optionix_core.services import kept_orders

    if act is not None and order_id is None:
        raise UsageError(f"ID is missing: which order to {act}")
    if act is not None and every:
        raise UsageError(f"--all has no say beside {act}")
    face, result = face_of(context), None
    with face.workspace() as workspace:
        if act is None or order_id is None:
            found = kept_orders.listing(workspace, every=every)
        elif act is Act.DROP:
            found = (kept_orders.drop(workspace, order_id),)
        else:
            from optionix_tui.remote.team import Team
            from optionix_tui.remote.venue import ServerVenue

            venue = ServerVenue(partial(Team.of, face.home, face.clock, face.settings.sync))
            try:
                result = venue.send_kept(workspace, order_id)
            finally:
                venue.close()
            found = (kept_orders.find(workspace, order_id),)
    if result is not None:
        from optionix_core.services import trading

        trading.raise_for_state(result)
        say(f"note: {result.intent.client_order_id} is {result.state}")
    emit_listing(chosen(format_, as_json), "intents", [record(one) for one in found], COLUMNS, "no orders are kept")


def record(kept: KeptOrder) -> dict[str, Any]:
    """A kept order as JSON."""
    from optionix_core.services.order_json import label_of, number
    from optionix_tui.cli.sessions import moment_text

    intent = kept.intent
    return {
        "id": kept.order_id,
        "account": intent.account,
        "side": str(intent.side),
        "quantity": intent.quantity,
        "symbol": intent.symbol,
        "label": label_of(intent),
        "type": str(intent.order_type),
        "limit_price": number(intent.limit_price),
        "time_in_force": str(intent.time_in_force),
        "kept_at": moment_text(intent.created_at),
        "expires_at": moment_text(kept.expires_at),
        "state": str(kept.state),
        "reason": kept.reason,
    }
