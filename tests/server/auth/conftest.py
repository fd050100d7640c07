"""A server of identity, see `house`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest
from anyio.from_thread import start_blocking_portal

from optionix_core.market.clock import ManualClock
from optionix_core.services.feeds import open_feed
from server.app import create_app
from server.audit.log import ChainedAuditLog
from server.auth.accounts import Identities
from server.books import ServerBooks
from server.context import Server
from server.crypto.envelopes import SealedEnvelopes
from server.crypto.keys import KeyRing
from server.crypto.master import LocalMasterKey
from server.crypto.signing import TokenKeys
from tests.server.auth.house import NOW, CountingHasher, House, Identified, LocalCache
from tests.server.conftest import Backend

if TYPE_CHECKING:
    from optionix_core.market.protocols import QuoteSource

MASTER = bytes.fromhex("8f1c5e20b7a94d3366f0127b9ce45a81d2037ef6480bb95ce1742dc39a6805ff")


@pytest.fixture(scope="session")
def feed() -> QuoteSource:
    return open_feed("sim", seed=20, session="continuous")


def built(backend: Backend, feed: QuoteSource, **settings: Any) -> Iterator[House]:
    clock = ManualClock(NOW)
    database = backend.open()
    ring = KeyRing.opened(database, LocalMasterKey(MASTER), clock)
    envelopes = SealedEnvelopes(ring)
    audit = ChainedAuditLog(database, envelopes, clock)
    made = backend.settings(**settings)
    cache, hasher, seconds = LocalCache(), CountingHasher(), [0.0]
    books = ServerBooks(database, envelopes, clock, backend.folder, lambda: feed)
    accounts = Identities.assemble(
        made,
        clock,
        database,
        envelopes,
        audit,
        cast("Any", cache),
        books,
        TokenKeys(made, ring, clock),
        hasher=hasher,
        monotonic=lambda: seconds[0],
    )
    parts: dict[str, Any] = dict.fromkeys(Server.__dataclass_fields__)
    parts |= {"settings": made, "clock": clock, "database": database, "envelopes": envelopes, "audit": audit}
    parts |= {"cache": cache, "accounts": accounts, "books": books}
    server = Server(**cast("Any", parts))
    with start_blocking_portal() as portal:
        house = House(Identified(create_app(server), server), portal, server, clock, hasher, cache, books, seconds)
        yield house
        for client in house.clients.values():
            portal.call(client.aclose)
    accounts.close()
    books.close()
    database.close()


@pytest.fixture
def house(backend: Backend, feed: QuoteSource) -> Iterator[House]:
    """On each database in turn."""
    yield from built(backend, feed)


@pytest.fixture
def sqlite_house(sqlite_backend: Backend, feed: QuoteSource) -> Iterator[House]:
    """On SQLite alone, for what does not depend on the database."""
    yield from built(sqlite_backend, feed)
