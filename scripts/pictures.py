"""Pictures of the real application for README and docs: fixed seed, fixed moment, a home of its own.

`make docs` writes them; a test of the terminal draws them again and fails where one is stale. `make screens`
(scripts/gallery.py) draws the same at other sizes and in other themes.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from demonstration import EXPIRY, UNDERLYING, Demonstration, demonstration

from config.screens import NAMES
from config.themes import THEMES
from optionix_tui.drawing import screen_svg
from optionix_tui.opening import build
from optionix_tui.picture import settle
from screens.session import Selection

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SIZE = (120, 36)
OF_THE_MACHINE = ("system", "sync")
"""Screens that show the machine itself or its server, and differ from one to the next."""


class Picture(NamedTuple):
    """One screen as it looks."""

    screen: str
    size: tuple[int, int]
    """Columns and lines."""
    theme: str
    svg: str


def views(
    shown: Demonstration, screen: str, sizes: Sequence[tuple[int, int]], themes: Sequence[str]
) -> tuple[Picture, ...]:
    """A screen at each size in each theme, one application going through them all."""
    return asyncio.run(_views(shown, screen, sizes, themes))


async def _views(
    shown: Demonstration, screen: str, sizes: Sequence[tuple[int, int]], themes: Sequence[str]
) -> tuple[Picture, ...]:
    app = build(
        shown.settings,
        shown.paths,
        mode=screen,
        selection=Selection(UNDERLYING, EXPIRY),
        clock=shown.clock,
        keeps_venue=False,
    )
    found: list[Picture] = []
    async with app.run_test(size=sizes[0]) as pilot:
        for size in sizes:
            await pilot.resize_terminal(*size)
            for theme in themes:
                app.use_theme(theme)
                await settle(app, pilot)
                found.append(Picture(screen, size, theme, screen_svg(app, app.screen)))
    return tuple(found)


def draw() -> Iterator[tuple[str, str]]:
    """File name and SVG of every picture."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        shown = demonstration(Path(folder))
        for name in (one for one in NAMES if one not in OF_THE_MACHINE):
            (picture,) = views(shown, name, (SIZE,), THEMES[:1])
            yield f"{name}.svg", picture.svg


def main() -> None:
    """Write all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, picture in draw():
        (FOLDER / name).write_text(picture, "utf-8", newline="\n")
        print(f"wrote {FOLDER / name}", file=sys.stderr)


if __name__ == "__main__":
    main()
