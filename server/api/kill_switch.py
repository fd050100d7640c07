"""`kill-switch`: how the kill switch of a book stands, and moving it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi import Request as HttpRequest
from pydantic import Field

from optionix_core.portfolio.deliverables import label_of
from optionix_core.services import order_json
from optionix_core.trading.kill_switch import KillPhase
from server.api.documented import problems
from server.api.order_values import State
from server.api.orders import average_price, side_of
from server.api.people import Auth, Reason, Written
from server.api.values import Answer, Id, Instant, Money, Quantity, Request, Whole
from server.app import server_of
from server.auth import oversight
from server.auth.identity import Identity
from server.auth.origin import origin_of
from server.auth.oversight import Caller, KillAct
from server.auth.rights import needs, needs_step_up

if TYPE_CHECKING:
    from optionix_core.services.kill import Exposure, KillReport
    from optionix_core.trading.orders import OrderResult

router = APIRouter(prefix="/kill-switch", tags=["admin"])

Kills = Annotated[Identity, Depends(needs_step_up("kill_switch", "write"))]
SeesSwitch = Annotated[Identity, Depends(needs("kill_switch", "read"))]


class KillAsked(Request):
    """Whose switch (absent: one's own), why, and how."""

    owner_id: Id | None = None
    reason: Reason
    flatten: bool = False
    """Of `fire`: sell or buy back what can be."""
    confirmation: Annotated[str, Field(max_length=200)] | None = None
    """Of `rearm`: the words that the switch asks for."""


class KillOrder(Answer):
    """An order that a kill sent to close a position."""

    client_order_id: str
    account: Annotated[str, Field(description="As its owner names it.")]
    side: Literal["buy", "sell"]
    quantity: Whole
    symbol: str
    label: str
    state: State
    filled_quantity: Whole
    average_price: Annotated[Money | None, Field(description="To 8 places; null without a fill.")]
    reason: Annotated[str | None, Field(description="Why it ended otherwise than filled.")]
    tag: Annotated[str | None, Field(description="The kill that sent it.")]


class Held(Answer):
    """A position that is open."""

    account: Annotated[str, Field(description="As its owner names it.")]
    symbol: str
    label: str
    quantity: Quantity
    reason: Annotated[str | None, Field(description="Why it is not to be closed here; null where it is.")]


class KillSwitchAnswer(Answer):
    """The switch of a book, which is one for all of its accounts, and what a kill did."""

    state: KillPhase
    since: Annotated[Instant | None, Field(description="Null where it was never moved.")]
    by: Annotated[str | None, Field(description="The user id, or the name that a home gave.")]
    reason: str | None
    kill_id: Annotated[str | None, Field(description="Of the kill in force, else of the last one.")]
    in_force: bool
    flatten: Annotated[bool, Field(description="Whether that kill closes the positions.")]
    confirmation: Annotated[str | None, Field(description="The words that arm it again; null where it has not fired.")]
    moment: Instant
    replayed: Annotated[bool, Field(description="It stood so before: nothing but closing was done now.")]
    cancelled: Annotated[
        list[str], Field(description="Client order ids that the kill ended; of a look those that one would end.")
    ]
    orders: Annotated[list[KillOrder], Field(description="Sent now to close positions.")]
    held: list[Held]


@router.get("", responses=problems(404))
def read_kill_switch(
    identity: SeesSwitch, auth: Auth, request: HttpRequest, owner_id: UUID | None = None
) -> KillSwitchAnswer:
    """The switch of a book, the orders that a kill would end and what is held."""
    return _answer(oversight.kill_status(_caller(request, auth, identity), owner_id))


@router.post(
    "/{act}", responses=problems(404, body=True, when={403: "`step-up-required` asks for the password first."})
)
def use_kill_switch(
    act: KillAct, identity: Kills, auth: Auth, body: KillAsked, _: Written, request: HttpRequest
) -> KillSwitchAnswer:
    """Arm, disarm or fire the switch of a book, or arm it again."""
    caller = _caller(request, auth, identity)
    return _answer(
        oversight.kill_act(
            caller, body.owner_id, act, body.reason, flatten=body.flatten, confirmation=body.confirmation
        )
    )


def _caller(request: HttpRequest, auth: Auth, identity: Identity) -> Caller:
    return Caller(auth, server_of(request).books, identity, origin_of(request))


def _answer(report: KillReport) -> KillSwitchAnswer:
    switch = report.switch
    return KillSwitchAnswer(
        state=switch.phase,
        since=switch.since,
        by=switch.by,
        reason=switch.reason,
        kill_id=switch.kill_id,
        in_force=switch.in_force is not None,
        flatten=switch.flatten,
        confirmation=switch.confirmation,
        moment=report.moment,
        replayed=report.replayed,
        cancelled=list(report.cancelled),
        orders=[_order(one) for one in report.orders],
        held=[_held(one) for one in report.held],
    )


def _order(order: OrderResult) -> KillOrder:
    intent = order.intent
    return KillOrder(
        client_order_id=intent.client_order_id,
        account=intent.account,
        side=side_of(order),
        quantity=intent.quantity,
        symbol=intent.symbol,
        label=order_json.label_of(intent),
        state=order.state.value,
        filled_quantity=order.filled_quantity,
        average_price=average_price(order.fills),
        reason=order.reason,
        tag=intent.tag,
    )


def _held(one: Exposure) -> Held:
    return Held(
        account=one.account,
        symbol=one.symbol,
        label=label_of(one.symbol),
        quantity=one.quantity,
        reason=one.reason,
    )
