"""Runs a random test from a seed that is told and kept where it fails, so that the same run can be had again.

The seed is another one each time. `OPTIONIX_TEST_SEED=N` runs with that one; `.hypothesis/failed_seeds.txt`, beside
hypothesis's own examples, holds those that failed.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from hypothesis import seed, settings
from hypothesis.stateful import run_state_machine_as_test

VARIABLE = "OPTIONIX_TEST_SEED"
KEPT = Path(".hypothesis") / "failed_seeds.txt"


def run_seeded(machine, how: settings, kept: Path = KEPT) -> None:
    """Run a state machine; an error tells the seed, and where it is kept."""
    given = os.environ.get(VARIABLE)
    number = secrets.randbelow(2**32) if given is None else int(given)
    try:
        run_state_machine_as_test(seed(number)(machine), settings=settings(how, print_blob=True))
    except BaseException as error:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with kept.open("a", encoding="utf-8") as file:
            file.write(f"{machine.__name__} {number}\n")
        error.add_note(f"seed {number}, kept in {kept}; run the test again with {VARIABLE}={number}")
        raise
