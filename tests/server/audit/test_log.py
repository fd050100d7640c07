"""Appending: gapless, with the act, or not at all; roots by the way; nothing personal in plain text."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, func, select

from optionix_core.errors import DomainError, IntegrityError, InvalidValueError
from optionix_core.sync import canonical, merkle
from server.audit.entries import ROOT_EVERY
from server.audit.heads import head_of
from server.audit.log import ChainedAuditLog
from server.audit.verifying import verify
from server.crypto.envelopes import SealedEnvelopes
from server.parts import AuditEntry
from server.store.database import Database
from server.store.tables import audit_logs, audit_roots


def entry(number: int) -> AuditEntry:
    details = {"status": 201, "legs": [str(number)], "dry": False}
    return AuditEntry("trade.execute", f"orders/{number}", None, details, "203.0.113.7", "optionix (Linux)")


def append(log: ChainedAuditLog, count: int) -> None:
    def work(connection: Connection) -> None:
        for number in range(count):
            log.write(connection, entry(number))

    log.database.write(work)


def test_sequences_have_no_gap_whoever_writes_at_once(log: ChainedAuditLog) -> None:
    def one(number: int) -> int | None:
        def act(connection: Connection) -> int:
            seq = log.write(connection, entry(number))
            if number % 5 == 0:
                raise DomainError("the act is undone")
            return seq

        try:
            return log.database.write(act)
        except DomainError:
            return None

    with ThreadPoolExecutor(8) as pool:
        found = [seq for seq in pool.map(one, range(60)) if seq is not None]
    assert sorted(found) == list(range(1, 49))
    assert verify(log).entries == 48


def test_what_is_recorded_at_once_is_all_there_but_for_what_cannot_be(log: ChainedAuditLog) -> None:
    def one(number: int) -> int | None:
        bad = AuditEntry("x.y", "z", None, {"price": 1.5})
        try:
            return log.record(bad if number % 7 == 0 else entry(number))
        except InvalidValueError:
            return None

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(70)))
    assert found.count(None) == 10
    assert sorted(seq for seq in found if seq is not None) == list(range(1, 61))
    assert verify(log).entries == 60


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_an_entry_that_the_database_refuses_takes_none_of_the_others_with_it(log: ChainedAuditLog) -> None:
    """They are written in one transaction: what one caller sends must fail no other."""
    refused: list[Future[int]] = [Future(), Future(), Future()]
    bad = AuditEntry("x.y", "a\0b", None)
    log._record_all(list(zip((entry(1), bad, entry(2)), refused, strict=True)))
    assert (refused[0].result(), refused[2].result()) == (1, 2)
    with pytest.raises(IntegrityError):
        refused[1].result()
    assert verify(log).entries == 2


def test_an_act_that_is_undone_takes_its_entry_with_it(log: ChainedAuditLog) -> None:
    assert log.record(entry(1)) == 1

    def act(connection: Connection) -> None:
        assert log.write(connection, entry(2)) == 2
        raise DomainError("no")

    with pytest.raises(DomainError):
        log.database.write(act)
    assert log.record(entry(3)) == 2
    assert verify(log).entries == 2


def test_a_root_is_made_every_256_entries_and_the_head_speaks_for_all(log: ChainedAuditLog) -> None:
    append(log, 2 * ROOT_EVERY + 5)
    with log.database.reading() as connection:
        roots = connection.execute(select(audit_roots.c.seq, audit_roots.c.root).order_by(audit_roots.c.seq)).all()
        data = connection.execute(select(audit_logs.c.data).order_by(audit_logs.c.seq)).scalars().all()
    leaves = [merkle.leaf_hash(one) for one in data]
    assert [(seq, merkle.root(leaves[:seq])) for seq in (256, 512)] == [tuple(root) for root in roots]
    head = head_of(log)
    assert head is not None
    assert (head.seq, head.root) == (517, merkle.root(leaves))
    head.check(log.envelopes.head_key())
    proof = merkle.consistency_proof(leaves, 256)
    assert merkle.verify_consistency(256, 517, roots[0][1], head.root, proof)
    found = verify(log)
    assert (found.entries, found.roots, found.root, found.hash) == (517, 2, head.root, head.hash)


def test_nothing_personal_is_written_in_plain_text(log: ChainedAuditLog, database: Database) -> None:
    log.record(entry(1))
    with database.reading() as connection:
        row = connection.execute(select(audit_logs)).mappings().one()
    for name in ("data", "ip_address", "user_agent"):
        assert "203.0.113.7" not in str(row[name])
        assert "Linux" not in str(row[name])
    assert canonical.encode_json(canonical.decode_json(row["data"])) == row["data"]


@pytest.mark.parametrize("details", [{"price": 1.5}, {"at": object()}])
def test_details_without_a_canonical_form_are_refused(details: dict[str, object], log: ChainedAuditLog) -> None:
    with pytest.raises(InvalidValueError, match="details"):
        log.record(AuditEntry("x.y", "z", None, details))
    with log.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(audit_logs)).scalar_one() == 0


def test_a_new_epoch_begins_with_a_rotation_and_the_chain_goes_on(
    log: ChainedAuditLog, envelopes: SealedEnvelopes
) -> None:
    log.record(entry(1))
    envelopes.ring.rotate()
    log.record(entry(2))
    with log.database.reading() as connection:
        epochs = connection.execute(select(audit_logs.c.epoch).order_by(audit_logs.c.seq)).scalars().all()
    assert epochs == [1, 2]
    assert verify(log).entries == 2
