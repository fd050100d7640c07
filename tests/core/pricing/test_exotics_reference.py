"""docs/api/exotics.md is what the code says, and every page of mathematics is listed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_reference_of_exotic_contracts_and_the_list_of_pages_are_not_stale() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "api.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_reference_names_every_contract_and_argument() -> None:
    text = (ROOT / "docs" / "api" / "exotics.md").read_text("utf-8")
    for name in ("CompoundOption", "ChooserOption", "ForwardStartOption", "QuantoOption", "PartialBarrierOption"):
        assert f"`contracts.{name}`" in text
    for argument in ("underlying_expiry", "choice_time", "moneyness", "exchange_rate", "barrier_time"):
        assert argument in text
