"""What the state of an account does to orders: the gate's answer, what rests, the lease, and the engine of limits."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from steady_feed import CALL, CALL_110, PUT, START

from optionix_core.errors import InvalidValueError, RefusedError
from optionix_core.market.clock import ManualClock
from optionix_core.services import account_standing, kill, orders, trading
from optionix_core.services.desk import Desk
from optionix_core.services.trading import OrderTerms
from optionix_core.trading.account_standing import (
    STATE_SET,
    AccountStatus,
    Standing,
    effective,
    standing_event,
    standing_of,
)
from optionix_core.trading.fold import OrderFold
from optionix_core.trading.gate import GateLimits
from optionix_core.trading.halt_rules import TradingRules
from optionix_core.trading.limits import BookLimit, LimitFigure, LimitKind, Untold
from optionix_core.trading.orders import OrderState, TimeInForce

ACTIVE, CLOSE_ONLY, BLOCKED = AccountStatus.ACTIVE, AccountStatus.CLOSE_ONLY, AccountStatus.BLOCKED
WHO = {"by": "ada", "reason": "under review"}
GTC, IOC = TimeInForce.GTC, TimeInForce.IOC


@pytest.fixture
def at(workspace_on, told):
    """Workspaces of their own process, so many seconds after the start."""

    def make(seconds: float = 0, **choices):
        return workspace_on(feed=told, clock=ManualClock(START + timedelta(seconds=seconds)), **choices)

    return make


def place(workspace, name, side="buy", limit="4.5", quantity=2, symbol=CALL, force=GTC, **terms):
    price = None if limit is None else Decimal(limit)
    return trading.place(workspace, OrderTerms(side, quantity, symbol, price, force, **terms), name)


def opened(at):
    """An account that holds two calls."""
    assert place(at(), "first", limit=None, force=IOC).state is OrderState.FILLED


def test_a_blocked_account_is_refused_everything_with_its_reason_and_the_code_of_a_refusal(at):
    opened(at)
    account_standing.set_state(at(1), BLOCKED, **WHO)
    for side in ("buy", "sell"):
        refused = place(at(2), side, side, limit=None, quantity=1, force=IOC)
        assert refused.state is OrderState.REJECTED
        assert refused.reason == "account-state: paper-1 is blocked: under review"
        with pytest.raises(RefusedError, match="account-state: paper-1 is blocked: under review") as caught:
            trading.raise_for_state(refused)
        assert caught.value.exit_code == 5


def test_close_only_lets_pass_what_closes_and_nothing_else(at):
    opened(at)
    account_standing.set_state(at(1), CLOSE_ONLY, **WHO)
    assert place(at(2), "more", limit=None, quantity=1, force=IOC).reason.startswith("account-state: ")
    assert place(at(2), "other", symbol=PUT, limit=None, quantity=1, force=IOC).reason.startswith("account-state: ")
    assert place(at(2), "too-many", "sell", limit=None, quantity=3, force=IOC).reason.startswith("account-state: ")
    assert place(at(2), "close", "sell", limit=None, quantity=2, force=IOC).state is OrderState.FILLED
    account_standing.set_state(at(3), ACTIVE, **WHO)
    assert place(at(4), "again", limit=None, quantity=1, force=IOC).state is OrderState.FILLED


def test_setting_a_state_ends_what_it_does_not_allow_in_one_transaction(at, store):
    opened(at)
    place(at(), "entry")
    place(at(), "exit", "sell", "6", quantity=2, symbol=CALL, parent="entry")
    place(at(), "take", "sell", "6", quantity=1)
    place(at(), "take-too", "sell", "6.5", quantity=1)
    report = account_standing.set_state(at(1), CLOSE_ONLY, **WHO)
    assert report.ended == ("entry", "exit")
    assert store.find("order/exit/end") is not None
    assert store.find("order/entry/end").event.payload["reason"] == "account-state: paper-1 is close-only: under review"
    assert orders.show(at(2), "take").order.state is OrderState.WORKING
    assert account_standing.set_state(at(3), BLOCKED, **WHO).ended == ("take", "take-too")
    desk = Desk()
    desk.follow(store)
    assert desk.orders.open_orders() == ()


def test_what_rests_under_close_only_never_opens_the_other_side(at, told, store):
    opened(at)
    account_standing.set_state(at(1), CLOSE_ONLY, **WHO)
    assert place(at(2), "take", "sell", "6", quantity=2).state is OrderState.WORKING
    kept = place(at(2), "now", "sell", limit=None, quantity=1, force=IOC)
    assert kept.reason.startswith("account-state: ")  # the resting one closes all that is held
    told.tell(3, CALL, 6.0, 6.2)
    trading.bring_up_to_date(at(4))
    assert store.find("order/take/fill-1").event.payload["quantity"] == 2


def test_past_its_lease_an_account_only_closes(at, told, store):
    opened(at)
    ends = START + timedelta(seconds=10)
    account_standing.set_state(at(1), ACTIVE, **WHO, lease_until=ends)
    place(at(2), "rests", limit="4.5", quantity=1)
    assert account_standing.state(at(9)).status is ACTIVE
    late = account_standing.state(at(10))
    assert (late.status, late.reason) == (CLOSE_ONLY, "its lease ended 2026-03-10 15:00:10 UTC")
    refused = place(at(11), "late", limit=None, quantity=1, force=IOC)
    assert refused.reason == "account-state: paper-1 is close-only: its lease ended 2026-03-10 15:00:10 UTC"
    told.tell(12, CALL, 4.2, 4.4)
    trading.bring_up_to_date(at(13))
    assert store.find("order/rests/fill-1") is None
    assert store.find("order/rests/end").event.payload["reason"].startswith("account-state: paper-1 is close-only")
    assert place(at(14), "close", "sell", limit=None, quantity=2, force=IOC).state is OrderState.FILLED


def test_an_account_can_be_blocked_before_its_first_order(at):
    account_standing.set_state(at(), BLOCKED, **WHO)
    assert place(at(1), "a").reason == "account-state: paper-1 is blocked: under review"


def test_a_venue_that_leases_needs_a_lease_and_the_one_on_this_device_does_not():
    """ARCHITECTURE of the venue kinds: `local-sim` needs no lease, `server-paper` and `live` do."""
    assert effective(None, "local-sim", START) == (ACTIVE, None)
    assert effective(None, "server-paper", START) == (CLOSE_ONLY, "no lease, which server-paper needs")
    kept = Standing("a", ACTIVE, START, "ada", "checked", 1, START + timedelta(hours=24))
    assert effective(kept, "live", START + timedelta(hours=23, minutes=59)) == (ACTIVE, "checked")
    assert effective(kept, "live", START + timedelta(hours=24))[0] is CLOSE_ONLY
    blocked = Standing("a", BLOCKED, START, "ada", "fraud")
    assert effective(blocked, "live", START) == (BLOCKED, "fraud")


def test_a_state_comes_back_from_its_event_and_from_the_canonical_form(at, store):
    opened(at)
    account_standing.set_state(at(1), BLOCKED, **WHO)
    account_standing.set_state(at(2), ACTIVE, **WHO, lease_until=START + timedelta(hours=1))
    told = [standing_of(record.event) for record in store.read() if record.event.type == STATE_SET]
    assert [standing_event(one).id for one in told] == ["account/paper-1/state/1", "account/paper-1/state/2"]
    desk = Desk()
    desk.follow(store)
    assert desk.orders.standings == {"paper-1": told[-1]}
    assert OrderFold.of_state(desk.orders.state()).standings == {"paper-1": told[-1]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reason": ""}, "reason must be 1 to 200 printable"),
        ({"lease_until": START}, "lease_until must be after"),
        ({"status": BLOCKED, "lease_until": START + timedelta(hours=1)}, "lease_until must be absent"),
    ],
)
def test_a_malformed_state_is_named_and_not_written(at, store, changes, words):
    opened(at)
    before = store.head()
    given = {"status": ACTIVE, **WHO, **changes}
    with pytest.raises(InvalidValueError, match=words):
        account_standing.set_state(at(1), given.pop("status"), **given)
    assert store.head() == before


class Engine:
    """Counts contracts as delta; answers nothing of vega."""

    kinds = frozenset({LimitKind.DELTA, LimitKind.STRESS_LOSS})

    def __init__(self):
        self.asked = []

    def figures(self, question, kinds):
        held = sum((item.quantity for item in question.account.positions), Decimal(0))
        after = held
        if question.intent is not None:
            self.asked.append((question, kinds))
            after += question.intent.side.sign * question.intent.quantity
        answers = {LimitKind.DELTA: LimitFigure(held, after), LimitKind.STRESS_LOSS: Untold("no scenarios")}
        return {kind: answers[kind] for kind in kinds}


def rules(*kinds):
    return TradingRules(GateLimits(book_limits=tuple(BookLimit(kind, Decimal(3)) for kind in kinds)))


def test_an_engine_is_asked_what_is_set_and_the_bound_is_judged_by_the_gate(at):
    engine = Engine()
    choices = {"rules": rules(LimitKind.DELTA), "limit_engine": engine}
    assert place(at(**choices), "a", limit=None, force=IOC).state is OrderState.FILLED
    place(at(1, **choices), "rests", quantity=1)
    refused = place(at(2, **choices), "b", limit=None, force=IOC)
    assert refused.reason == "limit-delta: 2 before, 4 after, at most 3"
    question, kinds = engine.asked[-1]
    assert kinds == {LimitKind.DELTA}
    assert [one.intent.client_order_id for one in question.orders] == ["rests"]
    assert (question.intent.client_order_id, question.account.account) == ("b", "paper-1")
    check = next(
        item
        for item in trading.preview_terms(at(3, **choices), OrderTerms("buy", 1, CALL)).checks
        if item.rule == "limit-delta"
    )
    assert (check.passed, check.detail) == (True, "2 before, 3 after, at most 3")


def test_a_limit_without_its_engine_and_one_that_cannot_be_told_refuse_by_name(at):
    vega = {"rules": rules(LimitKind.VEGA), "limit_engine": Engine()}
    assert place(at(**vega), "a").reason == "limit-vega: configured, no engine to judge it"
    stress = {"rules": rules(LimitKind.STRESS_LOSS), "limit_engine": Engine()}
    assert place(at(**stress), "b").reason == "limit-stress-loss: cannot be told: no scenarios"
    assert place(at(rules=rules(LimitKind.DELTA)), "c").reason == "limit-delta: configured, no engine to judge it"


def test_no_limit_keeps_a_kill_from_closing(at):
    assert place(at(), "a", limit=None, force=IOC).state is OrderState.FILLED
    strict = {"rules": TradingRules(GateLimits(maximum_quantity=1))}
    assert place(at(1, **strict), "b", limit=None, force=IOC).reason == "quantity: 2, allowed 1 to 1"
    kill.arm(at(2, **strict), **WHO)
    assert kill.fire(at(3, **strict), **WHO, flatten=True).held == ()


def test_limits_that_are_set_hold_for_what_is_triggered_and_amended_too(at, told, store):
    strict = {"rules": TradingRules(GateLimits(collar_percent=Decimal(5)))}
    place(at(**strict), "a", limit="1.0", quantity=1, symbol=CALL_110)
    refused = orders.amend(at(1, **strict), "a", orders.Amendment("x", limit_price=Decimal("1.2")))
    assert [item.rule for item in refused.checks if not item.passed] == ["price-collar"]
