"""What nobody needs any more: tokens past their end, sessions that ended a month ago, counts of wrong passwords.

And what must not be there any more: addresses of erased people that requests under way wrote down after all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, delete, or_

from server.crypto.erasing import empty_late_entries
from server.store.tables import refresh_tokens, sessions

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from server.auth.accounts import Identities

EVERY: Final = 3600.0
"""Seconds between two runs."""
KEPT: Final = timedelta(days=30)
"""How long a session is kept that has ended."""


def purge(auth: Identities) -> Mapping[str, int]:
    """Delete it; how many rows of each."""
    now = auth.stores.clock.now()
    long_ago = now - KEPT
    ended = or_(
        sessions.c.expires_at < long_ago, and_(sessions.c.revoked_at.is_not(None), sessions.c.revoked_at < long_ago)
    )

    def work(connection: Connection) -> dict[str, int]:
        tokens = connection.execute(delete(refresh_tokens).where(refresh_tokens.c.expires_at < now)).rowcount
        gone = connection.execute(delete(sessions).where(ended)).rowcount
        return {"refresh_tokens": tokens, "sessions": gone, "late_entries": empty_late_entries(connection)}

    return {**auth.stores.database.write(work), "login_failures": auth.lockout.purge()}
