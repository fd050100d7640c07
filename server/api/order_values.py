"""What `trade/*` is asked and answers: money and quantities are decimal strings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from server.api.values import (
    AccountId,
    Answer,
    Contracts,
    Instant,
    Money,
    Name,
    Price,
    Request,
    Symbol,
    Whole,
    examples,
)

OrderKind = Literal["market", "limit", "stop", "stop-limit", "trailing-stop", "market-if-touched", "limit-if-touched"]
Force = Literal["IOC", "FOK", "DAY", "GTC", "GTD"]
ForceAsked = Annotated[Force, BeforeValidator(lambda asked: asked.upper() if isinstance(asked, str) else asked)]
State = Literal[
    "intent", "held", "working", "partially-filled", "suspended", "filled", "cancelled", "expired", "rejected"
]


class LegAsked(Request):
    """One instrument of a combination."""

    symbol: Symbol
    ratio: Annotated[
        int,
        Field(
            ge=-1_000_000, le=1_000_000, description="Contracts, or shares in hundreds, of one unit; below 0 is sold."
        ),
    ]


class OrderAsked(Request):
    """An order: of one `symbol`, or a limit or market order of `legs`."""

    model_config = examples(
        {
            "client_order_id": "example-1",
            "symbol": "ORBIT 21JAN28 200 C",
            "side": "buy",
            "quantity": "1",
            "order_type": "market",
            "time_in_force": "IOC",
        },
        {
            "account_id": "server-1",
            "client_order_id": "example-2",
            "symbol": "ORBIT 21JAN28 200 C",
            "side": "buy",
            "quantity": "2",
            "order_type": "limit",
            "limit_price": "0.05",
            "time_in_force": "GTC",
        },
        {
            "client_order_id": "example-3",
            "legs": [{"symbol": "ORBIT 21JAN28 200 C", "ratio": 1}, {"symbol": "ORBIT 21JAN28 210 C", "ratio": -1}],
            "side": "buy",
            "quantity": "1",
            "order_type": "market",
            "time_in_force": "IOC",
        },
        {
            "client_order_id": "example-4",
            "symbol": "ORBIT",
            "side": "buy",
            "quantity": "10",
            "order_type": "stop",
            "stop_price": "999",
            "time_in_force": "DAY",
        },
    )

    account_id: Annotated[AccountId | None, Field(description="The caller's first where it is absent.")] = None
    client_order_id: Annotated[Name, Field(description="Sent twice with the same terms it is one order.")]
    symbol: Annotated[Symbol | None, Field(description="An option or a share; absent for a combination.")] = None
    legs: Annotated[list[LegAsked] | None, Field(min_length=2, max_length=8, description="Of a combination.")] = None
    side: Literal["buy", "sell"]
    quantity: Annotated[Contracts, Field(description="Contracts, shares, or units of a combination.")]
    order_type: OrderKind
    limit_price: Annotated[
        Money | None,
        Field(description="Of orders with a limit; net for a combination, below 0 where buying brings money."),
    ] = None
    stop_price: Annotated[
        Price | None, Field(description="The level that a stop or an if-touched order waits for.")
    ] = None
    trail: Annotated[Price | None, Field(description="Distance of a trailing stop, in price.")] = None
    trail_percent: Annotated[Price | None, Field(description="Distance of a trailing stop, in percent.")] = None
    time_in_force: Annotated[
        ForceAsked | None, Field(description="In any letter case; without it IOC for a market order, else DAY.")
    ] = None
    good_until: Annotated[Instant | None, Field(description="Of GTD alone.")] = None
    post_only: Annotated[bool, Field(description="Refused where it would take at once.")] = False
    reduce_only: Annotated[bool, Field(description="Never more than closes the position.")] = False
    parent: Annotated[Name | None, Field(description="The order whose fills let this one work.")] = None
    one_cancels: Annotated[Name | None, Field(description="A group: a fill of one takes as much from the others.")] = (
        None
    )


class OrderLegTold(Answer):
    """One instrument of a combination."""

    symbol: str
    ratio: int


class CheckTold(Answer):
    """What one rule of the pre-trade gate said."""

    rule: str
    passed: bool
    detail: str


class FillLegTold(Answer):
    """What one leg moved."""

    symbol: str
    quantity: Annotated[Whole, Field(description="Signed: below 0 is sold.")]
    price: Money
    fee: Money


class FillTold(Answer):
    """What the venue did."""

    fill_id: str
    quantity: Whole
    price: Money
    fee: Money
    filled_at: Instant
    model: Annotated[str, Field(description="By which the paper venue filled it.")]
    legs: list[FillLegTold]


class OrderTold(Answer):
    """An order as it stands; money in the account's currency."""

    account_id: str
    client_order_id: str
    symbol: str
    label: str
    legs: list[OrderLegTold]
    side: Literal["buy", "sell"]
    quantity: Whole
    order_type: OrderKind
    limit_price: Money | None
    stop_price: Money | None
    trail: Money | None
    trail_percent: Money | None
    time_in_force: Force
    good_until: Instant | None
    post_only: bool
    reduce_only: bool
    parent: str | None
    one_cancels: str | None
    tag: Annotated[str | None, Field(description="Who sent it where it was not a user.")]
    state: State
    reason: Annotated[str | None, Field(description="Why it ended otherwise than filled.")]
    filled_quantity: Whole
    remaining: Whole
    average_price: Annotated[Money | None, Field(description="To 8 places; null without a fill.")]
    cost: Annotated[Money, Field(description="Signed cash out of the account for the fills, fees excluded.")]
    fees: Money
    reserved: Annotated[Money, Field(description="Cash that is kept while it works.")]
    created_at: Instant
    ends_at: Annotated[Instant | None, Field(description="When it ends by itself, while it works.")]
    checks: list[CheckTold]
    fills: list[FillTold]


class TradeTold(Answer):
    """A fill with the order that it is of."""

    trade_id: str
    account_id: str
    client_order_id: str
    symbol: str
    label: str
    side: Literal["buy", "sell"]
    quantity: Whole
    price: Money
    fee: Money
    filled_at: Instant
    model: str
    legs: list[FillLegTold]


class Orders(Answer):
    """One page of orders, those that were wanted last first."""

    items: list[OrderTold]


class Trades(Answer):
    """One page of fills, the latest first."""

    items: list[TradeTold]
