"""Five simulated days of an account explained: the parts sum to what its net liquidation value did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.market.clock import ManualClock
from optionix_core.risk.explained import TERMS, GreeksOf, gross_moves
from optionix_core.services import book, trading
from optionix_core.services.feeds import open_feed, record
from optionix_core.services.home import HomeFolders
from optionix_core.services.risk_explain import explain_days, explain_period
from optionix_core.services.workspace import Workspace
from optionix_core.sync.memory import MemoryEventStore

START = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
DAYS = tuple(START + timedelta(days=day) for day in range(6))


@pytest.fixture(scope="module")
def sim():
    return open_feed("sim", seed=7, session="continuous")


@pytest.fixture(scope="module")
def days(sim, tmp_path_factory):
    """An account that trades on the first, second and fourth of five days, with its value at each end."""
    clock = ManualClock(START - timedelta(hours=2))
    home = HomeFolders.of(tmp_path_factory.mktemp("home"))
    workspace = Workspace(home, store=MemoryEventStore(), feed=sim, clock=clock)
    chain = sim.chain("ORBIT", START)
    near, far = chain.slices[5], chain.slices[8]
    spot = sim.spot("ORBIT", START).mid

    def strike(item, ratio, side):
        row = int(abs(item.strikes - ratio * spot).argmin())
        return (item.call if side == "call" else item.put).symbols[row]

    bought = (strike(near, 1.0, "call"), strike(near, 0.97, "put"), strike(far, 1.05, "call"), strike(far, 0.92, "put"))
    values = []
    for number, moment in enumerate(DAYS):
        if number == 0:
            for symbol in bought:
                assert trading.submit(workspace, "buy", 2, symbol).fills
        clock.moment = moment - timedelta(hours=1)
        if number == 1:
            assert trading.submit(workspace, "sell", 1, bought[0]).fills
        if number == 4:
            assert trading.submit(workspace, "sell", 2, bought[1]).fills
            assert trading.submit(workspace, "buy", 3, strike(near, 1.02, "call")).fills
        clock.moment = moment
        values.append(book.account(workspace).nlv)
    return workspace, values


def test_each_day_sums_to_the_change_of_net_liquidation_value(days):
    workspace, values = days
    for number, period in enumerate(explain_days(workspace, DAYS)):
        total = period.explained.total()
        assert Decimal(repr(total["actual"])) == pytest.approx(values[number + 1] - values[number], abs=Decimal("0.01"))
        assert sum(total[name] for name in TERMS) + total["residual"] == pytest.approx(total["actual"], abs=1e-9)
        assert period.left_out == ()


@pytest.mark.parametrize(("greeks", "bound"), [(GreeksOf.PATH, 1e-6), (GreeksOf.START, 0.03)])
def test_the_residual_of_every_liquid_position_is_below_three_percent(days, greeks, bound):
    workspace, _ = days
    for period in explain_days(workspace, DAYS, greeks):
        for parts in period.explained.by_position().values():
            assert abs(parts["residual"]) <= bound * gross_moves(parts)


def test_five_recorded_days_are_explained_as_the_days_themselves(days, sim, tmp_path):
    workspace, _ = days
    home = HomeFolders.of(tmp_path)
    report = record(
        sim, home, "days", ManualClock(START), underlyings=["ORBIT"], interval=timedelta(days=1), count=6, start=START
    )
    assert report.path.is_file()
    replayed = open_feed("replay:days", home=home)
    recorded = Workspace(home, store=workspace.store, feed=sim, venue_feed=replayed, clock=ManualClock(DAYS[-1]))
    for period, lived in zip(explain_days(recorded, DAYS), explain_days(workspace, DAYS), strict=True):
        total = period.explained.total()
        assert total == pytest.approx(lived.explained.total(), abs=1e-6)
        for parts in period.explained.by_position().values():
            assert abs(parts["residual"]) <= 0.03 * gross_moves(parts)


def test_days_with_trades_tell_what_the_trades_brought(days):
    workspace, _ = days
    periods = explain_days(workspace, DAYS)
    traded = [period.explained.total()["new_trades"] != 0.0 for period in periods]
    fees = [period.explained.total()["fees"] for period in periods]
    assert traded == [True, False, False, True, False]
    assert [fee < 0 for fee in fees] == traded


def test_the_whole_stretch_is_worth_as_much_as_its_days(days):
    workspace, values = days
    whole = explain_period(workspace, DAYS[0], DAYS[-1]).explained.total()
    assert whole["actual"] == pytest.approx(float(values[-1] - values[0]), abs=0.01)
    assert abs(whole["residual"]) < 1e-4 * gross_moves(whole)


def test_a_position_that_settles_on_the_way_ends_at_its_settlement(sim, tmp_path):
    chain = sim.chain("ORBIT", START)
    first = chain.slices[1]
    row = int(abs(first.strikes - sim.spot("ORBIT", START).mid).argmin())
    symbol = first.call.symbols[row]
    clock = ManualClock(START)
    workspace = Workspace(HomeFolders.of(tmp_path), store=MemoryEventStore(), feed=sim, clock=clock)
    assert trading.submit(workspace, "buy", 2, symbol).fills
    clock.advance(timedelta(minutes=1))
    begin, before = clock.now(), book.account(workspace).nlv
    clock.moment = first.expires_at + timedelta(hours=1)
    found = explain_period(workspace, begin, clock.now())
    after = book.account(workspace).nlv
    total = found.explained.total()
    assert total["actual"] == pytest.approx(float(after - before), abs=0.01)
    assert found.explained.ids == (symbol,)
    # Bought and settled in between: a trade, and nothing held at either end.
    whole = explain_period(workspace, START - timedelta(minutes=1), clock.now()).explained.total()
    assert whole["new_trades"] == pytest.approx(whole["actual"])
    assert whole["actual"] == pytest.approx(float(after) - 100_000.0, abs=0.01)


def test_a_period_runs_forwards_and_ends_by_now(days):
    workspace, _ = days
    with pytest.raises(InvalidValueError, match="period must be forwards"):
        explain_period(workspace, DAYS[1], DAYS[0])
    with pytest.raises(InvalidValueError, match="period must be forwards"):
        explain_period(workspace, DAYS[0], DAYS[-1] + timedelta(days=1))
    with pytest.raises(InvalidValueError, match="moments must be at least two"):
        explain_days(workspace, DAYS[:1])
