"""Limits through the services: refused, let through, warned, and every breach in the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from config.scenarios import STRESS_LIBRARY
from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.market.clock import ManualClock
from optionix_core.risk import stress_library
from optionix_core.services import limit_watch, limits, trading
from optionix_core.services.desk import Desk
from optionix_core.services.feeds import open_feed
from optionix_core.services.home import HomeFolders
from optionix_core.services.limit_figures import RiskLimitEngine
from optionix_core.services.trading import OrderTerms
from optionix_core.services.workspace import Workspace
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading.gate import GateLimits
from optionix_core.trading.halt_rules import NO_RULES, TradingRules
from optionix_core.trading.limit_board import LimitGrade, LimitKey, LimitLevel, key_of_text
from optionix_core.trading.limit_records import ACKNOWLEDGED, BREACHED, CLEARED
from optionix_core.trading.limits import BookLimit, LimitKind
from optionix_core.trading.orders import OrderState

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
RULES = TradingRules(halts=NO_RULES)


@pytest.fixture(scope="module")
def sim():
    return open_feed("sim", seed=7, session="continuous")


@pytest.fixture(scope="module")
def call(sim):
    """The call at the money of the fifth expiry of ORBIT."""
    found = sim.chain("ORBIT", NOW).slices[4]
    return found.call.symbols[int(abs(found.strikes - sim.spot("ORBIT", NOW).mid).argmin())]


@pytest.fixture
def clock():
    return ManualClock(NOW)


@pytest.fixture
def store():
    return MemoryEventStore()


@pytest.fixture
def desk_of(tmp_path, sim, clock, store):
    def make(account="paper-1", rules=RULES, engine=None):
        engine = RiskLimitEngine(lambda: stress_library.read(STRESS_LIBRARY)) if engine is None else engine
        folders = HomeFolders.of(tmp_path)
        return Workspace(folders, account=account, store=store, feed=sim, clock=clock, rules=rules, limit_engine=engine)

    return make


def key(kind, level="account", name="paper-1", grade="hard"):
    return LimitKey(LimitLevel(level), name, LimitKind(kind), LimitGrade(grade))


def events(store, *types):
    return [record.event for record in store.read() if record.event.type in types]


def figure(workspace, kind):
    """By a limit that binds nothing."""
    found = limits.set_limit(workspace, key(kind, grade="soft"), Decimal(10**9), "test")
    report = limits.report(workspace)
    limits.remove_limit(workspace, found.key, "test")
    return next(one for one in report.limits if one.limit.key == found.key).figure


def test_a_hard_limit_refuses_the_order_that_would_break_it_and_lets_through_what_reduces(desk_of, call, store):
    workspace = desk_of()
    assert trading.submit(workspace, "buy", 2, call).fills
    two = figure(workspace, "limit-delta")
    # Room for three contracts, not for four.
    limits.set_limit(workspace, key("limit-delta"), (two * Decimal("1.7")).quantize(Decimal("0.01")), "risk")
    refused = trading.submit(workspace, "buy", 2, call)
    assert refused.state is OrderState.REJECTED
    assert refused.reason.startswith("limit-delta: ")
    assert "at most" in refused.reason
    assert trading.submit(workspace, "buy", 1, call).fills
    # Beyond the bound nothing is let through but what comes nearer.
    limits.set_limit(workspace, key("limit-delta"), (two * Decimal("0.2")).quantize(Decimal("0.01")), "risk")
    assert trading.submit(workspace, "buy", 1, call).state is OrderState.REJECTED
    assert trading.submit(workspace, "sell", 1, call).fills
    assert len(events(store, BREACHED)) == 1


KINDS = (
    *("limit-delta", "limit-gamma", "limit-vega", "limit-theta", "limit-value-at-risk"),
    *("limit-expected-shortfall", "limit-stress-loss", "limit-concentration", "limit-margin-use", "limit-contracts"),
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_refuses_a_larger_book(desk_of, call, kind):
    workspace = desk_of()
    assert trading.submit(workspace, "buy", 1, call).fills
    one = abs(figure(workspace, kind))
    assert one > 0
    bound = one * (Decimal("0.5") if kind == "limit-concentration" else Decimal("1.5"))
    limits.set_limit(workspace, key(kind), bound, "risk")
    refused = trading.submit(workspace, "buy", 2, call)
    assert refused.reason.startswith(kind)
    assert trading.submit(workspace, "sell", 1, call).fills


def test_a_fill_that_breaks_a_soft_limit_is_a_breach_in_the_same_transaction(desk_of, call, store):
    workspace = desk_of()
    limits.set_limit(workspace, key("limit-delta", grade="soft"), Decimal(1), "risk")
    result = trading.submit(workspace, "buy", 1, call)
    assert result.fills
    warned = next(check for check in result.checks if check.rule == "limit-delta")
    assert warned.passed
    assert warned.detail.startswith("soft, warns: ")
    (breach,) = events(store, BREACHED)
    assert breach.payload["cause"] == "fill"
    assert breach.time >= result.fills[0].filled_at
    records = [record.event.type for record in store.read()]
    assert records[-1] == BREACHED
    assert workspace.desk.orders.limits.breaches[0].figure > 1


def test_a_breach_by_the_market_begins_and_ends_in_the_log(desk_of, call, clock, store):
    workspace = desk_of()
    assert trading.submit(workspace, "buy", 5, call).fills
    bound = (figure(workspace, "limit-delta") * Decimal("1.0002")).quantize(Decimal("0.0001"))
    limits.set_limit(workspace, key("limit-delta", grade="soft"), bound, "risk")
    for hours in range(1, 40):
        clock.moment = NOW + timedelta(hours=hours)
        (standing,) = limits.report(workspace).limits
        # What is beyond its bound has a breach that stands, and what is not has none.
        assert (standing.breach is not None) == standing.beyond
        told = events(store, BREACHED, CLEARED)
        if len(told) == 2:
            break
    assert [event.type for event in told] == [BREACHED, CLEARED]
    assert told[0].payload["cause"] == "market"
    assert Decimal(told[0].payload["figure"]) > bound >= Decimal(told[1].payload["figure"])


def test_market_moves_are_looked_at_every_five_seconds_at_most(desk_of, call, clock, monkeypatch):
    workspace = desk_of()
    assert trading.submit(workspace, "buy", 1, call).fills
    limits.set_limit(workspace, key("limit-delta"), Decimal(10**6), "risk")
    asked = []
    found = limit_watch.standing_answers
    monkeypatch.setattr(limit_watch, "standing_answers", lambda *given: asked.append(1) or found(*given))
    for seconds in (1, 2, 3, 6, 7, 12):
        clock.moment = NOW + timedelta(seconds=seconds)
        limit_watch.look(workspace)
    assert len(asked) == 2


def test_a_breach_is_over_once_cleared_and_acknowledged(desk_of, call, store):
    workspace = desk_of()
    limits.set_limit(workspace, key("limit-delta", grade="soft"), Decimal(1), "risk")
    assert trading.submit(workspace, "buy", 1, call).fills
    (breach,) = limits.report(workspace).breaches
    limits.acknowledge(workspace, breach.id, "ana", "seen, will reduce")
    (seen,) = limits.report(workspace).breaches
    assert (seen.by, seen.note, seen.cleared_at) == ("ana", "seen, will reduce", None)
    with pytest.raises(InvalidValueError, match="not acknowledged yet: ana has"):
        limits.acknowledge(workspace, breach.id, "bob", "too")
    assert trading.submit(workspace, "sell", 1, call).fills
    assert limits.report(workspace).breaches == ()
    assert [event.type for event in events(store, BREACHED, ACKNOWLEDGED, CLEARED)] == [BREACHED, ACKNOWLEDGED, CLEARED]
    assert [record.event.type for record in limits.history(workspace)] == [BREACHED, ACKNOWLEDGED, CLEARED]
    # The next one has its own number.
    assert trading.submit(workspace, "buy", 1, call).fills
    assert limits.report(workspace).breaches[0].id == "limit/account/paper-1/limit-delta/soft/breach/2"
    with pytest.raises(UnknownNameError, match="unknown breach"):
        limits.acknowledge(workspace, breach.id, "ana", "again")


def test_a_desks_limit_binds_the_sum_of_its_accounts(desk_of, call):
    one, other = desk_of(), desk_of("paper-2")
    assert trading.submit(one, "buy", 2, call).fills
    two = figure(one, "limit-delta")
    for account in ("paper-1", "paper-2"):
        limits.group(one, account, "risk", "ana", "vol")
    bound = (two * Decimal("1.2")).quantize(Decimal("0.01"))
    limits.set_limit(one, key("limit-delta", "desk", "vol"), bound, "risk")
    refused = trading.submit(other, "buy", 1, call)
    assert refused.reason.startswith("limit-delta of desk vol: ")
    # An account that belongs to no desk is free.
    assert trading.submit(desk_of("paper-3"), "buy", 1, call).fills
    # The same limit on the user, whose accounts are the same.
    limits.remove_limit(one, key("limit-delta", "desk", "vol"), "risk")
    limits.set_limit(one, key("limit-delta", "user", "ana"), bound, "risk")
    assert trading.submit(other, "buy", 1, call).reason.startswith("limit-delta of user ana: ")
    limits.group(one, "paper-2", "risk", None, None)
    assert trading.submit(other, "buy", 1, call).fills


def test_open_orders_count_so_that_two_cannot_pass_one_after_the_other(desk_of, sim, call):
    workspace = desk_of()
    assert trading.submit(workspace, "buy", 2, call).fills
    two = figure(workspace, "limit-delta")
    limits.set_limit(workspace, key("limit-delta"), (two * Decimal("2.2")).quantize(Decimal("0.01")), "risk")
    price = Decimal(str(sim.quote(call, NOW).bid)) / 2
    resting = OrderTerms("buy", 2, call, price.quantize(Decimal("0.05")), time_in_force="GTC")
    assert trading.place(workspace, resting).state is OrderState.WORKING
    refused = trading.place(workspace, resting)
    assert refused.reason.startswith("limit-delta: ")


def test_a_figure_that_cannot_be_told_refuses(desk_of, sim, call):
    class Blind:
        def __getattr__(self, name):
            return getattr(sim, name)

        def history(self, underlying, until):
            found = sim.history(underlying, until)
            return type(found)(
                *(
                    getattr(found, name)[-20:] if name not in ("underlying", "source") else getattr(found, name)
                    for name in found.__slots__
                )
            )

    workspace = desk_of()
    limits.set_limit(workspace, key("limit-value-at-risk"), Decimal(10**9), "risk")
    workspace._feed = Blind()
    refused = trading.submit(workspace, "buy", 1, call)
    assert refused.reason.startswith("limit-value-at-risk: cannot be told: 250 daily moves are needed and 19 are there")


def test_limits_of_the_settings_are_watched_too(desk_of, call, store):
    strict = TradingRules(GateLimits(book_limits=(BookLimit(LimitKind.VEGA, Decimal("0.5")),)), NO_RULES)
    free, bound = desk_of(), desk_of(rules=strict)
    assert trading.submit(free, "buy", 1, call).fills
    report = limits.report(bound)
    assert report.limits[0].limit.by == "settings"
    assert len(report.breaches) == 1
    assert trading.submit(bound, "buy", 1, call).reason.startswith("limit-vega: ")
    assert trading.submit(bound, "sell", 1, call).fills
    assert [event.type for event in events(store, BREACHED, CLEARED)] == [BREACHED, CLEARED]


def test_a_daily_loss_refuses_what_opens_and_lets_through_what_closes(desk_of, call, clock):
    workspace = desk_of()
    assert trading.submit(workspace, "buy", 3, call).fills
    # Bought at the ask and marked at the mid, with fees: a loss of the day.
    loss = figure(workspace, "limit-daily-loss")
    assert loss > 0
    limits.set_limit(workspace, key("limit-daily-loss"), (loss / 2).quantize(Decimal("0.01")), "risk")
    assert trading.submit(workspace, "buy", 1, call).reason.startswith("limit-daily-loss: ")
    assert trading.submit(workspace, "sell", 1, call).fills


def test_the_board_is_the_same_however_it_is_folded(desk_of, call, store):
    workspace = desk_of()
    limits.group(workspace, "paper-1", "risk", "ana", None)
    limits.set_limit(workspace, key("limit-delta", grade="soft"), Decimal(1), "risk")
    limits.set_limit(workspace, key("limit-vega", "user", "ana"), Decimal(5000), "risk")
    assert trading.submit(workspace, "buy", 1, call).fills
    (breach,) = limits.report(workspace).breaches
    limits.acknowledge(workspace, breach.id, "ana", "seen")
    folded = Desk()
    folded.follow(store)
    assert folded.to_bytes() == workspace.desk.to_bytes()
    assert folded.orders.limits == workspace.desk.orders.limits
    again = type(folded.orders).of_state(folded.orders.state())
    assert again.limits == folded.orders.limits


def test_what_is_no_limit_is_refused(desk_of):
    workspace = desk_of()
    with pytest.raises(InvalidValueError, match="limit-delta must be positive and finite"):
        limits.set_limit(workspace, key("limit-delta"), Decimal(0), "risk")
    with pytest.raises(InvalidValueError, match="desk must be 1 to 32 letters"):
        limits.set_limit(workspace, key("limit-delta", "desk", "two words"), Decimal(1), "risk")
    with pytest.raises(UnknownNameError, match="unknown limit"):
        limits.remove_limit(workspace, key("limit-delta"), "risk")
    with pytest.raises(InvalidValueError, match="LEVEL/NAME/KIND/GRADE"):
        key_of_text("account/paper-1")
