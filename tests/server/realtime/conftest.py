"""A running station."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.store.database import Database
from tests.server.conftest import Backend
from tests.server.realtime.station import Station, running


@pytest.fixture
def station(database: Database, tmp_path: Path) -> Iterator[Station]:
    """On each database in turn."""
    with running(database, tmp_path) as found:
        yield found


@pytest.fixture
def light(sqlite_backend: Backend, tmp_path: Path) -> Iterator[Station]:
    """On SQLite, for what does not depend on the database; whoever stalls is dropped after a second."""
    database = sqlite_backend.open()
    with running(database, tmp_path, stall=1.0) as found:
        yield found
    database.close()
