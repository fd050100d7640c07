"""Themes as Textual's: one place where colours get the names that style sheets use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.theme import Theme

from config.themes import ThemeSpec, load

if TYPE_CHECKING:
    from pathlib import Path


def textual_theme(name: str, folder: Path | None = None) -> Theme:
    """Theme `name`, shipped or of the user's folder. Raises ThemeError."""
    return converted(load(name, folder))


_ANSI = {
    "ansi-background": "ansi_black",
    "ansi-foreground": "ansi_white",
    "border-blurred": "ansi_bright_black",
    "input-cursor-background": "ansi_white",
    "input-cursor-foreground": "ansi_black",
    "input-selection-background": "ansi_bright_blue",
    "input-selection-foreground": "ansi_black",
    "screen-selection-background": "ansi_bright_blue",
    "screen-selection-foreground": "ansi_black",
}
"""What Textual's own style sheets ask of a theme in the terminal's colours."""


def converted(spec: ThemeSpec) -> Theme:
    """Its market colours are variables of the same name."""
    base = spec.base
    variables = dict(spec.market)
    variables |= {
        "block-cursor-foreground": spec.market["cursor-text"],
        "block-cursor-background": spec.market["cursor"],
        "input-cursor-background": base["foreground"],
        "input-cursor-foreground": base["background"],
        "footer-key-foreground": spec.market["key"],
        "border": base["accent"],
        "border-blurred": base["panel"],
        "scrollbar": base["panel"],
        "scrollbar-background": base["background"],
    }
    if spec.ansi:
        variables |= _ANSI
    return Theme(
        name=f"optionix-{spec.name}",
        primary=base["primary"],
        secondary=base["secondary"],
        accent=base["accent"],
        foreground=base["foreground"],
        background=base["background"],
        surface=base["surface"],
        panel=base["panel"],
        success=base["success"],
        warning=base["warning"],
        error=base["error"],
        dark=spec.dark,
        ansi=spec.ansi,
        variables=variables,
    )
