"""The pictures in README and docs are what the application draws today."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_pictures_in_the_docs_are_what_the_application_draws() -> None:
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "scripts" / "pictures.py")
    assert spec is not None
    assert spec.loader is not None
    pictures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pictures)
    drawn = dict(pictures.draw())
    assert set(drawn) == {"chain.svg", "volatility.svg", "book.svg", "orders.svg"}
    for name, picture in drawn.items():
        assert "http://www.w3.org/2000/svg" in picture
        assert "@font-face" not in picture, "a picture must not load fonts from a network"
        kept = (ROOT / "docs" / "pictures" / name).read_text("utf-8")
        assert picture == kept, f"docs/pictures/{name} is stale: `make docs` draws it anew"
