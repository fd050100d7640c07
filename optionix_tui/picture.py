"""A screen with the data of this moment, drawn without a terminal: as text, or as an SVG picture."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from config import terminal_kind
from optionix_core.errors import DeadlineError, InvalidValueError, UnknownNameError
from optionix_tui.app import OptionixApp
from optionix_tui.drawing import screen_svg, screen_text
from optionix_tui.opening import build
from screens.session import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.pilot import Pilot

    from config.paths import Paths
    from config.settings import Settings
    from optionix_core.market.clock import Clock

PATIENCE_SECONDS = 300.0
"""A cold cache compiles first."""
SETTLE_SECONDS = 0.05


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
    arranged: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> str:
    """Screen `name` (one of `config.screens`) at `size` (columns, lines), set up as `arranged` says.

    Raises InvalidValueError for a setting that the screen does not have, UnknownNameError for a screen that does not
    exist, whatever the feed raised where there are no quotes, and DeadlineError where data does not arrive in time.
    """
    if name not in OptionixApp.MODES:
        raise UnknownNameError("screen", name, tuple(OptionixApp.MODES))
    if expiry is not None and underlying is None:
        raise UnknownNameError("underlying", "none given with --expiry")
    selection = Selection(underlying, expiry, root)
    app = build(
        settings,
        paths,
        mode=name,
        selection=selection,
        clock=clock,
        keeps_venue=False,
        in_ascii=format == "text" and _in_ascii(settings),
    )
    return asyncio.run(draw(app, size, format, arranged or {}))


def _in_ascii(settings: Settings) -> bool:
    """As a terminal would be drawn where the text goes to one; in a file or pipe only where it is set."""
    if not sys.stdout.isatty():
        return settings.terminal.glyphs == "ascii"
    return terminal_kind.draws_ascii(settings.terminal.glyphs, os.environ)


async def draw(
    app: OptionixApp,
    size: tuple[int, int],
    format: Literal["text", "svg"],  # noqa: A002 - as above
    arranged: Mapping[str, str] | None = None,
) -> str:
    """`app`'s first screen with its data."""
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        frame = app.frame
        if arranged and frame is not None:
            frame.use_arrangement(settings_of(arranged, frame.arrangement()))
            await settle(app, pilot)
        return (screen_svg if format == "svg" else screen_text)(app, app.screen)


def settings_of(written: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, Any]:
    """Values of an arrangement out of what is written, of the types that they have now; the names are not judged.

    Raises InvalidValueError for a value that is not of its type.
    """
    found: dict[str, Any] = {}
    for name, text in written.items():
        if name not in known or isinstance(known[name], str):
            found[name] = text
            continue
        try:
            found[name] = json.loads(text)
        except json.JSONDecodeError:
            raise InvalidValueError(name, repr(text), f"like {json.dumps(known[name])}") from None
    return found


async def settle(app: OptionixApp, pilot: Pilot[Any]) -> None:
    """Wait until the screen shows what it was asked for. Raises what it failed at, and DeadlineError."""
    waited = 0.0
    while app.is_running and not _ready(app):
        if waited >= PATIENCE_SECONDS:
            raise DeadlineError(f"no data arrived within {PATIENCE_SECONDS:.0f} s")
        await pilot.pause(SETTLE_SECONDS)
        waited += SETTLE_SECONDS
    await pilot.pause()


def _ready(app: OptionixApp) -> bool:
    session, frame = app.session, app.frame
    for problem in (session.problem, session.book_problem, None if frame is None else frame.trouble):
        if problem is not None:
            raise problem
    arrived = session.warming is None and session.answered and session.book is not None
    return arrived and frame is not None and frame.settled
