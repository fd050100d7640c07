"""Sync as routes see it: the hub over the server's books, and the conflicts beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.sync.hub import SyncHub
from server.sync.resolving import Resolving

if TYPE_CHECKING:
    from optionix_core.market.clock import Clock
    from server.books import ServerBooks
    from server.parts import AuditLog, Envelopes
    from server.store.database import Database


class DeviceSync(SyncHub):
    """One for each worker."""

    def __init__(
        self, database: Database, books: ServerBooks, envelopes: Envelopes, audit: AuditLog, clock: Clock
    ) -> None:
        super().__init__(database, books.store, books.own_stream, envelopes, audit, clock, lambda: books.feed)
        self.resolving = Resolving(self)
