"""Programs that run on a pseudo-terminal and tell what they cost: `python -m benchmarks.probes NAME FILE`.

Each writes one JSON object to FILE. CPU is the interface's own thread where a background thread runs too.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

TICKS = 100
DRAGS = 60
ROWS, COLUMNS, CHANGED = 500, 20, 45


def hello(told: Callable[[dict[str, float]], None]) -> None:
    """The smallest Textual application: CPU of the process until its first frame is painted."""
    from textual.app import App, ComposeResult
    from textual.widgets import Static

    class Hello(App[None]):
        def compose(self) -> ComposeResult:
            yield Static("hello")

        def on_mount(self) -> None:
            self.call_after_refresh(lambda: (told({"cpu": time.process_time()}), self.exit()))

    Hello().run()


def first_frame(told: Callable[[dict[str, float]], None]) -> None:
    """The workstation: CPU of the process until its first frame is painted."""
    from optionix_tui import _origin

    _origin.install()
    from config.paths import Paths
    from config.settings import load
    from optionix_tui.opening import build

    app = build(load(flags={}), Paths.from_environment())
    start_stream = app._stream.start  # noqa: SLF001 - the frame is over when the stream begins

    def painted() -> None:
        told({"cpu": time.process_time()})
        app._stream.start = start_stream  # type: ignore[method-assign]  # noqa: SLF001
        app.exit()

    app._stream.start = painted  # type: ignore[method-assign]  # noqa: SLF001
    app.run()


def switch(told: Callable[[dict[str, float]], None]) -> None:
    """Chain to book and back, painted: CPU of the interface's thread, median of the later switches."""
    import asyncio

    from config.paths import Paths
    from config.settings import load
    from optionix_tui.opening import build

    app = build(load(flags={}), Paths.from_environment())

    async def drive() -> None:
        while app.session.warming is not None or app.session.book is None:  # noqa: ASYNC110 - the app tells nobody
            await asyncio.sleep(0.05)
        taken = []
        for number in range(12):
            await asyncio.sleep(0.2)
            painted = asyncio.Event()
            started = time.thread_time()
            app.open_screen("book" if number % 2 == 0 else "chain")
            app.call_after_refresh(painted.set)
            await painted.wait()
            taken.append(time.thread_time() - started)
        told({"first": taken[0], "median": sorted(taken[2:])[5]})
        app.exit()

    app.call_later(lambda: app.run_worker(drive()))
    app.run()


def tick(told: Callable[[dict[str, float]], None]) -> None:
    """A grid of 500 x 20 in which 45 cells change a tick: CPU and bytes to the terminal of each."""
    import asyncio

    from textual.app import App, ComposeResult

    from config.themes import THEMES
    from optionix_tui.themes import textual_theme
    from widgets.exact_update import ExactCompositor
    from widgets.grid_columns import Column, GridRow
    from widgets.quote_grid import QuoteGrid

    generator = random.Random(7)
    columns = [Column(f"c{i}", f"c{i}", 8, write="{:.2f}".format, flashes=i % 4 == 0) for i in range(COLUMNS)]
    values = [[generator.uniform(1, 200) for _ in range(COLUMNS)] for _ in range(ROWS)]

    class Grid(App[None]):
        ENABLE_COMMAND_PALETTE = False

        def get_theme_variable_defaults(self) -> dict[str, str]:
            return textual_theme(THEMES[0]).variables

        def compose(self) -> ComposeResult:
            self.grid = QuoteGrid(columns)
            yield self.grid

        async def on_mount(self) -> None:
            self.register_theme(textual_theme(THEMES[0]))
            self.theme = textual_theme(THEMES[0]).name
            self.screen._compositor = ExactCompositor()  # noqa: SLF001 - as our screens do
            self.run_worker(self.drive())

        async def drive(self) -> None:
            self.grid.show(self.rows())
            await asyncio.sleep(0.5)
            driver: Any = self._driver
            write, sent = driver.write, [0]

            def counted(text: str) -> None:
                sent[0] += len(text.encode())
                write(text)

            driver.write = counted
            taken, bytes_sent = [], []
            visible = self.grid.size.height - self.grid.header_height
            for _ in range(TICKS):
                for _cell in range(CHANGED):
                    values[generator.randrange(visible)][generator.randrange(COLUMNS)] *= generator.uniform(0.98, 1.02)
                rows = self.rows()
                painted = asyncio.Event()
                before, started = sent[0], time.thread_time()
                self.grid.show(rows)
                self.call_after_refresh(painted.set)
                await painted.wait()
                taken.append(time.thread_time() - started)
                bytes_sent.append(sent[0] - before)
                await asyncio.sleep(0.05)
            middle = TICKS // 2
            told({"cpu": sorted(taken)[middle], "bytes": sorted(bytes_sent)[middle]})
            self.exit()

        def rows(self) -> list[GridRow]:
            return [GridRow(number, tuple(cells)) for number, cells in enumerate(values)]

    Grid().run()


def slider(told: Callable[[dict[str, float]], None]) -> None:
    """A slider of the pricer dragged, option and legs: CPU of the interface's thread until each step is painted."""
    import asyncio

    from config.paths import Paths
    from config.settings import load
    from optionix_tui.opening import build
    from screens.pricer import PricerScreen
    from screens.stage import StagedLeg
    from widgets.slider import Sliders

    app = build(load(flags={}), Paths.from_environment(), mode="pricer")

    async def settled() -> PricerScreen:
        while True:
            frame = app.frame
            if app.session.warming is None and isinstance(frame, PricerScreen) and frame.settled and frame.exports():
                return frame
            await asyncio.sleep(0.05)

    async def listed(expiry: date) -> Any:
        while True:
            if app.session.chain is not None and app.session.chain.expiry == expiry:
                return app.session.chain
            await asyncio.sleep(0.05)

    async def dragged(screen: PricerScreen) -> float:
        board = screen.query_one("#sliders", Sliders)
        spot = board.sliders[0]
        taken = []
        for step in range(DRAGS):
            await asyncio.sleep(0.03)
            painted = asyncio.Event()
            started = time.thread_time()
            share = 0.3 + 0.4 * step / DRAGS
            board.post_message(Sliders.Dragged(spot.name, spot.low + share * (spot.high - spot.low)))
            screen.call_after_refresh(painted.set)
            await painted.wait()
            taken.append(time.thread_time() - started)
        return sorted(taken)[DRAGS // 2]

    async def drive() -> None:
        european = await dragged(await settled())
        (await settled())._change(style="american")  # noqa: SLF001 - as the list of contracts does
        american = await dragged(await settled())
        view: Any = app.session.chain
        month = view.as_of.date() + timedelta(days=30)  # on its last day a wing has no bid, and so no price
        later = next(one.expiry for one in view.expiries if one.expiry >= month)
        app.select(expiry=later)
        view = await listed(later)
        at = [row.strike for row in view.rows].index(view.at_the_money or 0.0)
        legs = [(view.rows[at - 2].put, 1), (view.rows[at - 1].put, -1), (view.rows[at + 1].call, -1),
                (view.rows[at + 2].call, 1)]  # fmt: skip
        app.open_pricer([StagedLeg(side.symbol or "", quantity) for side, quantity in legs])
        await asyncio.sleep(0.2)
        told({"european": european, "american": american, "legs": await dragged(await settled())})
        app.exit()

    app.call_later(lambda: app.run_worker(drive()))
    app.run()


PROBES = {"slider": slider, "hello": hello, "first-frame": first_frame, "switch": switch, "tick": tick}


def main() -> None:
    """Run one probe."""
    name, file = sys.argv[1:]
    PROBES[name](lambda figures: (Path(file).write_text(json.dumps(figures), "utf-8"), None)[1])
    os._exit(0)


if __name__ == "__main__":
    main()
