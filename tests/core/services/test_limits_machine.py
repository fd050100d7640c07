"""Random orders and random hours: whatever happened, the log has a breach for every figure beyond its bound."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from optionix_core.market.clock import ManualClock
from optionix_core.services import limits, trading
from optionix_core.services.desk import Desk
from optionix_core.services.feeds import open_feed
from optionix_core.services.home import HomeFolders
from optionix_core.services.limit_figures import RiskLimitEngine
from optionix_core.services.workspace import Workspace
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading.halt_rules import NO_RULES, TradingRules
from optionix_core.trading.limit_board import LimitGrade, LimitKey, LimitLevel
from optionix_core.trading.limit_records import BREACHED, CLEARED
from optionix_core.trading.limits import SIGNED, LimitKind

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
BOUNDS = {LimitKind.DELTA: 500, LimitKind.VEGA: 150, LimitKind.THETA: 40, LimitKind.CONCENTRATION: 70}


@pytest.mark.parametrize(
    ("seed", "steps"), [(1, 6), *(pytest.param(seed, 25, marks=pytest.mark.soak) for seed in range(2, 8))]
)
def test_no_figure_is_beyond_its_bound_without_a_breach_that_stands(seed, steps, tmp_path):
    numbers = random.Random(seed)
    sim, store, clock = open_feed("sim", seed=seed, session="continuous"), MemoryEventStore(), ManualClock(NOW)
    desks = [
        Workspace(
            HomeFolders.of(tmp_path),
            account=name,
            store=store,
            feed=sim,
            clock=clock,
            rules=TradingRules(halts=NO_RULES),
            limit_engine=RiskLimitEngine(),
        )
        for name in ("paper-1", "paper-2")
    ]
    for name in ("paper-1", "paper-2"):
        limits.group(desks[0], name, "risk", "ana", "vol")
    for kind, bound in BOUNDS.items():
        for level, name in ((LimitLevel.ACCOUNT, "paper-1"), (LimitLevel.DESK, "vol")):
            key = LimitKey(level, name, kind, LimitGrade.SOFT)
            limits.set_limit(desks[0], key, Decimal(bound), "risk")
    options = []
    for name in ("ORBIT", "QUASAR"):
        item = sim.chain(name, NOW).slices[5]
        row = int(abs(item.strikes - sim.spot(name, NOW).mid).argmin())
        options += [item.call.symbols[row], item.put.symbols[row - 1]]
    for _ in range(steps):
        clock.advance(timedelta(minutes=numbers.choice((1, 60, 600))))
        workspace = numbers.choice(desks)
        trading.submit(workspace, numbers.choice(("buy", "sell")), numbers.randint(1, 4), numbers.choice(options))
        board = workspace.desk.orders.limits
        after_fill = {one.key for one in board.breaches if one.cleared_at is None}
        report = limits.report(workspace)
        for standing in report.limits:
            if standing.reason == "no account that it binds is open":
                assert standing.breach is None
                continue
            assert standing.figure is not None
            size = abs(standing.figure) if standing.limit.key.kind in SIGNED else standing.figure
            assert (size > standing.limit.bound) == (standing.breach is not None)
            # Nothing moved since: what the fill's own transaction told is what a second look finds.
            assert (standing.limit.key in after_fill) == (standing.breach is not None)
    told = [record.event for record in store.read() if record.event.type in (BREACHED, CLEARED)]
    assert any(event.type == BREACHED for event in told)
    open_ones: set[str] = set()
    for event in told:
        name = event.id.removesuffix("/cleared")
        assert (event.type == CLEARED) == (name in open_ones)
        open_ones ^= {name}
    folded = Desk()
    folded.follow(store)
    assert {one.id for one in folded.orders.limits.breaches if one.cleared_at is None} == open_ones
