"""The parts of one running server, made once by `server.assembly.assemble` and handed to every request.

Routers and middleware take what they need from here and make nothing themselves; tests put in their own parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optionix_core.market.clock import Clock
    from server.auth.accounts import Identities
    from server.health import Health
    from server.jobs import Jobs
    from server.parts import AuditLog, Books, Cache, Envelopes, Hub, Observing, RateLimiter
    from server.settings import ServerSettings
    from server.store.database import Database
    from server.sync.devicesync import DeviceSync


@dataclass(slots=True)
class Server:
    """One running server."""

    settings: ServerSettings
    clock: Clock
    database: Database
    envelopes: Envelopes
    audit: AuditLog
    cache: Cache
    rates: RateLimiter
    accounts: Identities
    """Identity: everything about people, sessions, keys."""
    books: Books
    """Streams and the workspaces over them."""
    sync: DeviceSync
    """Takes in what devices push, and hands out streams."""
    hub: Hub
    """Who listens on WebSockets."""
    observing: Observing
    """Metrics and structured logs."""
    jobs: Jobs
    """Periodic work."""
    health: Health
    """Whether all of it works."""

    def close(self) -> None:
        """Release everything, in the opposite order."""
        self.hub.close()
        self.accounts.close()
        self.books.close()
        self.envelopes.close()
        self.database.close()
