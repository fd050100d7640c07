"""Columns that hold envelopes, and sealing all of them anew after a rotation while requests go on.

The work has no state of its own: what is still under an older key is found by the key's number in the envelope, so
that a run which was killed is simply begun again. A row that somebody changes meanwhile is left to him: the new
envelope is written only over the one that was read. Older keys open until nothing is under them any more; then they
are erased.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, and_, select, update

from optionix_core.market.clock import Clock
from server.crypto.envelopes import SealedEnvelopes, key_number, place, unpacked
from server.crypto.keys import DATA, REFRESH_SECONDS
from server.store.database import Database
from server.store.tables import audit_logs, refresh_tokens, sessions, users

BATCH: Final = 200
"""Envelopes that are sealed in one transaction: short, so that requests wait for none of them."""
GRACE: Final = timedelta(seconds=3 * REFRESH_SECONDS)
"""How long after a rotation another worker may still seal under the former key."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of envelopes; the context of each is `server.crypto.envelopes.place` of column and row."""

    purpose: str
    table: Table
    name: str
    row: str
    """The column that names the row: the primary key."""

    @property
    def context(self) -> str:
        """Before the row's name."""
        return f"{self.table.name}.{self.name}"

    @property
    def column(self) -> Column[Any]:
        """The column itself."""
        return self.table.c[self.name]


SEALED: Final[Sequence[SealedColumn]] = (
    SealedColumn("personal", users, "full_name", "id"),
    SealedColumn("secret", users, "mfa_secret", "id"),
    SealedColumn("secret", users, "mfa_pending", "id"),
    SealedColumn("secret", refresh_tokens, "successor", "digest"),
    SealedColumn("personal", sessions, "ip_address", "id"),
    SealedColumn("personal", sessions, "user_agent", "id"),
    SealedColumn("personal", audit_logs, "ip_address", "id"),
    SealedColumn("personal", audit_logs, "user_agent", "id"),
)


class Resealing:
    """Seals under the present keys what is under older ones."""

    def __init__(
        self,
        database: Database,
        envelopes: SealedEnvelopes,
        clock: Clock,
        columns: Sequence[SealedColumn] = SEALED,
        after_batch: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._envelopes = envelopes
        self._clock = clock
        self._columns = columns
        self._after_batch = after_batch

    def run(self) -> Mapping[str, int]:
        """Seal everything anew, then erase keys that nothing is under; how many of both.

        Raises IntegrityError where a column holds what does not open: the key it is under is kept.
        """
        ring = self._envelopes.ring
        ring.refresh()
        old = {key.id for purpose in DATA for key in ring.all_of(purpose) if key.id != ring.present(purpose).id}
        if not old:
            return {"sealed": 0, "keys_erased": 0}
        settled = all(ring.present(purpose).created_at + GRACE <= self._clock.now() for purpose in DATA)
        sealed = sum(self._column(column) for column in self._columns)
        if not settled or sealed:
            return {"sealed": sealed, "keys_erased": 0}  # the next run finds nothing left, or what came late
        for key_id in sorted(old):
            ring.retire(key_id)
        return {"sealed": 0, "keys_erased": len(old)}

    def _column(self, column: SealedColumn) -> int:
        present = self._envelopes.ring.present(column.purpose).id
        done = 0
        for page in self._pages(column):
            stale = [(name, value) for name, value in page if key_number(_envelope(value)) != present]
            if stale:
                done += self._database.write(partial(self._seal, column=column, stale=stale))
                self._envelopes.ring.refresh()
                self._after_batch()
        return done

    def _pages(self, column: SealedColumn) -> Iterator[Sequence[tuple[Any, Any]]]:
        row = column.table.c[column.row]
        last: Any = None
        while True:
            wanted = column.column.is_not(None) if last is None else and_(column.column.is_not(None), row > last)
            query = select(row, column.column).where(wanted).order_by(row).limit(BATCH)
            with self._database.reading(fresh=True) as connection:
                page = [(found[0], found[1]) for found in connection.execute(query)]
            if not page:
                return
            yield page
            last = page[-1][0]

    def _seal(self, connection: Connection, *, column: SealedColumn, stale: Sequence[tuple[Any, Any]]) -> int:
        row = column.table.c[column.row]
        done = 0
        for name, value in stale:
            context = place(column.context, name)
            plain = self._envelopes.open(column.purpose, context, _envelope(value))
            fresh: bytes | str = self._envelopes.seal(column.purpose, context, plain)
            if isinstance(value, str) and isinstance(fresh, bytes):
                fresh = base64.urlsafe_b64encode(fresh).decode("ascii")
            change = update(column.table).where(row == name, column.column == value).values({column.name: fresh})
            done += connection.execute(change).rowcount
        return done


def _envelope(value: bytes | str) -> bytes:
    return unpacked(value) if isinstance(value, str) else value
