"""`trade/*`: orders to the server's venue, and what became of them.

An order is an answer, whatever became of it, but for what is refused: a gate's or a limit's no is 422 with the rule in
`errors`, an account that may not trade as such is 423. A refusal is kept as an order too: the same order sent again is
refused again, and never fills later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from server.api.accounts import Opened, of_ref, opened, up_to_now
from server.api.acts import Act
from server.api.documented import problems
from server.api.naming import conflicts, wire_names
from server.api.order_values import OrderAsked, Orders, OrderTold, State, Trades
from server.api.orders import order_told, terms_of, trade_told
from server.api.paging import HEADERS, PageAsked, tell
from server.api.values import AccountId, Instant, Name, Symbol
from server.app import server_of
from server.auth.identity import Identity
from server.auth.rights import needs
from server.problems import FieldError, Problem
from server.store.beside import beside

if TYPE_CHECKING:
    from server.context import Server

router = APIRouter(prefix="/trade", tags=["trade"])

Reader = Annotated[Identity, Depends(needs("orders", "read"))]
Trader = Annotated[Identity, Depends(needs("orders", "write"))]

_NAMES: Final = {"trigger_price": "stop_price", "account": "account_id"}
_READ_ONLY: Final = "The right is missing, or the account may be read only."


class ListAsked(PageAsked):
    """Which orders, or fills of which."""

    account_id: Annotated[AccountId | None, Field(description="The caller's first where it is absent.")] = None
    symbol: Annotated[Symbol | None, Field(description="Of this instrument, alone or as a leg.")] = None
    state: Annotated[State | None, Field(description="Of orders in this state alone.")] = None
    since: Annotated[Instant | None, Field(description="At this moment or later.")] = None


@router.post(
    "/execute",
    status_code=201,
    responses={
        200: {"model": OrderTold, "description": "The order was sent before; this is how it stands now."},
        **problems(
            404,
            body=True,
            when={
                403: _READ_ONLY,
                422: "A wrong value, an id that was used for other terms, or a rule that refuses: see `errors`.",
                423: "The account is blocked or may only close, or a kill switch is on.",
            },
        ),
    },
)
def place_order(asked: OrderAsked, caller: Trader, request: Request, response: Response) -> OrderTold:
    """Place an order and answer how it ended, or that it works.

    Sent again with the same `client_order_id` and terms, it is answered 200 as it stands and nothing is done; with
    other terms it is 422. An order that a rule refuses is kept as `rejected` and refused again; it never fills later.
    """
    from optionix_core.services import trading
    from optionix_core.trading.orders import OrderState
    from optionix_core.trading.records import intent_id

    server = server_of(request)
    account = opened(server, caller, asked.account_id, to_trade=True)
    about = f"{account.ref.stream_id}:{account.ref.account}"
    act = Act(server.audit, caller, request, "trade.execute", f"orders/{asked.client_order_id}", account=about)
    with wire_names(_NAMES), beside(intent_id(asked.client_order_id), act.write):
        order = trading.place(account.workspace, terms_of(asked), asked.client_order_id)
    if order.state is OrderState.REJECTED:
        trading.raise_for_state(order)
    act.done()
    if order.replayed:
        response.status_code = 200
    return order_told(account, order)


@router.get("/orders", responses={200: {"headers": HEADERS}, **problems(404)})
def list_orders(asked: Annotated[ListAsked, Query()], caller: Reader, request: Request, response: Response) -> Orders:
    """List orders of an account, those that were wanted last first."""
    from optionix_core.services.order_history import all_orders

    account = up_to_now(opened(server_of(request), caller, asked.account_id))
    symbol = _key(asked.symbol)
    found = [
        order
        for order in all_orders(account.workspace)
        if asked.state in (None, order.state.value)
        and (symbol is None or symbol in order.intent.symbols)
        and (asked.since is None or order.intent.created_at >= asked.since)
    ]
    tell(response, asked, len(found))
    return Orders(items=[order_told(account, order) for order in asked.of(found)])


@router.get("/history", responses={200: {"headers": HEADERS}, **problems(404)})
def list_trades(asked: Annotated[ListAsked, Query()], caller: Reader, request: Request, response: Response) -> Trades:
    """List fills of an account, the latest first."""
    from optionix_core.services.order_history import all_fills

    account = up_to_now(opened(server_of(request), caller, asked.account_id))
    symbol = _key(asked.symbol)
    found = [
        one
        for one in all_fills(account.workspace)
        if asked.state in (None, one.order.state.value)
        and (symbol is None or symbol in one.order.intent.symbols)
        and (asked.since is None or one.fill.filled_at >= asked.since)
    ]
    tell(response, asked, len(found))
    return Trades(items=[trade_told(account, one) for one in asked.of(found)])


@router.delete(
    "/orders/{client_order_id}",
    responses=problems(
        404,
        when={
            403: _READ_ONLY,
            409: "The order has ended already, otherwise than cancelled.",
            422: "A wrong value, or accounts of several people have an order of that id: name one by `account_id`.",
        },
    ),
)
def cancel_order(
    client_order_id: Annotated[Name, Path(examples=["example-2"])],
    caller: Trader,
    request: Request,
    account_id: Annotated[
        AccountId | None,
        Query(description="Whose order; needed where an own and a shared account have an order of that id."),
    ] = None,
) -> OrderTold:
    """End an order that works; what was filled stays. An order that was cancelled before is answered as it stands."""
    from optionix_core.services import orders
    from optionix_core.trading.records import end_id

    server = server_of(request)
    account = _holder(server, caller, client_order_id, account_id)
    about = f"{account.ref.stream_id}:{account.ref.account}"
    act = Act(server.audit, caller, request, "trade.cancel", f"orders/{client_order_id}", account=about)
    with conflicts({"order"}), beside(end_id(client_order_id), act.write, orders.is_cancellation):
        order = orders.cancel(account.workspace, client_order_id)
    act.done()
    return order_told(account, order)


def _key(symbol: str | None) -> str | None:
    from optionix_core.market import symbols

    return None if symbol is None else symbols.security(symbol)


def _holder(server: Server, identity: Identity, client_order_id: str, account_id: str | None) -> Opened:
    """The account that the caller may trade and that has the order: the one that he names, or the only one."""
    from optionix_core.services.order_history import holds

    unknown = Problem(404, "unknown-order", f"you have no order {client_order_id}")
    if account_id is not None:
        account = opened(server, identity, account_id, to_trade=True)
        if not holds(account.workspace, client_order_id):
            raise unknown
        return account
    tradable = (of_ref(server, identity, ref) for ref in server.books.accounts(identity) if ref.rights == "trade")
    found = [account for account in tradable if holds(account.workspace, client_order_id)]
    if not found:
        raise unknown
    if len(found) > 1:
        names = ", ".join(account.account_id for account in found)
        told = FieldError("account_id", "", f"one of {names}")
        raise Problem(422, "invalid-value", f"{len(found)} accounts have an order {client_order_id}", [told])
    return found[0]
