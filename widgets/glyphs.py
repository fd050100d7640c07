"""Every sign that is drawn, in ASCII: one sign for one cell, so that nothing moves.

For terminals that do not show Unicode. A dot pattern of a chart becomes the ASCII sign whose ink lies nearest to it, a
line of a box the stroke that runs the same way; a letter loses its accents; what has no likeness is `?`. Signs
two cells wide become two, what takes no cell is left out.
"""

from __future__ import annotations

from unicodedata import normalize

from rich.cells import cell_len

_SIGNS = {
    "↑": "^", "↓": "v", "←": "<", "→": ">", "↔": "-", "↕": "|", "⏎": "~", "⇥": ">", "⇤": "<", "↵": "~", "␣": "_",
    "▲": "^", "△": "^", "▴": "^", "▵": "^", "▼": "v", "▽": "v", "▾": "v", "▿": "v",
    "▶": ">", "▷": ">", "▸": ">", "▹": ">", "►": ">", "◀": "<", "◁": "<", "◂": "<", "◃": "<", "◄": "<",
    "●": "*", "○": "o", "◌": "o", "◐": "o", "◑": "o", "◉": "@", "◆": "*", "◇": "o", "■": "#", "□": "o", "▪": "#",
    "•": "*", "·": ".", "∙": ".", "…": ".", "✓": "+", "✔": "+", "✗": "x", "✘": "x", "✕": "x", "×": "x", "÷": "/",
    "–": "-", "—": "-", "−": "-", "±": "~", "≈": "~", "≤": "<", "≥": ">", "≠": "!", "∞": "8", "√": "/", "∂": "d",
    "‹": "<", "›": ">", "«": "<", "»": ">", "⟨": "<", "⟩": ">", "‘": "'", "’": "'", "“": '"', "”": '"', "′": "'",
    "Α": "A", "Β": "B", "Γ": "G", "Δ": "D", "Θ": "T", "Λ": "L", "Π": "P", "Σ": "S", "Φ": "F", "Ψ": "Y", "Ω": "O",
    "α": "a", "β": "b", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "h", "θ": "t", "ι": "i", "κ": "k", "λ": "l",
    "μ": "u", "µ": "u", "ν": "v", "ξ": "x", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "u", "φ": "f",
    "χ": "c", "ψ": "y", "ω": "w", "ø": "o", "Ø": "O", "ß": "s", "æ": "a", "œ": "o", "ð": "d", "þ": "p",
    "ł": "l", "Ł": "L", "đ": "d", "ı": "i", "€": "E", "£": "L", "¥": "Y", "¢": "c", "§": "S", "¶": "P", "©": "c",
    "°": "o", "¬": "!", "¦": "|", "☐": "o", "☑": "x", "★": "*", "☆": "*", "⚠": "!", "⌂": "^", "⚑": "P", "⟳": "@",
    "░": ".", "▒": ":", "▓": "#", "▀": '"', "▁": "_", "▂": ".", "▃": "-", "▄": "=", "▅": "+", "▆": "*", "▇": "#",
    "█": "#", "▏": "|", "▎": "|", "▍": "|", "▌": "#", "▋": "#", "▊": "#", "▉": "#", "▐": "|", "▔": "-", "▕": "|",
    "▖": ".", "▗": ".", "▘": "'", "▝": "'", "▙": "L", "▛": "F", "▜": "7", "▟": "J", "▚": "\\", "▞": "/",
    "⎯": "-", "⏤": "-", "│": "|", "⋯": ".", "⋮": ":", "⌃": "^", "⇧": "^", "⌥": "~", "⌘": "#", "⌫": "<",
}  # fmt: skip

_HORIZONTAL = "─┄┈╌╴╶╸╺╼╾"
_VERTICAL = "│┃┆┇┊┋╎╏╵╷╹╻╽╿║"
_SLANTED = {"╱": "/", "╲": "\\", "╳": "X", "═": "=", "━": "=", "┅": "=", "┉": "=", "╍": "="}

_L, _R = (0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80)
"""The dots of a braille cell from above, left and right: bits above U+2800."""

_INK: dict[str, tuple[int, ...]] = {
    " ": (0,),
    "'": (_L[0], _R[0], _L[0] | _L[1], _R[0] | _R[1]),
    '"': (_L[0] | _R[0], _L[0] | _R[0] | _L[1] | _R[1]),
    "`": (_L[0] | _R[1],),
    "-": (
        _L[1] | _R[1], _L[2] | _R[2], _L[1] | _R[2], _L[2] | _R[1], _L[1], _R[1], _L[2], _R[2],
        _L[1] | _L[2], _R[1] | _R[2],
    ),
    "_": (_L[3] | _R[3],),
    ".": (_L[3], _R[3], _L[3] | _R[2], _L[2] | _R[3]),
    ",": (_L[2] | _L[3], _R[2] | _R[3]),
    ":": (_L[0] | _L[3], _R[0] | _R[3], _L[0] | _L[2], _R[0] | _R[2], _L[1] | _L[3], _R[1] | _R[3]),
    "|": (sum(_L), sum(_R), sum(_L[:3]), sum(_R[:3]), sum(_L[1:]), sum(_R[1:])),
    "/": (
        _R[0] | _R[1] | _L[2] | _L[3], _R[0] | _L[1], _R[0] | _R[1] | _L[2], _R[1] | _L[2] | _L[3], _R[0] | _L[3],
        _R[0] | _L[1] | _L[2] | _L[3], _R[0] | _R[1] | _R[2] | _L[3], _R[2] | _L[3],
    ),
    "\\": (
        _L[0] | _L[1] | _R[2] | _R[3], _L[0] | _L[1] | _R[2], _L[1] | _R[2] | _R[3], _L[0] | _R[3],
        _L[0] | _R[1] | _R[2] | _R[3], _L[0] | _L[1] | _L[2] | _R[3],
    ),
    "=": (_L[0] | _R[0] | _L[3] | _R[3], _L[1] | _R[1] | _L[3] | _R[3], _L[0] | _R[0] | _L[2] | _R[2]),
    "o": (_L[2] | _L[3] | _R[2] | _R[3],),
    "+": (_L[1] | _L[2] | _R[1] | _R[2],),
    "#": (0xFF, 0xFF & ~_L[0], 0xFF & ~_R[0], 0xFF & ~_L[3], 0xFF & ~_R[3]),
}  # fmt: skip
"""Where the ink of an ASCII sign lies, as the dot patterns that it stands for best."""


def _likest(dots: int) -> str:
    """The sign whose ink differs from a pattern in the fewest dots; never a blank for a pattern that has one."""
    offers = [(sign, ink) for sign, inks in _INK.items() for ink in inks if bool(ink) == bool(dots)]
    return min(offers, key=lambda offer: (dots ^ offer[1]).bit_count())[0]


class _Table(dict[int, str]):
    """Signs by code point; what is asked for the first time is looked for and kept."""

    def __missing__(self, point: int) -> str:
        found = self[point] = point_in_ascii(point)
        return found


def point_in_ascii(point: int) -> str:
    """One code point in as many ASCII signs as it takes cells."""
    sign = chr(point)
    if point < 128:
        return sign
    if sign in _SIGNS:
        return _SIGNS[sign]
    if 0x2800 <= point <= 0x28FF:
        return _likest(point - 0x2800)
    if 0x2500 <= point <= 0x257F:
        if sign in _SLANTED:
            return _SLANTED[sign]
        return "-" if sign in _HORIZONTAL else "|" if sign in _VERTICAL else "+"
    width = cell_len(sign)
    bare = [one for one in normalize("NFKD", sign) if one.isascii() and one.isprintable()]
    return bare[0] if width == 1 and len(bare) == 1 else "?" * width


_TABLE = _Table()


def to_ascii(text: str) -> str:
    """`text` in ASCII, cell for cell."""
    return text if text.isascii() else text.translate(_TABLE)
