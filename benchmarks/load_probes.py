"""The workstation as a probe drives it: `python -m benchmarks.load_probes NAME FILE`, on a pseudo-terminal.

`load`: quotes at twenty frames a second on a market whose time runs twenty times as fast, whole chains read beside it,
value at risk of a book over and over in another thread. After the frame that a key led to, the terminal is sent a mark.
`idle`: a recording that stands still, the header's ages going on.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optionix_core.services.workspace import Workspace
    from optionix_tui.app import OptionixApp

FASTER = 20
HERTZ = 20.0
IDLE_SECONDS = 20.0
UNDERLYING = "ORBIT"


class FastClock:
    """A clock on which time passes `FASTER` times as fast as on the machine's."""

    def __init__(self) -> None:
        self._began, self._first = time.monotonic(), datetime.now(UTC)

    def now(self) -> datetime:
        """The present moment of the fast market."""
        return self._first + timedelta(seconds=FASTER * (time.monotonic() - self._began))


class Beside:
    """What runs beside the interface, in threads of the same process."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stopping = threading.Event()
        self.quotes, self.tails = 0, 0
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._read_chains, self._risk)]

    def start(self) -> None:
        """Begin."""
        self.began = time.monotonic()
        for thread in self._threads:
            thread.start()

    def stop(self) -> float:
        """End; returns the seconds that it ran."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=30.0)
        return time.monotonic() - self.began

    def _read_chains(self) -> None:
        """Whole chains, as many a second as make five thousand quotes."""
        feed, clock = self._workspace.feed, self._workspace.clock
        while not self._stopping.is_set():
            started = time.monotonic()
            read = feed.chain(UNDERLYING, clock.now()).row_count
            self.quotes += read
            self._stopping.wait(max(read / 5_000.0 - (time.monotonic() - started), 0.001))

    def _risk(self) -> None:
        """Value at risk of the account's book, one run after the other."""
        from optionix_core.services import risk_book, risk_tails

        while not self._stopping.is_set():
            built = risk_book.of_account(self._workspace)
            risk_tails.tails(built, self._workspace.feed)
            self.tails += 1


def _bought(workspace: Workspace) -> None:
    """A book of a few options."""
    from optionix_core.services import trading

    moment = workspace.clock.now()
    for expiry, root in workspace.feed.expiries(UNDERLYING, moment)[2:5]:
        chain = workspace.feed.chain(UNDERLYING, moment, expiry, root).slices[0]
        middle = len(chain.strikes) // 2
        for place, side in ((middle, chain.call), (middle - 2, chain.put)):
            symbol = side.symbols[place]
            if symbol is not None:
                trading.raise_for_state(trading.submit(workspace, "buy", 1, symbol, None, f"{expiry}-{place}"))


def _app(**flags: Any) -> OptionixApp:
    from config.paths import Paths
    from config.settings import load
    from optionix_tui.opening import build

    clock = flags.pop("clock", None)
    return build(load(flags=flags), Paths.from_environment(), clock=clock)


def load(told: Path) -> None:
    """Answer keys until `q`, and tell what ran beside."""
    import asyncio

    from optionix_tui import leaving

    app = _app(clock=FastClock(), **{"terminal.refresh_hz": HERTZ})
    workspace = app.session.workspace
    _bought(workspace)
    beside = Beside(workspace)
    answered = [0]
    shown = [0]
    perform, arrived = app.perform, app.on_optionix_app_arrived

    def mark(text: str) -> None:
        driver: Any = app._driver  # noqa: SLF001 - the mark goes the way of the frame, behind it
        driver.write(f"\x1b]777;{text}\x07")
        driver.flush()

    def painted() -> None:
        mark(f"key{answered[0]}")
        answered[0] += 1

    async def performed(action_id: str) -> None:
        await perform(action_id)
        if action_id in {"grid.down", "grid.up"}:
            app.call_after_refresh(painted)

    def counted() -> None:
        arrived()
        view = app.session.chain
        shown[0] += 2 * len(view.rows) if view is not None else 0

    app.perform = performed  # type: ignore[method-assign]
    app.on_optionix_app_arrived = counted  # type: ignore[method-assign]

    async def drive() -> None:
        while app.session.warming is not None or app.session.book is None:  # noqa: ASYNC110 - the app tells nobody
            await asyncio.sleep(0.05)
        beside.start()
        await asyncio.sleep(3.0)
        mark("ready")

    app.call_later(lambda: app.run_worker(drive()))
    leaving.run(app)
    seconds = beside.stop()
    told.write_text(json.dumps({"quotes": (beside.quotes + shown[0]) / seconds, "tails": beside.tails}), "utf-8")


def idle(told: Path) -> None:
    """Stand still on a recorded moment and tell what share of a processor that takes."""
    import asyncio

    from config.paths import Paths
    from optionix_core.services import chains
    from optionix_core.services.home import HomeFolders
    from optionix_core.services.workspace import Workspace
    from optionix_tui import leaving

    paths = Paths.from_environment()
    home = HomeFolders(data=paths.data, state=paths.state, cache=paths.cache, config=paths.config)
    with Workspace.open(home) as workspace:
        chain = workspace.feed.chain(UNDERLYING, workspace.clock.now())
        saved = told.with_suffix(".csv")
        saved.write_bytes(chains.encode(chain, "csv"))
    app = _app(**{"feed.name": f"file:{saved}"})

    async def drive() -> None:
        while app.session.warming is not None or app.session.book is None:  # noqa: ASYNC110 - the app tells nobody
            await asyncio.sleep(0.05)
        await asyncio.sleep(3.0)
        started, began = time.process_time(), time.monotonic()
        await asyncio.sleep(IDLE_SECONDS)
        found["share"] = (time.process_time() - started) / (time.monotonic() - began)
        app.exit()

    found: dict[str, float] = {}
    app.call_later(lambda: app.run_worker(drive()))
    leaving.run(app)
    told.write_text(json.dumps(found), "utf-8")


PROBES = {"load": load, "idle": idle}


if __name__ == "__main__":
    PROBES[sys.argv[1]](Path(sys.argv[2]))
    os._exit(0)
