"""Fixtures that every suite shares."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from optionix_core.feeds.simulated.underlyings import find
from optionix_core.feeds.simulated.venue import Market, SimulatedFeed
from optionix_tui.__main__ import OBJECTS_BETWEEN_COLLECTIONS

SHARED = Path(__file__).resolve().parents[2] / "shared"


def _folder(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"no shared {name} folder beside the checkout")
    return folder


@pytest.fixture(autouse=True)
def _logs_end_with_their_test() -> Iterator[None]:
    """A server in this process sets up the logs of the whole process: no later test has its lines."""
    root = logging.getLogger()
    level = root.level
    yield
    for handler in root.handlers[:]:
        if type(handler).__module__ == "server.observing":
            root.removeHandler(handler)
    root.setLevel(level)


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


_OWN_MARKET = SimulatedFeed.market


@pytest.fixture(scope="session", autouse=True)
def _markets_are_shared() -> Iterator[None]:
    """What a simulated market has worked out serves every later test: it follows from seed, session and name alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SimulatedFeed, "market", _shared_market)
        yield


@pytest.fixture
def own_markets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each feed works everything out for itself: for tests of what `_markets_are_shared` relies on."""
    monkeypatch.setattr(SimulatedFeed, "market", _OWN_MARKET)


@lru_cache(maxsize=256)
def _market(seed: int, session: str, underlying: str) -> Market:
    del session
    return Market(seed, find(underlying))


def _shared_market(feed: SimulatedFeed, underlying: str) -> Market:
    return _market(feed.seed, feed.session, underlying)
