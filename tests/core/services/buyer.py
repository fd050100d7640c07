"""Places orders on the simulated venue in a process of its own: HOME MOMENT SIDE SYMBOL ID [ID ...]."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market.clock import ManualClock
from optionix_core.services import trading
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace


def main(home: str, moment: str, side: str, symbol: str, *order_ids: str) -> None:
    """One contract for each order id; says the state of each once it is durable."""
    clock = ManualClock(datetime.fromisoformat(moment))
    with Workspace(HomeFolders.of(Path(home)), feed=SimulatedFeed(), clock=clock) as workspace:
        for order_id in order_ids:
            result = trading.submit(workspace, side, 1, symbol, client_order_id=order_id)
            sys.stdout.write(f"{order_id} {result.state} {result.replayed}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
