"""What Python looks through for rubbish while a terminal runs: not what was loaded, and only in a real terminal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from optionix_tui import collecting
from optionix_tui.app import OptionixApp
from tests.tui.waiting import until, until_ready

PROBE = """
import gc
from optionix_tui import collecting
kept = [[] for _ in range(1000)]
collecting.everything_is_loaded()
found = {id(one) for one in gc.get_objects()}
print(gc.get_threshold() == collecting.THRESHOLDS, gc.get_freeze_count() > 1000, id(kept) in found)
ring = []
ring.append(ring)
del ring
print(gc.collect() >= 1)
"""


def test_what_is_loaded_is_looked_through_no_more_and_what_comes_later_is() -> None:
    told = subprocess.run([sys.executable, "-c", PROBE], check=True, capture_output=True, text=True, timeout=60)
    assert told.stdout.split() == ["True", "True", "False", "True"]


@pytest.mark.parametrize("headless", [True, False])
async def test_only_a_terminal_that_is_seen_changes_when_rubbish_is_looked_for(
    make_app: Callable[..., OptionixApp], monkeypatch: pytest.MonkeyPatch, headless: bool
) -> None:
    called: list[bool] = []
    monkeypatch.setattr(collecting, "everything_is_loaded", lambda: called.append(True))
    monkeypatch.setattr(OptionixApp, "is_headless", headless)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await until_ready(pilot, app)
        first = app.session.chain
        await until(pilot, lambda: app.session.chain is not first, "a round after everything was loaded")
    assert called == ([] if headless else [True])
