"""Checking the whole audit log: the first sequence that is altered, missing, moved or cut is named.

Each entry's place and hash are checked under the epoch's key, the searchable columns against what was chained, the
Merkle roots and their signatures, and the heads that were exported: a log that ends before one of them was cut.

The log grows and people are erased meanwhile, and each query sees more than the one before. So what is checked ends
where the log ended at first, and what explains a row (its root, an erasure) is read after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from hmac import HMAC
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Connection, RowMapping, bindparam, select

from optionix_core.errors import IntegrityError, MissingDataError
from optionix_core.sync import canonical, merkle
from optionix_core.sync.event import GENESIS
from server.audit.entries import ROOT_EVERY, columns_of, commitment, keyed, link
from server.audit.heads import SignedHead
from server.audit.log import PURPOSE, ChainedAuditLog
from server.crypto.envelopes import open_text, place
from server.parts import Envelopes
from server.store.tables import audit_logs, audit_roots, erasures

PAGE: Final = 2048
Row = Mapping[Any, Any]
"""A row by the names of its columns."""
_row = audit_logs.c
_PART: Final = (_row.seq > bindparam("after"), _row.seq <= bindparam("until"))
_CHAIN: Final = select(_row.seq, _row.epoch, _row.data, _row.hash).where(*_PART).order_by(_row.seq).limit(PAGE)
_WHOLE: Final = select(audit_logs).where(*_PART).order_by(_row.seq).limit(PAGE)
_LAST_ROOT: Final = select(audit_roots.c.seq).order_by(audit_roots.c.seq.desc()).limit(1)
_LAST: Final = select(_row.seq).order_by(_row.seq.desc()).limit(1)
_ERASED: Final = select(erasures.c.user_id).where(erasures.c.done_at.is_not(None))


@dataclass(frozen=True, slots=True)
class AuditVerification:
    """What a complete check found; it raises IntegrityError when something is wrong."""

    entries: int
    hash: bytes
    """The chain's at its end."""
    root: bytes
    """The Merkle root over all entries."""
    roots: int
    """Signed roots that were checked."""
    heads: int
    """Exported heads that were checked."""
    erased: int
    """Entries whose personal part was erased."""


def verify(log: ChainedAuditLog, heads: Sequence[SignedHead] = (), *, columns: bool = True) -> AuditVerification:
    """Check everything; without `columns` chain, roots and heads alone, which is several times as quick.

    IntegrityError names the first bad sequence.
    """
    with log.database.reading(fresh=True) as connection:
        last_root = connection.execute(_LAST_ROOT).scalar() or 0
        end = connection.execute(_LAST).scalar() or 0
        check = AuditCheck(log.envelopes, heads, frozenset())
        while check.seq < end:
            asked = {"after": check.seq, "until": end}
            rows = connection.execute(_WHOLE if columns else _CHAIN, asked).mappings().all()
            if not rows:
                break
            roots = _roots(connection, check.seq, rows[-1]["seq"])
            if columns:
                check.gone = frozenset(connection.execute(_ERASED).scalars())
                for row in rows:
                    check.take(row, roots)
            else:
                for row in rows:
                    check.link(row["seq"], row["epoch"], row["data"], row["hash"], roots)
        return check.finish(last_root)


class AuditCheck:
    """A check under way: entries are handed in one after the other."""

    def __init__(self, envelopes: Envelopes, heads: Sequence[SignedHead], gone: AbstractSet[UUID]) -> None:
        self.seq = 0
        self._previous = GENESIS
        self._epoch = 1
        self._frontier = merkle.Frontier()
        self._roots = 0
        self._erased = 0
        self._envelopes = envelopes
        self._head_key = envelopes.head_key()
        self._heads: dict[int, list[SignedHead]] = {}
        for head in heads:
            head.check(self._head_key)
            self._heads.setdefault(head.seq, []).append(head)
        self.gone = gone
        """Users whose erasure is done, as of after the rows that are handed in."""
        self._keys: dict[int, HMAC] = {}

    def take(self, row: Row, roots: Mapping[int, Row]) -> None:
        """The next row of `audit_logs`; `roots` are rows of `audit_roots` by sequence. IntegrityError."""
        self.link(row["seq"], row["epoch"], row["data"], row["hash"], roots)
        self._check_columns(row)

    def link(self, seq: int, epoch: int, data: bytes, found: bytes, roots: Mapping[int, Row]) -> None:
        """As `take`, the chain and its roots alone."""
        expected = self.seq + 1
        if seq != expected:
            raise IntegrityError(f"this entry is missing: the next one in the log is {seq}", expected)
        if epoch < self._epoch:
            raise IntegrityError("the entry is chained under an older epoch than the one before it", expected)
        key = self._keys.get(epoch) or self._key(epoch, expected)
        chained = link(key, expected, self._previous, data)
        if found != chained:
            raise IntegrityError("the entry or its hash was altered: the chain breaks here", expected)
        self.seq, self._epoch, self._previous = expected, epoch, chained
        self._frontier.append(merkle.leaf_hash(data))
        if expected % ROOT_EVERY == 0 or expected in roots:
            self._check_root(roots.get(expected))
        if expected in self._heads:
            self._check_heads()

    def finish(self, last_root: int = 0) -> AuditVerification:
        """What was found. IntegrityError where a signed root or an exported head is about a longer log."""
        beyond = max(last_root, *self._heads, 0) if self._heads else last_root
        if beyond > self.seq:
            why = f"this entry is missing: the log ends at {self.seq}, a signed head says {beyond}"
            raise IntegrityError(why, self.seq + 1)
        heads = sum(map(len, self._heads.values()))
        return AuditVerification(self.seq, self._previous, self._frontier.root(), self._roots, heads, self._erased)

    def _key(self, epoch: int, seq: int) -> HMAC:
        try:
            found = self._keys[epoch] = keyed(self._envelopes.chain_key(PURPOSE, epoch))
        except MissingDataError:
            raise IntegrityError(f"the entry names the epoch {epoch}, which never began", seq) from None
        return found

    def _check_columns(self, row: Row) -> None:
        document: dict[str, Any] = orjson.loads(row["data"])
        user = row["user_id"]
        shown = (
            str(row["id"]),
            canonical.time_text(row["timestamp"]),
            None if user is None else str(user),
            row["action"],
            row["resource"],
            row["details"],
        )
        if shown != columns_of(document):
            raise IntegrityError("a column of the entry was altered: it is not what was chained", row["seq"])
        personal, salt = document["personal"], row["salt"]
        address, agent = row["ip_address"], row["user_agent"]
        emptied = salt is None and address is None and agent is None
        if personal is None:
            if not emptied:
                raise IntegrityError("an address was added to the entry", row["seq"])
        elif emptied:
            if user not in self.gone:
                raise IntegrityError("address and user agent were removed, and nobody was erased", row["seq"])
            self._erased += 1
        else:
            if address is not None:
                address = self._opened("audit_logs.ip_address", row, address)
            if agent is not None:
                agent = self._opened("audit_logs.user_agent", row, agent)
            if salt is None or commitment(salt, address, agent) != personal:
                raise IntegrityError("address or user agent of the entry was altered", row["seq"])

    def _opened(self, column: str, row: Row, sealed: str) -> str:
        try:
            return open_text(self._envelopes, "personal", place(column, row["id"]), sealed)
        except (IntegrityError, MissingDataError) as error:
            raise IntegrityError(str(error), row["seq"]) from error

    def _check_root(self, found: Row | None) -> None:
        if found is None:
            raise IntegrityError("the signed root over the entries up to here is missing", self.seq)
        root = self._frontier.root()
        if found["root"] != root or found["peaks"] != self._frontier.to_bytes():
            raise IntegrityError("the signed root over the entries up to here is another", self.seq)
        sworn = SignedHead(self.seq, self._previous, root, found["signature"], self._head_key, found["made_at"])
        sworn.check(self._head_key)
        self._roots += 1

    def _check_heads(self) -> None:
        root = self._frontier.root()
        if any(head.hash != self._previous or head.root != root for head in self._heads[self.seq]):
            raise IntegrityError("the log up to here is not the one whose head was exported", self.seq)


def _roots(connection: Connection, after: int, until: int) -> dict[int, RowMapping]:
    row = audit_roots.c
    query = select(audit_roots).where(row.seq > after, row.seq <= until)
    return {found["seq"]: found for found in connection.execute(query).mappings()}
