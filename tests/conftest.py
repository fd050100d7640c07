"""Fixtures that every suite shares."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from optionix_tui.__main__ import OBJECTS_BETWEEN_COLLECTIONS

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


def pytest_collection_finish() -> None:
    """What the modules of the tests made stays: rubbish is looked for behind it, and as rarely as the program does."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 10, 10)
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that hangs ends after `timeout` of pyproject; a long run has an hour."""
    for item in items:
        if item.get_closest_marker("soak"):
            item.add_marker(pytest.mark.timeout(3600))
