"""Signed heads of streams: a Merkle root every 256 entries and at every head that somebody is shown.

The tree grows with the stream; what is kept of it is its frontier, beside the last root of a multiple of 256.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from optionix_core.sync.checkpoints import FoldCheckpoint
from optionix_core.sync.event import EMPTY_HEAD, Head
from optionix_core.sync.merkle import Frontier
from optionix_core.sync.wire import ROOT_EVERY, SignedHead, leaf, statement
from server.store import stream_rows as rows
from server.store.tables import stream_roots
from server.store.upserts import insert_where_new

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import Connection

    from optionix_core.market.clock import Clock
    from server.parts import Envelopes
    from server.store.database import Database
    from server.store.streams import StreamStore

TREE: Final = "merkle-1"
"""Name of the checkpoint that keeps the frontier."""


class _Tree:
    """What is known of one stream's tree."""

    def __init__(self, frontier: Frontier, head: Head) -> None:
        self.frontier = frontier
        self.head = head
        self.signed: SignedHead | None = None
        self.lock = threading.Lock()


class Heads:
    """Signs heads. Threads may share it."""

    def __init__(self, database: Database, envelopes: Envelopes, clock: Clock) -> None:
        self._database = database
        self._envelopes = envelopes
        self._clock = clock
        self._trees: dict[UUID, _Tree] = {}
        self._opening = threading.Lock()

    def signed(self, store: StreamStore, seen: int | None = None) -> SignedHead:
        """The stream's present head, its root kept in the database before anybody sees it.

        `seen`: where the caller saw the stream end just now; a head that says as much is not made anew.
        """
        tree = self._tree(store)
        with tree.lock:
            if seen is not None and tree.signed is not None and tree.signed.seq >= seen:
                return tree.signed
            made: list[tuple[Head, bytes]] = []
            kept = None
            for row in store.rows(tree.head.seq):
                tree.frontier.append(leaf(row.seq, row.data, row.status, row.reason))
                tree.head = Head(row.seq, row.hash)
                if row.seq % ROOT_EVERY == 0:
                    made.append((tree.head, tree.frontier.root()))
                    kept = FoldCheckpoint(TREE, tree.head, tree.frontier.to_bytes())
            if tree.signed is not None and tree.signed.seq == tree.head.seq:
                return tree.signed
            if not made or made[-1][0] != tree.head:
                made.append((tree.head, tree.frontier.root()))
            signed = [self._head(store.stream_id, head, root) for head, root in made]
            self._keep(store.stream_id, [one for one in signed if one.seq], kept)
            tree.signed = signed[-1]
            return tree.signed

    def forget(self, stream_id: UUID) -> None:
        """Look at the stream anew at the next head."""
        with self._opening:
            self._trees.pop(stream_id, None)

    def _head(self, stream_id: UUID, head: Head, root: bytes) -> SignedHead:
        name = str(stream_id)
        signature = self._envelopes.sign_head(statement(name, head.seq, head.hash, root))
        return SignedHead(name, head.seq, head.hash, root, signature, self._envelopes.head_key())

    def _keep(self, stream_id: UUID, made: Sequence[SignedHead], kept: FoldCheckpoint | None) -> None:
        now = self._clock.now()
        found = [
            {"stream_id": stream_id, "seq": one.seq, "root": one.root, "signature": one.signature, "made_at": now}
            for one in made
        ]

        def work(connection: Connection) -> None:
            if found:
                connection.execute(insert_where_new(connection, stream_roots), found)
            if kept is not None:
                rows.keep_checkpoint(connection, stream_id, kept)

        if found or kept is not None:
            self._database.write(work)

    def _tree(self, store: StreamStore) -> _Tree:
        with self._opening:
            found = self._trees.get(store.stream_id)
            if found is None:
                kept = store.load_checkpoint(TREE)
                frontier = Frontier() if kept is None else Frontier.of_bytes(kept.head.seq, kept.state)
                found = self._trees[store.stream_id] = _Tree(frontier, EMPTY_HEAD if kept is None else kept.head)
            return found


def roots(connection: Connection, stream_id: UUID) -> Sequence[tuple[int, bytes]]:
    """Sequence and root of all that were signed, the oldest first."""
    asked = select(stream_roots.c.seq, stream_roots.c.root).where(stream_roots.c.stream_id == stream_id)
    return [(int(seq), bytes(root)) for seq, root in connection.execute(asked.order_by(stream_roots.c.seq))]
