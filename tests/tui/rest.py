"""How a pilot waits after a key: until the interface has nothing left that it could do now.

Textual's own way watches the processor in steps of a fiftieth of a second, two after each key, and takes a moment in
which another thread computes for work of the interface. Here the event loop itself is asked: it rests once nothing in
it is ready to run and everything that was changed is laid out and painted. What other threads are still busy with is
not waited for; a test that needs their answer waits for it by name (`until`).
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from textual._context import active_app

PATIENCE = 120.0
"""Seconds of work without an end after which something is wrong, on however busy a machine."""


async def until_at_rest(min_sleep: float = 0.0, max_sleep: float = PATIENCE) -> None:
    """Takes the place of Textual's `wait_for_idle`. AssertionError where the interface does not come to rest."""
    del min_sleep
    loop: Any = asyncio.get_running_loop()
    app = active_app.get()
    end = time.monotonic() + max_sleep
    while True:
        await asyncio.sleep(0)
        while loop._ready:
            assert time.monotonic() < end, f"the interface has not come to rest within {max_sleep:.0f} s"
            await asyncio.sleep(0)
        if not app.is_running or not app.screen.is_running:
            return
        if app._resize_timer is not None:
            app._check_resize()
        app.screen._on_timer_update()
        if not loop._ready:
            return
