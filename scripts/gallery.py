"""`make screens`: every screen at four sizes and in two themes, as SVG, and a page that shows them side by side.

`python scripts/gallery.py chain book --theme high-contrast --size 80x24` draws some of them, or others. All is written
to build/screens, which is no part of the repository; build/screens/index.html loads nothing from anywhere else.
"""

from __future__ import annotations

import argparse
import html
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from demonstration import demonstration
from pictures import Picture, views

from config.screens import NAMES
from config.themes import THEMES
from optionix_core.errors import OptionixError
from optionix_tui.cli.screen import LARGEST, SMALLEST

FOLDER = Path(__file__).resolve().parent.parent / "build" / "screens"
SIZES = ((44, 40), (80, 24), (120, 36), (200, 55))
TWO_THEMES = ("dark", "light")
STYLE = """
body { margin: 24px; background: #20242b; color: #d5d9e0; font: 15px/1.5 system-ui, sans-serif; }
a { color: #e0a33a; }
nav { position: sticky; top: 0; padding: 8px 0; background: #20242b; }
nav a { margin-right: 12px; }
section { display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start; }
h2 { flex: 0 0 100%; margin: 24px 0 0; scroll-margin-top: 48px; }
figure { margin: 0; }
img { display: block; max-width: 92vw; }
"""


def _size(text: str) -> tuple[int, int]:
    columns, _, lines = text.partition("x")
    size = int(columns), int(lines)
    for value, least, most in zip(size, SMALLEST, LARGEST, strict=True):
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not between {SMALLEST} and {LARGEST}")
    return size


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What shall be drawn."""
    reader = argparse.ArgumentParser(description="Draw screens into build/screens.")
    reader.add_argument("screens", nargs="*", metavar="SCREEN", help=f"of {', '.join(NAMES)}; all of them without one")
    reader.add_argument("--theme", action="append", choices=THEMES, help="again for another; dark and light without")
    reader.add_argument("--size", action="append", type=_size, metavar="COLSxLINES", help="again for another")
    found = reader.parse_args(words)
    for name in found.screens:
        if name not in NAMES:
            reader.error(f"unknown screen {name!r}; known: {', '.join(NAMES)}")
    return found


def file_name(picture: Picture) -> str:
    """Where a picture is kept."""
    columns, lines = picture.size
    return f"{picture.screen}-{columns}x{lines}-{picture.theme}.svg"


def page(pictures: Sequence[Picture]) -> str:
    """The page that shows them, a section for each screen."""
    names = list(dict.fromkeys(picture.screen for picture in pictures))
    links = "".join(f'<a href="#{name}">{name}</a>' for name in names)
    parts = [
        f"<!DOCTYPE html>\n<meta charset=utf-8>\n<title>Screens</title>\n<style>{STYLE}</style>\n<nav>{links}</nav>\n"
    ]
    for name in names:
        parts.append(f'<section><h2 id="{name}">{name}</h2>\n')
        for picture in (one for one in pictures if one.screen == name):
            told = html.escape(f"{picture.size[0]}x{picture.size[1]}, {picture.theme}")
            width = 9 * picture.size[0]
            image = f'<img src="{file_name(picture)}" width="{width}" loading="lazy" alt="{name}, {told}">'
            parts.append(f"<figure>{image}<figcaption>{told}</figcaption></figure>\n")
        parts.append("</section>\n")
    return "".join(parts)


def main() -> int:
    """Draw, write, and say what could not be drawn; the exit status."""
    asked = arguments()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.svg"):
        old.unlink()
    drawn: list[Picture] = []
    failed = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        shown = demonstration(Path(folder))
        for name in asked.screens or NAMES:
            started = time.monotonic()
            try:
                pictures = views(shown, name, asked.size or SIZES, asked.theme or TWO_THEMES)
            except OptionixError as error:
                print(f"{name}: {error}", file=sys.stderr)
                failed += 1
                continue
            for picture in pictures:
                (FOLDER / file_name(picture)).write_text(picture.svg, "utf-8", newline="\n")
            drawn += pictures
            print(f"{name}: {len(pictures)} pictures in {time.monotonic() - started:.1f} s", file=sys.stderr)
    (FOLDER / "index.html").write_text(page(drawn), "utf-8", newline="\n")
    print(FOLDER / "index.html")
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
