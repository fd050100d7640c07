"""A screen with the data of this moment, drawn without a terminal: as text, or as an SVG picture."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from typing import TYPE_CHECKING, Literal

from optionix_core.errors import DeadlineError, UnknownNameError
from optionix_tui.app import OptionixApp, build
from screens.session import Selection

if TYPE_CHECKING:
    from config.paths import Paths
    from config.settings import Settings
    from optionix_core.market.clock import Clock

PATIENCE_SECONDS = 300.0
"""A cold cache compiles first."""
SETTLE_SECONDS = 0.05
_FONT_FACE = re.compile(r"\s*@font-face \{[^}]*\}")


def render(
    name: str,
    size: tuple[int, int],
    format: Literal["text", "svg"],  # noqa: A002 - the word that the command line uses
    settings: Settings,
    paths: Paths,
    *,
    underlying: str | None = None,
    expiry: date | None = None,
    root: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Screen `name` (one of `config.screens`) at `size` (columns, lines).

    Raises UnknownNameError for a screen that does not exist, whatever the feed raised where there are no
    quotes, and DeadlineError where data does not arrive in time.
    """
    if name not in OptionixApp.MODES:
        raise UnknownNameError("screen", name, tuple(OptionixApp.MODES))
    if expiry is not None and underlying is None:
        raise UnknownNameError("underlying", "none given with --expiry")
    selection = Selection(underlying, expiry, root)
    app = build(settings, paths, mode=name, selection=selection, clock=clock, keeps_venue=False)
    return asyncio.run(draw(app, size, format))


async def draw(app: OptionixApp, size: tuple[int, int], format: Literal["text", "svg"]) -> str:  # noqa: A002 - as above
    """`app`'s first screen with its data."""
    async with app.run_test(size=size) as pilot:
        waited = 0.0
        while app.is_running and not _ready(app):
            if waited >= PATIENCE_SECONDS:
                raise DeadlineError(f"no data arrived within {PATIENCE_SECONDS:.0f} s")
            await pilot.pause(SETTLE_SECONDS)
            waited += SETTLE_SECONDS
        await pilot.pause()
        return _without_web_fonts(app.export_screenshot(title="Optionix")) if format == "svg" else screen_text(app)


def _without_web_fonts(svg: str) -> str:
    """A picture that loads nothing from a network when it is looked at: the viewer's own monospace font serves."""
    return _FONT_FACE.sub("", svg)


def _ready(app: OptionixApp) -> bool:
    session, frame = app.session, app.frame
    for problem in (session.problem, session.book_problem, None if frame is None else frame.trouble):
        if problem is not None:
            raise problem
    arrived = session.warming is None and session.chain is not None and session.book is not None
    return arrived and frame is not None and frame.settled


def screen_text(app: OptionixApp) -> str:
    """What the screen shows, as lines of text without trailing blanks."""
    strips = app.screen._compositor.render_strips(app.size)  # noqa: SLF001 - Textual exports pictures only
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"
