"""Rules of the gate that only some orders, accounts or settings call for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.market.instruments import Instrument
from optionix_core.market.option_type import OptionType
from optionix_core.market.protocols import FeedState
from optionix_core.market.quote import Quote
from optionix_core.portfolio.values import AccountState, Position
from optionix_core.trading.gate import AccountStatus, GateFacts, GateLimits, check, first_refusal
from optionix_core.trading.limits import BookLimit, LimitFigure, LimitKind, Untold
from optionix_core.trading.orders import OrderIntent, Side, TimeInForce, Trigger, TriggerKind

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
SYMBOL = "SPXW  260320C05000000"
EXPIRES = datetime(2026, 3, 20, 20, 0, tzinfo=UTC)
INSTRUMENT = Instrument(
    SYMBOL,
    "SPXW",
    "SPX",
    EXPIRES.date(),
    EXPIRES,
    OptionType.CALL,
    Decimal(5000),
    Decimal(100),
    "USD",
    "european",
    "PM",
)
POSITION = Position("paper-1", SYMBOL, Decimal(5), Decimal(500), Decimal(0), Decimal(0), NOW)
ACCOUNT = AccountState("paper-1", "local-sim", "USD", Decimal(1000), Decimal(1000), Decimal(0), Decimal(0), (POSITION,))
FACTS = GateFacts(
    now=NOW,
    account=ACCOUNT,
    venue="local-sim",
    feed_state=FeedState.SIMULATED,
    stale_after=timedelta(seconds=30),
    market_open=True,
    instrument=INSTRUMENT,
    quote=Quote(SYMBOL, "test", NOW, NOW, bid=1.0, ask=1.1, bid_size=10, ask_size=10),
    fee=Decimal(1),
    ends_at=EXPIRES,
)
BUY = OrderIntent("a", "paper-1", Side.BUY, 2, SYMBOL, Decimal(1), NOW, TimeInForce.GTC)
SELL = replace(BUY, side=Side.SELL, quantity=5, limit_price=Decimal(2))


def refusal(intent, limits=None, **facts):
    found = first_refusal(check(intent, replace(FACTS, **facts), limits))
    return None if found is None else f"{found.rule}: {found.detail}"


@pytest.mark.parametrize(
    ("intent", "facts", "told"),
    [
        (BUY, {}, None),
        (SELL, {}, None),
        (BUY, {"halted": "SPX is halted by luld: paused"}, "not-halted: SPX is halted by luld: paused"),
        (BUY, {"status": AccountStatus.BLOCKED}, "account-state: paper-1 is blocked"),
        (SELL, {"status": AccountStatus.BLOCKED}, "account-state: paper-1 is blocked"),
        (BUY, {"status": AccountStatus.CLOSE_ONLY}, "account-state: paper-1 is close-only"),
        (SELL, {"status": AccountStatus.CLOSE_ONLY}, None),
        (SELL, {"status": AccountStatus.CLOSE_ONLY, "claimed": 1}, "account-state: paper-1 is close-only"),
        (SELL, {"killed": "kill-1"}, "kill-switch: kill kill-1 is in force"),
        (replace(SELL, tag="kill-1"), {"killed": "kill-1"}, "kill-switch: kill kill-1 is in force"),
        (replace(SELL, tag="kill-1", reduce_only=True), {"killed": "kill-1"}, None),
        (replace(SELL, tag="kill-0", reduce_only=True), {"killed": "kill-1"}, "kill-switch: kill kill-1 is in force"),
        (BUY, {"ends_at": NOW}, "time-in-force: GTC, until 2026-03-10 15:00 UTC"),
        (BUY, {"ends_at": None}, "time-in-force: GTC: the feed does not tell when its session ends"),
        (BUY, {"market_open": False}, "market-open: the market is closed"),
        (BUY, {"now": EXPIRES}, "not-expired: expired 2026-03-20 20:00 UTC"),
        (BUY, {"parent": "p is expired with 0 filled"}, None),
        (replace(BUY, parent="p"), {"parent": "p is expired with 0 filled"}, "parent: p is expired with 0 filled"),
        (BUY, {"reserved": Decimal(799)}, None),
        (BUY, {"reserved": Decimal(800)}, "buying-power: costs 200, fees 1, cash 1000, 800 of it reserved"),
        (replace(SELL, quantity=6), {}, "buying-power: needs margin: 5 held, 6 to sell"),
        (replace(SELL, quantity=6), {"coming": 1}, None),
    ],
)
def test_a_rule_answers_by_name(intent, facts, told):
    assert refusal(intent, **facts) == told


def test_an_order_that_rests_needs_no_touch_and_one_that_takes_does():
    quote = replace(FACTS.quote, ask=None, ask_size=None)
    assert refusal(BUY, quote=quote) is None
    assert refusal(replace(BUY, time_in_force=TimeInForce.IOC), quote=quote) == "quoted: no ask with a displayed size"
    crossed = replace(FACTS.quote, bid=1.2)
    assert refusal(BUY, quote=crossed) == "quoted: the quote is crossed (1.2 over 1.1)"


def test_a_stop_without_a_limit_is_paid_for_at_its_level_and_a_trailing_one_where_it_starts():
    stop = replace(BUY, limit_price=None, trigger=Trigger(TriggerKind.STOP, Decimal("4.9")))
    assert refusal(stop) is None
    dear = replace(stop, trigger=Trigger(TriggerKind.STOP, Decimal(5)))
    assert refusal(dear) == "buying-power: costs 1000, fees 1, cash 1000"
    trailing = replace(stop, trigger=Trigger(TriggerKind.TRAILING, distance=Decimal(1)))
    assert refusal(trailing, level=Decimal("2.1")) is None
    assert refusal(trailing, level=None).startswith("trigger-price: the level of the trailing stop cannot be told")


DELTA_5 = GateLimits(book_limits=(BookLimit(LimitKind.DELTA, Decimal(5)),))
LOSS_5 = GateLimits(book_limits=(BookLimit(LimitKind.DAILY_LOSS, Decimal(5)),))


@pytest.mark.parametrize(
    ("limits", "facts", "told"),
    [
        (GateLimits(maximum_value=Decimal(200)), {}, None),
        (GateLimits(maximum_value=Decimal(199)), {}, "fat-finger: 200, at most 199"),
        (GateLimits(duplicate_within=timedelta(seconds=5)), {"twin_at": NOW - timedelta(seconds=6)}, None),
        (
            GateLimits(duplicate_within=timedelta(seconds=5)),
            {"twin_at": NOW - timedelta(seconds=2)},
            "duplicate: the same terms came 2.0 s ago, at least 5 s must lie between",
        ),
        (GateLimits(maximum_orders=3), {"recent": 2}, None),
        (GateLimits(maximum_orders=3), {"recent": 3}, "message-rate: 4 in 1 s, at most 3"),
        (DELTA_5, {}, "limit-delta: configured, no engine to judge it"),
        (
            DELTA_5,
            {"figures": {LimitKind.DELTA: LimitFigure(Decimal(-2), Decimal(-7))}},
            "limit-delta: -2 before, -7 after, at most 5",
        ),
        (DELTA_5, {"figures": {LimitKind.DELTA: LimitFigure(Decimal(9), Decimal(-7))}}, None),
        (DELTA_5, {"figures": {LimitKind.DELTA: LimitFigure(Decimal(0), Decimal(-5))}}, None),
        (
            DELTA_5,
            {"figures": {LimitKind.DELTA: Untold("no volatility of SPX")}},
            "limit-delta: cannot be told: no volatility of SPX",
        ),
        (LOSS_5, {"figures": {LimitKind.DAILY_LOSS: LimitFigure(Decimal(-70), Decimal(-70))}}, None),
        (
            LOSS_5,
            {"figures": {LimitKind.DAILY_LOSS: LimitFigure(Decimal(6), Decimal(6))}},
            "limit-daily-loss: 6 before, 6 after, at most 5",
        ),
    ],
)
def test_a_limit_that_is_set_is_asked(limits, facts, told):
    assert refusal(BUY, limits, **facts) == told


def test_an_order_that_only_closes_is_spared_where_closing_cannot_raise_the_figure():
    assert refusal(SELL, LOSS_5) is None
    assert refusal(replace(SELL, quantity=6), LOSS_5) == "limit-daily-loss: configured, no engine to judge it"
    assert refusal(SELL, DELTA_5) == "limit-delta: configured, no engine to judge it"


@pytest.mark.parametrize("bound", ["0", "-1", "NaN", "Infinity"])
def test_a_limit_has_a_positive_bound(bound):
    with pytest.raises(InvalidValueError, match="limit-vega must be positive and finite"):
        BookLimit(LimitKind.VEGA, Decimal(bound))


@pytest.mark.parametrize(
    ("side", "price", "passes"),
    [
        ("buy", "1.2", True),
        ("buy", "1.25", False),
        ("buy", "0.05", True),
        ("sell", "0.9", True),
        ("sell", "0.85", False),
    ],
)
def test_a_collar_holds_limits_near_the_touch_that_they_would_take(side, price, passes):
    limits = GateLimits(
        collar_percent=Decimal(10)
    )  # 10% over the ask of 1.10 is 1.21, 10% under the bid of 1.00 is 0.90
    intent = replace(BUY if side == "buy" else SELL, limit_price=Decimal(price))
    answer = next(item for item in check(intent, FACTS, limits) if item.rule == "price-collar")
    assert answer.passed is passes


def test_rules_that_nothing_calls_for_are_not_asked():
    immediate = replace(BUY, time_in_force=TimeInForce.IOC)
    assert len(check(immediate, FACTS)) == 9
    assert check(immediate, FACTS)[-1].rule == "buying-power"
    assert first_refusal(()).rule == "gate"
