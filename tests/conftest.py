"""Fixtures that every suite shares."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def _folder(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"no shared {name} folder beside the checkout")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real chains, payloads and histories; skips where they are absent."""
    return _folder("data")


@pytest.fixture(scope="session")
def shared_reference() -> Path:
    """Published values and rule constants; skips where they are absent."""
    return _folder("reference")
