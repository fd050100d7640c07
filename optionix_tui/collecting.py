"""When Python looks for rubbish while the terminal runs, which may be for days.

A screen's widgets point at each other, so that only the collector frees them. By the thresholds of a short command
(`__main__`) it would come to the old ones once in many minutes, for a quarter of a second, and memory would grow
meanwhile by what it had not come to. Here it comes sooner, and finds less to look through: what was loaded stays.
"""

from __future__ import annotations

import gc

THRESHOLDS = (20_000, 5, 5)
"""Objects made between two looks at the youngest, looks between two at the middle ones, and those between two at all:
in heavy use some ms once a second, some tens of ms once in half a minute."""


def everything_is_loaded() -> None:
    """Leave out of every search what is there now: modules, compiled kernels, the first screen."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
