"""QR codes as lines of text: half blocks, two modules high, or ASCII where the terminal has nothing else.

Light modules are drawn and dark ones left out, so that on a dark terminal the code has the colours that a camera
expects; whoever draws them on another ground sets both colours.
"""

from __future__ import annotations

QUIET_ZONE = 2
"""Light modules around the code."""


def qr_lines(text: str, *, in_ascii: bool = False) -> tuple[str, ...]:
    """The code of `text`. In ASCII a module is two characters wide and one line high."""
    import segno

    rows = [tuple(map(bool, row)) for row in segno.make(text, error="l", micro=False).matrix_iter(border=QUIET_ZONE)]
    if in_ascii:
        return tuple("".join("  " if dark else "##" for dark in row) for row in rows)
    if len(rows) % 2:
        rows.append((True,) * len(rows[0]))
    return tuple(
        "".join(_HALVES[upper, lower] for upper, lower in zip(above, below, strict=True))
        for above, below in zip(rows[::2], rows[1::2], strict=True)
    )


_HALVES = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
