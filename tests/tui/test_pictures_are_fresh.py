"""The pictures in README and docs are what the application draws today; the gallery draws the same, and more."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from config.screens import NAMES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports a script by name."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return import_module


def test_the_pictures_in_the_docs_are_what_the_application_draws(scripts: Any) -> None:
    pictures = scripts("pictures")
    drawn = dict(pictures.draw())
    assert set(drawn) == {f"{name}.svg" for name in NAMES if name not in pictures.OF_THE_MACHINE}
    for name, picture in drawn.items():
        assert "http://www.w3.org/2000/svg" in picture
        assert "@font-face" not in picture, "a picture must not load fonts from a network"
        kept = (ROOT / "docs" / "pictures" / name).read_text("utf-8")
        assert picture == kept, f"docs/pictures/{name} is stale: `make docs` draws it anew"


def test_the_gallery_shows_a_screen_at_each_size_in_each_theme(scripts: Any, tmp_path: Path) -> None:
    gallery, pictures = scripts("gallery"), scripts("pictures")
    shown = scripts("demonstration").demonstration(tmp_path)
    sizes, themes = ((44, 40), (120, 36)), ("dark", "light")
    drawn = pictures.views(shown, "book", sizes, themes)
    assert [(one.size, one.theme) for one in drawn] == [(size, theme) for size in sizes for theme in themes]
    assert len({one.svg for one in drawn}) == len(drawn)
    assert all("ORBIT" in one.svg for one in drawn)
    page = gallery.page(drawn)
    assert re.findall(r'src="([^"]+)"', page) == [
        "book-44x40-dark.svg", "book-44x40-light.svg", "book-120x36-dark.svg", "book-120x36-light.svg",
    ]  # fmt: skip
    assert "//" not in page  # nothing from anywhere else
    for wrong in (["nonsense"], ["--theme", "none"], ["--size", "8x"], ["--size", "0x5"]):
        with pytest.raises(SystemExit) as refused:
            gallery.arguments(wrong)
        assert refused.value.code == 2
