"""A home on which every pane of the orders screen has something to show."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from optionix_core.market.clock import ManualClock
from optionix_core.services import alerts, algorithms, halts, sending, trading
from optionix_core.services.workspace import Workspace
from optionix_core.trading.alerts.conditions import Comparison, Level, Price, PriceField
from optionix_core.trading.algorithms.parent import AlgoKind, ParentOrder
from optionix_core.trading.halts import HaltScope
from optionix_core.trading.orders import OrderLeg, OrderState, Side, TimeInForce, Trigger, TriggerKind
from optionix_core.trading.terms import OrderTerms

CALL = "ORBIT 260109C00205000"
FAR_CALL = "ORBIT 260109C00210000"
BOUGHT, RESTING, STOP, SPREAD, REFUSED, CANCELLED = "bought", "resting", "stop", "spread", "refused", "unmet"
ALGO, ALERT = "twap-1", "orbit-up"


def work(workspace: Workspace, clock: ManualClock) -> None:
    """A fill, a vertical, an order that rests, a stop, one refused and one unmet; an algorithm, an alert, a halt."""

    def send(name: str, terms: OrderTerms, state: OrderState) -> None:
        order = sending.send(workspace, terms, name)
        assert order.state is state, (name, order.state, order.reason)
        clock.advance(timedelta(seconds=20))

    send(BOUGHT, OrderTerms("buy", 2, CALL), OrderState.FILLED)
    legs = (OrderLeg(CALL, 1), OrderLeg(FAR_CALL, -1))
    send(SPREAD, OrderTerms("buy", 1, "", Decimal(5), TimeInForce.DAY, legs=legs), OrderState.FILLED)
    send(REFUSED, OrderTerms("buy", 9_000, CALL), OrderState.REJECTED)
    send(CANCELLED, OrderTerms("buy", 1, CALL, Decimal("0.01")), OrderState.CANCELLED)
    send(RESTING, OrderTerms("buy", 3, CALL, Decimal("0.50"), TimeInForce.GTC), OrderState.WORKING)
    stop = Trigger(TriggerKind.STOP, Decimal("0.10"))
    send(STOP, OrderTerms("sell", 1, CALL, None, TimeInForce.GTC, trigger=stop), OrderState.HELD)
    now = clock.now()
    parent = ParentOrder(ALGO, workspace.account, AlgoKind.TWAP, Side.BUY, 4, CALL, now, now + timedelta(hours=1), 4)
    algorithms.start(workspace, parent)
    spot = workspace.feed.spot("ORBIT", now).last
    assert spot is not None
    above = Level(Price("ORBIT", PriceField.LAST), Comparison.ABOVE, Decimal(int(spot) - 50))
    alerts.add(workspace, above, alert_id=ALERT)
    halts.start(workspace, HaltScope.UNDERLYING, "QUASAR", by="desk", reason="news pending")


def story(workspace: Workspace, name: str) -> trading.OrderResult:
    """An order as another process finds it."""
    from optionix_core.services import orders

    return orders.show(workspace, name).order
