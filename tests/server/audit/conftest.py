"""An audit log on a real database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from optionix_core.market.clock import ManualClock
from server.audit.log import ChainedAuditLog
from server.crypto.envelopes import SealedEnvelopes
from server.crypto.keys import KeyRing
from server.crypto.master import LocalMasterKey
from server.store.database import Database

MASTER = bytes.fromhex("8f1c5e20b7a94d3366f0127b9ce45a81d2037ef6480bb95ce1742dc39a6805ff")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 16, 14, 30, tzinfo=UTC))


@pytest.fixture
def envelopes(database: Database, clock: ManualClock) -> SealedEnvelopes:
    return SealedEnvelopes(KeyRing.opened(database, LocalMasterKey(MASTER), clock))


@pytest.fixture
def log(database: Database, envelopes: SealedEnvelopes, clock: ManualClock) -> ChainedAuditLog:
    return ChainedAuditLog(database, envelopes, clock)
