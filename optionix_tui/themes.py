"""The shipped themes as Textual's: one place where colours get the names that style sheets use."""

from __future__ import annotations

from textual.theme import Theme

from config.themes import ThemeSpec, load


def textual_theme(name: str) -> Theme:
    """Theme `name`; its market colours are variables of the same name. Raises ThemeError."""
    return _converted(load(name))


def _converted(spec: ThemeSpec) -> Theme:
    base = spec.base
    variables = dict(spec.market)
    variables |= {
        "block-cursor-foreground": spec.market["cursor-text"],
        "block-cursor-background": spec.market["cursor"],
        "input-cursor-background": base["foreground"] if not spec.ansi else "ansi_white",
        "input-cursor-foreground": base["background"] if not spec.ansi else "ansi_black",
        "footer-key-foreground": spec.market["key"],
        "border": base["accent"],
        "border-blurred": base["panel"],
        "scrollbar": base["panel"],
        "scrollbar-background": base["background"],
    }
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
