"""A terminal on a home of its own, at a moment that stands still."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from optionix_core.market.clock import ManualClock
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_tui.app import OptionixApp
from tests.core.services.desk_of_orders import work
from tests.tui.rest import until_at_rest

MOMENT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
SEED = 20
PATIENCE = 120.0


@pytest.fixture(autouse=True)
def idle_is_the_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pilot waits after each key until the interface rests: the other threads never do."""
    for place in ("textual.app", "textual.pilot"):
        monkeypatch.setattr(f"{place}.wait_for_idle", until_at_rest)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MOMENT)


@pytest.fixture
def open_workspace(tmp_path: Path, clock: ManualClock) -> Callable[[], Workspace]:
    """Opens the same home again and again, as several processes do."""

    def opened() -> Workspace:
        return Workspace.open(HomeFolders.of(tmp_path), clock=clock, seed=SEED)

    return opened


@pytest.fixture
def make_app(open_workspace: Callable[[], Workspace]) -> Callable[..., OptionixApp]:
    def made(**options: object) -> OptionixApp:
        return OptionixApp(open_workspace(), **{"rate": 5.0, **options})  # type: ignore[arg-type] # options of the app

    return made


@pytest.fixture
def desk(open_workspace: Callable[[], Workspace], clock: ManualClock) -> None:
    """A home whose account has orders in every state, an algorithm and an alert."""
    with open_workspace() as workspace:
        work(workspace, clock)
