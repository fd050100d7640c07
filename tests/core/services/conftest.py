"""The steady feed, and workspaces on it."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from optionix_core.market.clock import ManualClock
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_core.sync.memory import MemoryEventStore


def _load(name: str) -> ModuleType:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


_load("steady_feed")
_load("told_feed")
_load("halting_feed")
_load("share_feed")
_load("dying_store")
_load("told_log")
_load("seeded")


@pytest.fixture
def steady() -> ModuleType:
    """The module of the steady feed."""
    return sys.modules["steady_feed"]


@pytest.fixture
def feed(steady: ModuleType) -> Any:
    """A steady feed."""
    return steady.SteadyFeed()


@pytest.fixture
def told() -> Any:
    """A feed that can tell all its quotes."""
    return sys.modules["told_feed"].ToldFeed()


@pytest.fixture
def clock(steady: ModuleType) -> ManualClock:
    """Stands at the start of the tests' day."""
    return ManualClock(steady.START)


@pytest.fixture
def store() -> MemoryEventStore:
    """A log in memory."""
    return MemoryEventStore()


@pytest.fixture
def workspace_on(tmp_path: Path, feed: Any, clock: ManualClock, store: Any) -> Callable[..., Workspace]:
    """Makes workspaces that share log, feed and clock, as processes share a home."""

    def make(**choices: Any) -> Workspace:
        numbers = itertools.count(1)
        given = {"store": store, "feed": feed, "clock": clock, "new_order_id": lambda: f"order-{next(numbers)}"}
        return Workspace(HomeFolders.of(tmp_path), **{**given, **choices})

    return make


@pytest.fixture
def workspace(workspace_on: Callable[..., Workspace]) -> Workspace:
    """One workspace on the steady feed."""
    return workspace_on()


@pytest.fixture
def traded() -> Any:
    """A feed that tells all its quotes and lists shares."""
    return sys.modules["share_feed"].ShareFeed()
