"""Counts wrong passwords for one account and one address, and makes whoever guesses wait longer and longer.

An attempt is counted before its password is looked at, so that many at once are no more than one after another; a right
one takes the count back. What is counted is named by a keyless digest, for accounts that exist and for others alike. No
account is ever locked: other addresses sign in as before, and sessions that are open go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, update

from server.auth.rows import held_row
from server.problems import Problem
from server.store.tables import login_failures

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from optionix_core.market.clock import Clock
    from server.store.database import Database

FREE: Final = 5
"""Wrong ones before the first wait."""
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=1)
FORGOTTEN: Final = timedelta(hours=24)
"""After the first failure, where nobody waits any more."""


def wait_after(failures: int, free: int = FREE) -> timedelta:
    """How long to wait after so many failures: nothing, then 30 s, doubled each time up to an hour."""
    over = failures - free
    return timedelta(0) if over < 0 else min(FIRST_WAIT * 2 ** min(over, 16), LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One that was counted."""

    key: str
    blocked_until: datetime | None
    """Until when others wait because of it, unless it is withdrawn."""


class Lockout:
    """The counts, in the database: shared by workers and there after a restart."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, *named: str, free: int = FREE) -> Attempt:
        """Count an attempt as failed. Problem 429 with Retry-After where one has to wait."""
        key = sha256("\0".join(named).encode()).hexdigest()
        now = self._clock.now()

        def count(connection: Connection) -> Attempt | datetime:
            fresh = {"key": key, "failures": 0, "first_at": now, "blocked_until": None}
            row = held_row(connection, login_failures, fresh)
            if row.blocked_until is not None and row.blocked_until > now:
                blocked: datetime = row.blocked_until
                return blocked
            stale = now - row.first_at >= FORGOTTEN
            before = 0 if stale else row.failures
            wait = wait_after(before + 1, free)
            first_at, until = (now if stale else row.first_at), (now + wait if wait else None)
            connection.execute(
                update(login_failures)
                .where(login_failures.c.key == key)
                .values(failures=before + 1, first_at=first_at, blocked_until=until)
            )
            return Attempt(key, until)

        found = self._database.write(count)
        if isinstance(found, datetime):
            raise too_many(ceil((found - now).total_seconds()))
        return found

    def forgive(self, connection: Connection, attempt: Attempt) -> None:
        """Forget all failures: the attempt was right."""
        connection.execute(delete(login_failures).where(login_failures.c.key == attempt.key))

    def withdraw(self, attempt: Attempt) -> None:
        """The attempt was neither right nor wrong: it is not counted."""

        def restore(connection: Connection) -> None:
            named = login_failures.c.key == attempt.key
            row = connection.execute(select(login_failures).where(named).with_for_update()).one_or_none()
            if row is None:
                return
            if row.failures <= 1:
                connection.execute(delete(login_failures).where(named))
                return
            until = None if row.blocked_until == attempt.blocked_until else row.blocked_until
            connection.execute(
                update(login_failures).where(named).values(failures=row.failures - 1, blocked_until=until)
            )

        self._database.write(restore)

    def purge(self) -> int:
        """Forget what is older than a day and holds nobody up; how many."""
        now = self._clock.now()
        done = (login_failures.c.first_at < now - FORGOTTEN) & (
            login_failures.c.blocked_until.is_(None) | (login_failures.c.blocked_until < now)
        )
        return self._database.write(lambda connection: connection.execute(delete(login_failures).where(done)).rowcount)


def too_many(seconds: int) -> Problem:
    """The answer to whoever has to wait."""
    return Problem(
        429, "too-many-attempts", f"wait {seconds} s before you try again", headers={"Retry-After": str(seconds)}
    )
