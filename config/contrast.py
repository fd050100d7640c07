"""How well one colour can be told from another, by the Web Content Accessibility Guidelines 2.1."""

from __future__ import annotations

LEGIBLE = 4.5
"""Contrast at which text can be read (1.4.3, level AA)."""

RGB = tuple[int, int, int]


def ratio(one: RGB, other: RGB) -> float:
    """Contrast ratio of two colours, from 1 to 21 (WCAG 2.1, "contrast ratio")."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: RGB) -> float:
    """Relative luminance of a colour of the sRGB space, 0 to 1 (WCAG 2.1, "relative luminance")."""
    parts = (part / 255 for part in colour)
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
