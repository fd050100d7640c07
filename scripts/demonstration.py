"""A home for pictures: a fixed moment, a fixed seed, and something to see on every screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from config.paths import Paths
from config.settings import Settings, load
from optionix_core.market.clock import ManualClock
from optionix_core.services import alerts, algorithms, limits, sending, watchlists
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_core.trading.alerts.conditions import Comparison, Level, Price, PriceField
from optionix_core.trading.algorithms.parent import AlgoKind, ParentOrder
from optionix_core.trading.limit_board import LimitGrade, LimitKey, LimitLevel
from optionix_core.trading.limits import LimitKind
from optionix_core.trading.orders import OrderLeg, OrderState, Side, TimeInForce, Trigger, TriggerKind
from optionix_core.trading.terms import OrderTerms

MOMENT = datetime(2026, 1, 14, 15, 30, tzinfo=UTC)
UNDERLYING, EXPIRY = "ORBIT", date(2026, 2, 20)
STEP = timedelta(seconds=30)
"""Between two orders."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """The home and the moment at which it is looked at."""

    settings: Settings
    paths: Paths
    clock: ManualClock


def demonstration(folder: Path) -> Demonstration:
    """Write a home into `folder`: options, shares and a condor, resting orders, an algorithm, an alert, limits."""
    paths = Paths.of(folder)
    settings = load(flags={}, environ={}, cwd=folder, paths=paths)
    clock = ManualClock(MOMENT - 12 * STEP)
    home = HomeFolders(data=paths.data, state=paths.state, cache=paths.cache, config=paths.config)
    with Workspace.open(home, clock=clock, seed=settings.feed.seed) as workspace:
        last = workspace.feed.spot(UNDERLYING, clock.now()).last
        if last is None:
            raise LookupError(f"{UNDERLYING} has no last price at {clock.now()}")
        _trade(workspace, clock, 5 * round(last / 5))
        watchlists.create(workspace, "desk", ("ORBIT", _option(5 * round(last / 5), "C"), "QUASAR"))
        level = Level(Price(UNDERLYING, PriceField.LAST), Comparison.ABOVE, Decimal(round(last) + 10))
        alerts.add(workspace, level, alert_id="above")
        for kind, bound in ((LimitKind.VALUE_AT_RISK, 500), (LimitKind.VEGA, 170), (LimitKind.MARGIN_USE, 40)):
            key = LimitKey(LimitLevel.ACCOUNT, workspace.account, kind, LimitGrade.HARD)
            limits.set_limit(workspace, key, Decimal(bound), "desk")
    clock.advance(MOMENT - clock.now())
    return Demonstration(settings, paths, clock)


def _trade(workspace: Workspace, clock: ManualClock, strike: int) -> None:
    def send(name: str, terms: OrderTerms, state: OrderState) -> None:
        order = sending.send(workspace, terms, name)
        if order.state is not state:
            raise LookupError(f"order {name} must be {state} (got {order.state}: {order.reason})")
        clock.advance(STEP)

    call, put = _option(strike, "C"), _option(strike, "P")
    condor = ((strike - 20, "P", 1), (strike - 10, "P", -1), (strike + 10, "C", -1), (strike + 20, "C", 1))
    legs = tuple(OrderLeg(_option(at, kind), quantity) for at, kind, quantity in condor)
    send("calls", OrderTerms("buy", 2, call), OrderState.FILLED)
    send("puts", OrderTerms("buy", 3, put), OrderState.FILLED)
    send("condor", OrderTerms("buy", 2, "", Decimal("-0.50"), TimeInForce.DAY, legs=legs), OrderState.FILLED)
    send("shares", OrderTerms("buy", 100, UNDERLYING), OrderState.FILLED)
    send("lower", OrderTerms("buy", 2, call, Decimal("0.50"), TimeInForce.GTC), OrderState.WORKING)
    stop = Trigger(TriggerKind.STOP, Decimal("0.50"))
    send("stop", OrderTerms("sell", 1, call, None, TimeInForce.GTC, trigger=stop), OrderState.HELD)
    now = clock.now()
    order = ParentOrder("twap", workspace.account, AlgoKind.TWAP, Side.BUY, 4, put, now, now + timedelta(hours=1), 4)
    algorithms.start(workspace, order)


def _option(strike: int, kind: str) -> str:
    return f"{UNDERLYING} {EXPIRY:%d%b%y}".upper() + f" {strike} {kind}"
