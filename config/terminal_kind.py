"""What a terminal can show, as its environment says. Pure: the environment goes in, a word comes out."""

from __future__ import annotations

from collections.abc import Mapping

GLYPHS = ("auto", "unicode", "ascii")
"""Signs to draw with; `auto` is what the terminal can show."""
_WITHOUT_CURSOR = frozenset({"dumb", "unknown"})
_WITHOUT_GLYPHS = frozenset({"linux", "vt100", "vt102", "vt220", "ansi", "cons25"})
"""Consoles whose letters lack the dots of charts."""
_COERCED = frozenset({"c.utf-8", "c.utf8", "utf-8"})
"""What Python itself writes into LC_CTYPE where the locale is C (PEP 538)."""


def is_dumb(environ: Mapping[str, str]) -> bool:
    """Whether the terminal cannot place signs on its screen, so that no full-screen program can draw on it."""
    return environ.get("TERM", "").strip().lower() in _WITHOUT_CURSOR


def without_colour(environ: Mapping[str, str]) -> bool:
    """Whether no colour is wanted: NO_COLOR is set and not empty (no-color.org)."""
    return bool(environ.get("NO_COLOR"))


def has_few_colours(environ: Mapping[str, str]) -> bool:
    """Whether a terminal shows sixteen colours at most, as far as COLORTERM and TERM tell."""
    if environ.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}:
        return False
    kind = environ.get("TERM", "").strip().lower()
    return bool(kind) and kind.rpartition("-")[2] not in {"256color", "kitty", "direct"}


def draws_ascii(glyphs: str, environ: Mapping[str, str], encoding: str = "utf-8") -> bool:
    """Whether everything is to be drawn in ASCII, by the setting (one of GLYPHS), else by what the terminal can show.

    `encoding`: of the stream to the terminal. An environment that says nothing of its locale says nothing against
    Unicode.
    """
    if glyphs != "auto":
        return glyphs == "ascii"
    if "utf" not in encoding.lower() or environ.get("TERM", "").strip().lower() in _WITHOUT_GLYPHS:
        return True
    return not _locale_is_utf8(environ)


def _locale_is_utf8(environ: Mapping[str, str]) -> bool:
    """By the first of LC_ALL, LC_CTYPE and LANG that says anything."""
    everything, characters, language = (environ.get(name, "").strip() for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    if not everything and characters.lower() in _COERCED and _is_c(language):
        characters = language
    said = everything or characters or language
    return not said or "utf" in said.lower()


def _is_c(locale: str) -> bool:
    return locale.upper() in {"C", "POSIX"}
