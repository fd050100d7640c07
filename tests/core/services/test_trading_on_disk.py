"""Real processes on one real home: killed at each named point, racing each other, and read back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market.clock import ManualClock
from optionix_core.services import book, trading
from optionix_core.services.desk import Desk
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_core.sync.faultpoints import POINTS, VARIABLE
from optionix_core.trading import facts
from optionix_core.trading.orders import OrderState
from optionix_core.trading.records import END_STATES, FILLED, INTENT

MOMENT = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
BUYER = Path(__file__).with_name("buyer.py")


@pytest.fixture(scope="module")
def symbol() -> str:
    """A call near the money that shows at least 20 contracts at its ask."""
    feed = SimulatedFeed()
    underlying = feed.underlyings()[0].symbol
    spot = feed.spot(underlying, MOMENT).last
    for expiry, _ in feed.expiries(underlying, MOMENT)[3:]:
        part = feed.chain(underlying, MOMENT, expiry).slices[0]
        near = sorted(
            zip(part.strikes, part.call.symbols, part.call.ask_size, strict=True), key=lambda row: abs(row[0] - spot)
        )
        found = next((name for _, name, size in near[:6] if name and size >= 20), None)
        if found:
            return found
    pytest.fail("the simulated venue shows nowhere 20 contracts near the money")


@pytest.fixture
def home(tmp_path: Path) -> HomeFolders:
    return HomeFolders.of(tmp_path)


def _open(home: HomeFolders, after: timedelta = timedelta(0)) -> Workspace:
    return Workspace(home, feed=SimulatedFeed(), clock=ManualClock(MOMENT + after))


def _buyer(tmp_path: Path, symbol: str, *order_ids: str, fault: str | None = None) -> subprocess.Popen[str]:
    environment = {key: value for key, value in os.environ.items() if key != VARIABLE}
    if fault is not None:
        environment[VARIABLE] = fault
    command = [sys.executable, str(BUYER), str(tmp_path), MOMENT.isoformat(), "buy", symbol, *order_ids]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _check(workspace: Workspace) -> Counter[str]:
    """Chain, ledger and fold hold together and nothing is there twice; event types by number."""
    verified = workspace.store.verify()
    book.verify(workspace)
    assert verified.events == len(list(workspace.store.read()))
    told = list(facts.read(workspace.store))
    counted: Counter[str] = Counter(fact.event.type for fact in told)
    for kinds in ({INTENT}, set(END_STATES)):
        ids = [fact.event.payload["client_order_id"] for fact in told if fact.event.type in kinds]
        assert len(ids) == len(set(ids))
    return counted


@pytest.mark.fault
@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.parametrize("point", POINTS)
def test_a_buy_killed_at_any_point_leaves_a_ledger_that_balances_and_one_order_when_sent_again(
    tmp_path, home, symbol, point, turn
):
    """`turn` 1 dies in the first order (its opening and intent), 2 in what comes after it."""
    fault = f"{point}:{turn}"
    process = _buyer(tmp_path, symbol, "one", "two", fault=fault)
    said, complained = process.communicate(timeout=60)
    assert process.returncode != 0, f"{fault} was never reached: {said}{complained}"
    assert complained == ""
    acknowledged = [line.split()[0] for line in said.splitlines()]
    with _open(home) as workspace:
        before = _check(workspace)
        assert before[FILLED] >= len(acknowledged)
        for order_id in acknowledged:
            assert workspace.store.find(f"order/{order_id}/end") is not None
    with _open(home, timedelta(seconds=30)) as workspace:
        for order_id in ("one", "two"):
            result = trading.submit(workspace, "buy", 1, symbol, client_order_id=order_id)
            assert result.state is OrderState.FILLED
            assert result.replayed or order_id not in acknowledged
        after = _check(workspace)
        report = book.account(workspace)
    assert (after[INTENT], after[FILLED], after["order.completed"]) == (2, 2, 2)
    assert [item.position.quantity for item in report.positions] == [2]
    assert after["account.opened"] == 1


@pytest.mark.fault
def test_an_order_that_was_cut_off_is_ended_by_the_next_one(tmp_path, home, symbol):
    process = _buyer(tmp_path, symbol, "cut", fault="after-intent")
    process.communicate(timeout=60)
    assert process.returncode != 0
    with _open(home) as workspace:
        assert _check(workspace)[INTENT] == 1
        trading.submit(workspace, "buy", 1, symbol, client_order_id="next")
        assert workspace.store.find("order/cut/end").event.payload["reason"] == "interrupted"
        again = trading.submit(workspace, "buy", 1, symbol, client_order_id="cut")
        assert (again.state, again.fills) == (OrderState.EXPIRED, ())
        assert _check(workspace)[FILLED] == 1


def test_processes_that_race_each_other_trade_once_each_and_a_follower_sees_all(tmp_path, home, symbol):
    with _open(home) as reader:
        assert book.positions(reader).positions == ()
        processes = [_buyer(tmp_path, symbol, *(f"p{number}-{order}" for order in range(5))) for number in range(3)]
        for process in processes:
            said, complained = process.communicate(timeout=120)
            assert (process.returncode, complained) == (0, "")
            assert [line.split()[1:] for line in said.splitlines()] == [["filled", "False"]] * 5
        counted = _check(reader)
        (position,) = book.positions(reader).positions
    assert counted[INTENT] == counted[FILLED] == counted["order.completed"] == 15
    assert position.position.quantity == 15


def test_a_position_expires_at_the_simulated_settlement_price(home, symbol):
    feed = SimulatedFeed()
    instrument = feed.instrument(symbol)
    with _open(home) as workspace:
        trading.submit(workspace, "buy", 1, symbol)
    with _open(home, instrument.expires_at - MOMENT + timedelta(days=2)) as workspace:
        assert book.account(workspace).unmarked[0].reason == "expired, to be settled"
        update = trading.bring_up_to_date(workspace)
        price = feed.settlement_price(instrument.underlying, instrument.expires_at)
        intrinsic = max(0.0, price - float(instrument.strike)) * 100
        assert [(name, key, float(value)) for name, key, value in update.settled] == [
            ("paper-1", symbol, pytest.approx(intrinsic, abs=1e-9))
        ]
        assert book.account(workspace).positions == ()
        _check(workspace)


def test_the_folded_state_survives_the_disk_byte_for_byte(home, symbol):
    with _open(home) as workspace:
        for number in range(4):
            trading.submit(workspace, "buy", 2, symbol, client_order_id=f"n{number}")
        lived = workspace.desk.to_bytes()
    with _open(home) as workspace:
        again = Desk()
        again.follow(workspace.store)
        assert again.to_bytes() == lived


HEAVY = {"numpy", "numba", "scipy", "pandas", "exchange_calendars", "alembic", "textual", "rich", "typer"}


def test_placing_an_order_loads_nothing_heavy(tmp_path, symbol):
    with _open(HomeFolders.of(tmp_path)):
        pass
    program = f"""
import runpy, sys
sys.argv = ["buyer.py", {str(tmp_path)!r}, {MOMENT.isoformat()!r}, "buy", {symbol!r}, "one", "two"]
runpy.run_path({str(BUYER)!r}, run_name="__main__")
print(sorted(set(sys.modules) & {HEAVY!r}))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.splitlines() == ["one filled False", "two filled False", "[]"]
