"""Whether the index of what events contain is what they say: nothing missing, nothing added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from optionix_core.errors import IntegrityError
from optionix_core.storage import rows
from optionix_core.sync.canonical import decode_stored
from optionix_core.sync.event import CONTAINS, contained

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from optionix_core.sync.chain import Row

_LISTS: Final = f'"{CONTAINS}":['.encode()


class ContentsCheck:
    """Compares index and events up to the end that the log has now; others may append meanwhile."""

    def __init__(self, connection: Connection | None) -> None:
        self._until = 0 if connection is None else rows.last(connection).seq
        self._left = {} if connection is None else rows.contents(connection)

    def see(self, row: Row) -> None:
        """Take a row in. IntegrityError where something that it contains is not filed under it."""
        if row.seq > self._until or _LISTS not in row.data:
            return
        for name in contained(decode_stored(row.data)):
            if self._left.pop(name, None) != row.seq:
                raise IntegrityError(f"{name!r}, which this event contains, is not filed under it", row.seq)

    def finish(self) -> None:
        """All rows were seen. IntegrityError where the index files something under an event that lacks it."""
        for name, seq in self._left.items():
            if seq <= self._until:
                raise IntegrityError(f"{name!r} is filed under this event, which does not contain it", seq)
