"""How the application looks: its theme, shipped or the user's own, and what a plain terminal is given in its place."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from textual._context import active_app
from textual._styles_cache import StylesCache
from textual.cache import LRUCache
from textual.filter import Monochrome, NoColor
from textual.style import Style

from config import themes
from config.errors import SettingsError
from optionix_tui.keys_in_turn import KeysInTurn
from optionix_tui.themes import converted, textual_theme
from widgets.terminal_filters import AsciiGlyphs, Colourless

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from textual.color import Color
    from textual.filter import LineFilter
    from textual.screen import Screen

_COLOURLESS, _ASCII = Colourless(), AsciiGlyphs()
_SHEETS = 1024
"""Sheets whose rules are kept: ours, and one of every kind of widget."""
_MOST_TOLD = 3
"""Warnings of a theme that are told at once."""


@lru_cache(1024)
def _grounds(base_background: Color, background: Color) -> tuple[Style, Style]:
    """Inside and outside of a widget's border."""
    return Style(background=base_background + background), Style(background=base_background)


StylesCache.get_inner_outer = staticmethod(_grounds)  # type: ignore[assignment, method-assign]
"""Textual remembers these by the widget's lines as well, and so kept those of a thousand widgets that are gone."""


def styled_now(screen: Screen[None]) -> Screen[None]:
    """A screen that is being made: the rules in force are read as it is mounted, so they need not be read anew."""
    screen._css_update_count = active_app.get()._css_update_count  # noqa: SLF001 - else every sheet is parsed again
    return screen


class Appearance(KeysInTurn):
    """Theme and signs."""

    def __init__(self, *, in_ascii: bool, in_colour: bool, own_themes: Path | None) -> None:
        """`in_ascii`: draw no other sign; `own_themes`: where the user's themes lie."""
        super().__init__()
        self.stylesheet._parse_cache = LRUCache(_SHEETS)  # noqa: SLF001 - with fewer places than sheets it keeps none
        self._in_ascii = in_ascii
        self._in_colour = in_colour
        self._own_themes = own_themes
        self._theme_name = themes.THEMES[0]
        self._doubts: tuple[str, ...] = ()

    @property
    def in_ascii(self) -> bool:
        """Whether the terminal is drawn in ASCII."""
        return self._in_ascii

    @property
    def theme_name(self) -> str:
        """The theme in force, as it is asked for: its name, or its file."""
        return self._theme_name

    @property
    def theme_names(self) -> tuple[str, ...]:
        """The themes that there are: shipped ones, then the user's."""
        return themes.names(self._own_themes)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Style sheets may name our colours before a theme of ours is in force."""
        return textual_theme(themes.THEMES[0]).variables

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What lines go through on their way to the screen: Textual's own way to take colours away leaves greys."""
        filters = [one for one in super().get_line_filters() if not isinstance(one, Monochrome | NoColor)]
        if not self._in_colour:
            filters.append(_COLOURLESS)
        if self._in_ascii:
            filters.append(_ASCII)
        return filters

    def use_theme(self, name: str) -> None:
        """Change the colours. Raises ThemeError for an unknown name and for a theme that cannot be used."""
        spec = themes.load(name, self._own_themes)
        chosen = converted(spec)
        self.register_theme(chosen)
        self.theme = chosen.name
        self._theme_name = name
        self._doubts = themes.warnings(spec) if spec.file is not None and self._in_colour else ()
        if self.is_running:
            self.tell_doubts()

    def tell_doubts(self) -> None:
        """Say what of the theme in force can hardly be read, once."""
        doubts, self._doubts = self._doubts, ()
        if doubts:
            more = f"; {len(doubts) - _MOST_TOLD} more" if len(doubts) > _MOST_TOLD else ""
            text = "\n".join(doubts[:_MOST_TOLD]) + more
            self.notify(text, title=f"Theme {self._theme_name}", severity="warning", timeout=10, markup=False)

    def try_theme(self, name: str) -> bool:
        """Change the colours; what is wrong with a theme is told in place, and the one in force stays."""
        try:
            self.use_theme(name)
        except SettingsError as error:
            self.notify(str(error), title="Theme", severity="error", timeout=12, markup=False)
            return False
        return True

    def action_next_theme(self) -> None:
        """The theme after this one."""
        names = self.theme_names
        place = names.index(self._theme_name) + 1 if self._theme_name in names else 0
        name = names[place % len(names)]
        if self.try_theme(name):
            self.notify(f"theme {name}", timeout=2, markup=False)
        else:
            self._theme_name = name  # so that the key goes on to the one after it
