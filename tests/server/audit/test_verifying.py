"""Every entry of a log of 1,000 altered, removed, exchanged, inserted or cut is found, and the first bad one named."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, create_engine, delete, event, insert, select, update

from optionix_core.errors import IntegrityError
from optionix_core.market.clock import ManualClock
from optionix_core.sync import merkle
from server.audit import searching, verifying
from server.audit.entries import canonical_form, keyed, link
from server.audit.heads import export_head, exported, head_of
from server.audit.log import ChainedAuditLog
from server.audit.verifying import AuditCheck, verify
from server.crypto.envelopes import SealedEnvelopes
from server.crypto.keys import KeyRing
from server.crypto.master import LocalMasterKey
from server.parts import AuditEntry
from server.store.database import Database
from server.store.sqlite import SqliteDatabase
from server.store.tables import audit_logs, audit_roots, erasures, metadata, users
from tests.server.audit.conftest import MASTER
from tests.server.tampering import tamper

ENTRIES = 1_000
Rows = list[dict[str, Any]]


ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
"""For what does not depend on the database."""


def entry(number: int, user_id: UUID | None = None) -> AuditEntry:
    address = None if number % 3 == 0 else f"203.0.113.{number % 250}"
    return AuditEntry("trade.execute", f"orders/{number}", user_id, {"status": 201}, address, None)


def fill(log: ChainedAuditLog, count: int, user_id: UUID | None = None) -> None:
    def work(connection: Connection) -> None:
        for number in range(count):
            log.write(connection, entry(number, user_id))

    log.database.write(work)


def read(log: ChainedAuditLog) -> tuple[Rows, dict[int, Mapping[Any, Any]]]:
    with log.database.reading() as connection:
        rows = [dict(row) for row in connection.execute(select(audit_logs).order_by(audit_logs.c.seq)).mappings()]
        roots = {row["seq"]: row for row in connection.execute(select(audit_roots)).mappings()}
    return rows, roots


def altered(rows: Rows, at: int) -> Iterator[tuple[str, Rows]]:
    """Every way to meddle with the entry at index `at`, as rows from there on."""
    row = rows[at]
    for name in ("data", "hash"):
        value = row[name]
        yield f"{name} altered", [{**row, name: value[:-1] + bytes((value[-1] ^ 1,))}]
    yield "action altered", [{**row, "action": "auth.login"}]
    yield "user altered", [{**row, "user_id": uuid4()}]
    yield "details altered", [{**row, "details": {"status": 200}}]
    yield "time altered", [{**row, "timestamp": row["timestamp"] + timedelta(microseconds=1)}]
    yield "epoch altered", [{**row, "epoch": row["epoch"] + 1}]
    other = rows[at - 1]
    yield "address of another", [{**row, "ip_address": other["ip_address"] or rows[at - 2]["ip_address"]}]
    if row["salt"] is not None:
        yield "address removed", [{**row, "ip_address": None, "salt": None}]
        yield "salt altered", [{**row, "salt": bytes(16)}]
    forged = {**other, "seq": row["seq"], "hash": other["hash"]}
    yield "inserted", [forged, {**row, "seq": row["seq"] + 1}]
    if at + 1 < len(rows):
        after = rows[at + 1]
        yield "removed", [after]
        yield "removed and renumbered", [{**after, "seq": row["seq"]}]
        yield "exchanged", [{**after, "seq": row["seq"]}, {**row, "seq": after["seq"]}]


@ON_SQLITE
def test_every_entry_that_was_meddled_with_is_found_and_named(log: ChainedAuditLog) -> None:
    """The check is taken to each entry in turn, and each meddling is tried on a copy of it there."""
    fill(log, ENTRIES)
    rows, roots = read(log)
    head = head_of(log)
    assert head is not None
    check = AuditCheck(log.envelopes, [head], frozenset())
    tried = 0
    for at, row in enumerate(rows):
        seq = row["seq"]
        for way, meddled in altered(rows, at):
            here = fork(check)
            with pytest.raises(IntegrityError) as caught:
                take_all(here, meddled, roots)
            assert caught.value.seq == seq, (way, seq)
            tried += 1
        with pytest.raises(IntegrityError, match="the log ends at") as caught:
            fork(check).finish(max(roots))
        assert caught.value.seq == seq
        check.take(row, roots)
    assert check.finish(max(roots)).entries == ENTRIES
    assert tried > 12 * ENTRIES


def take_all(check: AuditCheck, rows: Rows, roots: dict[int, Mapping[Any, Any]]) -> None:
    for row in rows:
        check.take(row, roots)


def fork(check: AuditCheck) -> AuditCheck:
    """The check as it stands, to be led astray."""
    other = copy.copy(check)
    other._frontier = copy.deepcopy(check._frontier)
    return other


def _alter(seq: int) -> Callable[[Connection], None]:
    return lambda connection: _run(connection, update(audit_logs).where(audit_logs.c.seq == seq).values(data=b"{}"))


def _column(seq: int) -> Callable[[Connection], None]:
    change = update(audit_logs).where(audit_logs.c.seq == seq).values(resource="orders/none")
    return lambda connection: _run(connection, change)


def _remove(seq: int) -> Callable[[Connection], None]:
    return lambda connection: _run(connection, delete(audit_logs).where(audit_logs.c.seq == seq))


def _cut(seq: int) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        _run(connection, delete(audit_logs).where(audit_logs.c.seq >= seq))
        _run(connection, delete(audit_roots).where(audit_roots.c.seq >= seq))

    return work


def _exchange(seq: int) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        for before, after in ((seq, 0), (seq + 1, seq), (0, seq + 1)):
            _run(connection, update(audit_logs).where(audit_logs.c.seq == before).values(seq=after))

    return work


def _run(connection: Connection, statement: Any) -> None:
    connection.execute(statement)


WAYS = [_alter, _column, _remove, _cut, _exchange]


@ON_SQLITE
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seq", [1, 255, 256, 257, 599])
def test_what_was_done_in_the_database_is_found_there(
    seq: int, way: Callable[[int], Callable[[Connection], None]], filled: ChainedAuditLog, tmp_path: Path
) -> None:
    meddle_and_find(seq, way, filled, tmp_path)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.parametrize("way", WAYS)
def test_what_was_done_in_a_database_for_teams_is_found_there(
    way: Callable[[int], Callable[[Connection], None]], filled: ChainedAuditLog, tmp_path: Path
) -> None:
    meddle_and_find(300, way, filled, tmp_path)


def meddle_and_find(
    seq: int, way: Callable[[int], Callable[[Connection], None]], log: ChainedAuditLog, folder: Path
) -> None:
    export_head(log, folder)
    tamper(log.database, way(seq))
    with pytest.raises(IntegrityError) as caught:
        verify(log, exported(folder))
    assert caught.value.seq == seq


@pytest.fixture
def filled(log: ChainedAuditLog) -> ChainedAuditLog:
    fill(log, 600)
    return log


def test_a_whole_log_passes(filled: ChainedAuditLog, tmp_path: Path) -> None:
    export_head(filled, tmp_path)
    found = verify(filled, exported(tmp_path))
    assert (found.entries, found.roots, found.heads, found.erased) == (600, 2, 1, 0)
    assert verify(filled, exported(tmp_path), columns=False) == found


@ON_SQLITE
def test_a_log_written_anew_without_the_key_is_found(filled: ChainedAuditLog) -> None:
    """Whoever may write the database makes all hashes anew, but has not the epoch's key."""
    rows, _ = read(filled)

    def work(connection: Connection) -> None:
        previous, key = bytes(32), keyed(bytes(32))
        for row in rows:
            data = canonical_form(row["id"], row["timestamp"], entry(9_999), None)
            previous = link(key, row["seq"], previous, data)
            change = update(audit_logs).where(audit_logs.c.seq == row["seq"]).values(data=data, hash=previous)
            connection.execute(change)

    tamper(filled.database, work)
    with pytest.raises(IntegrityError, match=r"sequence 1:"):
        verify(filled)


@ON_SQLITE
def test_a_log_written_anew_with_the_key_contradicts_its_exported_head(filled: ChainedAuditLog, tmp_path: Path) -> None:
    export_head(filled, tmp_path)

    def work(connection: Connection) -> None:
        connection.execute(delete(audit_logs))
        connection.execute(delete(audit_roots))

    tamper(filled.database, work)
    fill(filled, 700)
    assert verify(filled).entries == 700
    with pytest.raises(IntegrityError, match=r"sequence 600: .* exported"):
        verify(filled, exported(tmp_path))


@ON_SQLITE
def test_a_root_that_was_removed_or_forged_is_found(filled: ChainedAuditLog) -> None:
    roots = audit_roots.c
    tamper(
        filled.database,
        lambda connection: _run(connection, update(audit_roots).where(roots.seq == 512).values(signature=bytes(64))),
    )
    with pytest.raises(IntegrityError, match=r"sequence 512: .* not signed"):
        verify(filled)
    tamper(filled.database, lambda connection: _run(connection, delete(audit_roots).where(roots.seq == 256)))
    with pytest.raises(IntegrityError, match=r"sequence 256: .* missing"):
        verify(filled)


@ON_SQLITE
def test_a_head_of_another_server_is_refused(filled: ChainedAuditLog, tmp_path: Path, clock: ManualClock) -> None:
    export_head(filled, tmp_path)
    engine = create_engine(f"sqlite:///{tmp_path / 'other.db'}")
    metadata.create_all(engine)
    engine.dispose()
    database = SqliteDatabase(tmp_path / "other.db")
    try:
        other = SealedEnvelopes(KeyRing.opened(database, LocalMasterKey(MASTER), clock))
        with pytest.raises(IntegrityError, match="not signed by this server"):
            AuditCheck(other, exported(tmp_path), frozenset())
    finally:
        database.close()


@ON_SQLITE
def test_exported_heads_are_read_strictly(filled: ChainedAuditLog, tmp_path: Path, clock: ManualClock) -> None:
    folder = tmp_path / "heads"
    export_head(filled, folder)
    clock.advance(timedelta(days=1))
    export_head(filled, folder)
    assert [path.name for path in sorted(folder.iterdir())] == ["2026-01-16.json", "2026-01-17.json"]
    assert [head.seq for head in exported(folder)] == [600, 600]
    (folder / "2026-01-18.json").write_text('{"seq": 1}')
    with pytest.raises(IntegrityError, match=r"2026-01-18.json is not a head"):
        exported(folder)
    for seq in (0, -1, 1 << 63, True):
        document = json.loads((folder / "2026-01-17.json").read_text())
        (folder / "2026-01-18.json").write_text(json.dumps({**document, "seq": seq}))
        with pytest.raises(IntegrityError, match=r"2026-01-18.json is not a head"):
            verify(filled, exported(folder))
    assert exported(tmp_path / "nowhere") == []


def test_personal_parts_may_be_empty_only_where_somebody_was_erased(
    log: ChainedAuditLog, database: Database, clock: ManualClock
) -> None:
    somebody = add_user(database, clock)
    fill(log, 10, somebody)
    empty = update(audit_logs).values(ip_address=None, user_agent=None, salt=None)
    database.write(lambda connection: _run(connection, empty))
    with pytest.raises(IntegrityError, match=r"sequence 2: .* nobody was erased"):
        verify(log)
    done = insert(erasures).values(user_id=somebody, asked_at=clock.now(), done_at=clock.now())
    database.write(lambda connection: _run(connection, done))
    assert verify(log).erased == 6


@pytest.mark.parametrize("columns", [True, False])
def test_a_log_that_grows_while_it_is_checked_is_whole(
    columns: bool, log: ChainedAuditLog, database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries, roots and an erasure come between any two queries of the check."""
    somebody = add_user(database, clock)
    fill(log, 240, somebody)
    ran: list[str] = []

    def others(connection: Connection) -> None:
        for number in range(9):
            log.write(connection, entry(number))
        if len(ran) == 4:
            emptied = update(audit_logs).where(audit_logs.c.user_id == somebody)
            connection.execute(emptied.values(ip_address=None, user_agent=None, salt=None))
            done = insert(erasures).values(user_id=somebody, asked_at=clock.now(), done_at=clock.now())
            connection.execute(done)

    def between(conn: Connection, cursor: Any, statement: str, *_: Any) -> None:
        del conn, cursor
        if statement.startswith("SELECT") and threading.get_ident() == checking and not writing:
            ran.append(statement)
            writing.append(True)
            database.write(others)
            writing.clear()

    checking, writing = threading.get_ident(), list[bool]()
    monkeypatch.setattr("server.audit.verifying._WHOLE", verifying._WHOLE.limit(64))
    monkeypatch.setattr("server.audit.verifying._CHAIN", verifying._CHAIN.limit(64))
    engine = database.engines[-1]
    event.listen(engine, "after_cursor_execute", between)
    try:
        found = verify(log, columns=columns)
    finally:
        event.remove(engine, "after_cursor_execute", between)
    assert len(ran) > 8
    assert 240 <= found.entries < 240 + 9 * len(ran)
    assert verify(log).entries == 240 + 9 * len(ran)


def add_user(database: Database, clock: ManualClock) -> UUID:
    user_id, now = uuid4(), clock.now()
    row = insert(users).values(
        id=user_id,
        email=f"{user_id}@example.com",
        hashed_password="!",  # noqa: S106 - no hash at all
        full_name="x",
        role="trader",
        kyc_status="none",
        created_at=now,
        password_changed_at=now,
        desk_id=uuid4(),
    )
    database.write(lambda connection: _run(connection, row))
    return user_id


def test_an_export_comes_in_pieces_of_many_lines(log: ChainedAuditLog) -> None:
    assert [*searching.lines(log.database, head_of(log))] == [b'{"head":null}\n']
    fill(log, 2_100)
    head = head_of(log)
    assert head is not None
    pieces = [*searching.lines(log.database, head)]
    assert [piece.count(b"\n") for piece in pieces] == [1_000, 1_000, 100, 1], "each is read when it is asked for"
    *entries, last = map(json.loads, b"".join(pieces).splitlines())
    assert [entry["seq"] for entry in entries] == [*range(1, 2_101)]
    assert merkle.root(merkle.leaf_hash(entry["data"].encode()) for entry in entries) == head.root
    assert last == {"head": head.document()}
