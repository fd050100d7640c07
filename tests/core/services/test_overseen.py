"""A home that follows a server is told before it undoes what an overseer set, and then writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from optionix_core.errors import RefusedError
from optionix_core.market.clock import ManualClock
from optionix_core.services import halts, kill, limits, syncing
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_core.storage.merged_store import MergedEventStore
from optionix_core.sync.event import Event
from optionix_core.trading.halt_records import started_event
from optionix_core.trading.halts import Halt, HaltScope
from optionix_core.trading.kill_switch import ARMED, FIRED
from optionix_core.trading.limit_board import Breach, LimitGrade, LimitKey, LimitLevel, SetLimit
from optionix_core.trading.limit_records import breached_event, set_event
from optionix_core.trading.limits import LimitKind
from tests.core.storage.test_merged_contract import pull, pulled

NOW = datetime(2026, 1, 16, 15, 30, tzinfo=UTC)
OWNER, OVERSEER = str(UUID(int=1)), str(UUID(int=7))
KEY = LimitKey(LimitLevel.ACCOUNT, "paper-1", LimitKind.CONTRACTS, LimitGrade.SOFT)
BREACH = Breach(key=KEY, number=1, figure=Decimal(12), bound=Decimal(10), since=NOW, cause="fill")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(HomeFolders.of(tmp_path), clock=ManualClock(NOW)) as opened:
        syncing.bind(opened, "https://server", OWNER)
        yield opened


def said(workspace: Workspace, by: str) -> None:
    """What came from the server: a limit and its breach, a halt and a kill, all of one person."""
    assert isinstance(workspace.store, MergedEventStore)
    words = {"by": by, "reason": "a storm"}
    events = [
        set_event(SetLimit(key=KEY, bound=Decimal(10), by=by, since=NOW)),
        breached_event(BREACH),
        started_event(Halt(HaltScope.UNDERLYING, "ORBIT", "manual", NOW, None, "news"), by),
        Event("kill/1", ARMED, NOW, words),
        Event("kill/k/fired", FIRED, NOW, {**words, "flatten": False, "kill_id": "k"}),
    ]
    pull(workspace.store, *(pulled(place, event) for place, event in enumerate(events, 1)))


ACTS: dict[str, Callable[[Workspace], object]] = {
    "set": lambda one: limits.set_limit(one, KEY, Decimal(500), "ann"),
    "remove": lambda one: limits.remove_limit(one, KEY, "ann"),
    "acknowledge": lambda one: limits.acknowledge(one, BREACH.id, "ann", "seen"),
    "lift": lambda one: halts.lift(one, HaltScope.UNDERLYING, "ORBIT", by="ann", reason="over"),
    "rearm": lambda one: kill.rearm(one, "ann", "over", "rearm-k"),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_an_overseer_set_is_refused_before_anything_is_written(workspace: Workspace, act: str) -> None:
    said(workspace, OVERSEER)
    before = workspace.store.head()
    with pytest.raises(RefusedError, match=f"by {OVERSEER}.*it is changed on the server") as caught:
        ACTS[act](workspace)
    assert (caught.value.rule, caught.value.exit_code) == ("server-only", 5)
    assert workspace.store.head() == before


@pytest.mark.parametrize("by", [OWNER, "ann"])
@pytest.mark.parametrize("act", ACTS)
def test_what_one_set_oneself_is_changed_at_home(workspace: Workspace, act: str, by: str) -> None:
    said(workspace, by)
    before = workspace.store.head().seq
    ACTS[act](workspace)
    assert workspace.store.head().seq > before
