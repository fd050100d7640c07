"""What a screen of a running application shows, as text or as an SVG picture."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

_FONT_FACE = re.compile(r"\s*@font-face \{[^}]*\}")


def screen_text(app: App[Any], screen: Screen[Any] | None = None) -> str:
    """Lines of text without trailing blanks; the foremost screen unless another one is given."""
    shown = app.screen if screen is None else screen
    strips = shown._compositor.render_strips(app.size)  # noqa: SLF001 - Textual exports pictures only
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def screen_svg(app: App[Any], screen: Screen[Any] | None = None) -> str:
    """A picture that loads nothing from a network when it is looked at: the viewer's own monospace font serves."""
    shown = app.screen if screen is None else screen
    console = Console(
        width=app.size.width,
        height=app.size.height,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
        safe_box=False,
    )
    behind = app._background_screens if shown is app.screen else []  # noqa: SLF001 - as Textual's own export does
    console.print(shown._compositor.render_update(full=True, screen_stack=behind))  # noqa: SLF001 - as above
    return _FONT_FACE.sub("", console.export_svg(title="Optionix"))
