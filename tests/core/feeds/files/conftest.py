"""The small synthetic files of the importers' tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "chains"


@pytest.fixture(scope="session")
def chain_files() -> Path:
    """Folder of the synthetic chain files."""
    return FIXTURES


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., Path]:
    """A copy of a fixture with one text put in place of another, which must be there just once."""

    def edit(name: str, old: str, new: str) -> Path:
        text = (FIXTURES / name).read_text(encoding="utf-8")
        assert text.count(old) == 1
        copy = tmp_path / name
        copy.write_bytes(text.replace(old, new).encode("utf-8"))
        return copy

    return edit
