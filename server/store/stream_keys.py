"""The keys of a stream's chain: each stretch of it is chained under the key of its time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import TYPE_CHECKING

from optionix_core.sync import chain
from server.store import stream_rows as rows

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Connection

ChainKey = Callable[[int], bytes]
"""32 bytes of an epoch, such as `envelopes.chain_key("stream", epoch)`."""


class StreamKeys:
    """Links of a stream's epochs: each stretch of it is chained under the key of its time."""

    def __init__(self, chain_key: ChainKey) -> None:
        self._chain_key = chain_key
        self._links: dict[int, chain.Link] = {}
        self._known: tuple[int, chain.Link] | None = None

    def link(self, connection: Connection, stream: UUID) -> chain.Link:
        """h(seq) under the key of the epoch that `seq` belongs to."""
        return self.link_at(connection, stream, rows.end(connection, stream)[1])

    def link_at(self, connection: Connection, stream: UUID, epoch: int) -> chain.Link:
        """The same where the epoch of the stream's end has been read."""
        if self._known is None or self._known[0] != epoch:
            self._known = (epoch, self._made(connection, stream, epoch))
        return self._known[1]

    def forget(self) -> None:
        """Look at the stretches anew."""
        self._known = None

    def _made(self, connection: Connection, stream: UUID, epoch: int) -> chain.Link:
        stretches = rows.epochs(connection, stream) if epoch > 1 else [(1, 1)]
        if not stretches or stretches[-1][1] != epoch:
            stretches.append((rows.end(connection, stream)[0].seq + 1, epoch))
        links = [self._of(number) for _, number in stretches]
        if len(links) == 1:
            return links[0]
        firsts = [first for first, _ in stretches]

        def link(seq: int, previous: bytes, data: bytes) -> bytes:
            return links[max(0, bisect_right(firsts, seq) - 1)](seq, previous, data)

        return link

    def _of(self, epoch: int) -> chain.Link:
        if epoch not in self._links:
            self._links[epoch] = chain.keyed(self._chain_key(epoch))
        return self._links[epoch]
