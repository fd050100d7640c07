"""Pictures of the real application for README and docs: fixed seed, fixed moment, a home of its own.

`make docs` writes them; a test of the terminal draws them again and fails where one is stale.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from config.paths import Paths
from config.screens import NAMES
from config.settings import load
from optionix_core.market.clock import ManualClock
from optionix_core.services import trading
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_tui.picture import render

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
MOMENT = datetime(2026, 1, 14, 15, 30, tzinfo=UTC)
SIZE = (120, 36)
EXPIRY = date(2026, 2, 20)
BOUGHT = (("buy", 2, "ORBIT 20FEB26 {} C"), ("buy", 3, "ORBIT 20FEB26 {} P"), ("buy", 1, "ORBIT 20MAR26 {} C"))


def draw() -> Iterator[tuple[str, str]]:
    """File name and SVG of every picture."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        paths = Paths.of(Path(folder))
        home = HomeFolders(data=paths.data, state=paths.state, cache=paths.cache, config=paths.config)
        settings = load(flags={}, environ={}, cwd=Path(folder), paths=paths)
        clock = ManualClock(MOMENT)
        identifiers = iter(("first", "second", "third"))
        with Workspace.open(home, clock=clock, seed=settings.feed.seed) as workspace:
            spot = workspace.feed.spot("ORBIT", MOMENT)
            strike = 5 * round((spot.last or 0.0) / 5)
            for side, quantity, symbol in BOUGHT:
                result = trading.submit(
                    workspace, side, quantity, symbol.format(strike), client_order_id=next(identifiers)
                )
                trading.raise_for_state(result)
        for name in NAMES:
            drawn = render(name, SIZE, "svg", settings, paths, underlying="ORBIT", expiry=EXPIRY, clock=clock)
            yield f"{name}.svg", drawn


def main() -> None:
    """Write all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, picture in draw():
        (FOLDER / name).write_text(picture, "utf-8", newline="\n")
        print(f"wrote {FOLDER / name}", file=sys.stderr)


if __name__ == "__main__":
    main()
