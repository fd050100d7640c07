"""Leaving on a signal as by the quit key: the terminal is given back as it was found, files are closed.

Without this SIGTERM (a shutdown, `kill`) and SIGHUP (a lost line) would leave the alternate screen and
mouse reports behind. Windows ends a program without asking it.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App


TURN_SECONDS = 0.0005
"""How long a thread that computes may keep the interpreter from the interface's; Python's own 5 ms come many times
between a key and its frame."""


def run(app: App[Any]) -> int:
    """Run `app` until the user or a signal ends it; the exit status, 128 and its number for a signal."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN_SECONDS)
    try:
        asyncio.run(_until_left(app))
    finally:
        sys.setswitchinterval(before)
    return app.return_code or 0


async def _until_left(app: App[Any]) -> None:
    if sys.platform != "win32":
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, partial(app.exit, return_code=128 + number))
    await app.run_async()
