"""What the tests of the installed command share: homes of their own, and options that fill."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # terminal.py and real_home.py lie beside the tests

from real_home import RealHome  # found by the line above

from optionix_core.services.feeds import open_feed


@pytest.fixture
def home(tmp_path: Path) -> RealHome:
    """A fresh home."""
    return RealHome(tmp_path / "home")


@pytest.fixture(scope="session")
def symbols() -> tuple[str, ...]:
    """A dozen options of the simulated venue, months away, cheap, with 25 contracts or more displayed now.

    Cheap so that 400 of them are bought with the 100,000 that an account opens with (at most 2.00 each,
    times 100), and so few that one screen of the book shows them all.
    """
    feed, now = open_feed("sim"), datetime.now(UTC)
    found: list[str] = []
    for underlying in feed.underlyings():
        for part in feed.chain(underlying.symbol, now).slices:
            for side in (part.call, part.put) if (part.expiry - now.date()).days > 45 else ():
                rows = zip(side.symbols, side.ask, side.ask_size, strict=True)
                found += [name for name, ask, size in rows if name and 0.5 <= ask <= 2.0 and size >= 25][:1]
    assert len(found) >= 12, f"the simulated venue shows too few cheap options: {found}"
    return tuple(found[:12])
