"""Fires the kill switch in a process of its own: HOME MOMENT ID."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market.clock import ManualClock
from optionix_core.services import kill
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace


def main(home: str, moment: str, kill_id: str) -> None:
    """One kill, without closing the book."""
    clock = ManualClock(datetime.fromisoformat(moment))
    with Workspace(HomeFolders.of(Path(home)), feed=SimulatedFeed(), clock=clock) as workspace:
        kill.fire(workspace, "ada", "stop", kill_id=kill_id)


if __name__ == "__main__":
    main(*sys.argv[1:])
