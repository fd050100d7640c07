"""Nothing that is about an erased person can be read, and the audit log stays valid."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select

from optionix_core.errors import UnknownNameError
from optionix_core.market.clock import ManualClock
from server.audit.log import ChainedAuditLog
from server.audit.searching import AuditFilter, search
from server.audit.verifying import verify
from server.crypto.envelopes import SealedEnvelopes
from server.crypto.erasing import empty_late_entries, erase
from server.parts import AuditEntry
from server.store.database import Database
from server.store.tables import api_keys, backup_codes, devices, metadata, password_history, sessions, streams, users
from tests.server.crypto.test_columns import person

ADA = UUID(int=1)
OTHER = UUID(int=2)
TELLTALES = ("1@example.com", "Person 1", "198.51.100.1", "ada-terminal", "Ada's laptop", "$argon2-of-ada")


def settle(database: Database, envelopes: SealedEnvelopes, clock: ManualClock) -> ChainedAuditLog:
    now, stream = clock.now(), uuid4()
    log = ChainedAuditLog(database, envelopes, clock)

    def work(connection: object) -> None:
        run = connection.execute  # type: ignore[attr-defined]
        run(insert(users), [person(envelopes, clock, number) for number in (1, 2)])
        former = {"id": uuid4(), "user_id": ADA, "hashed_password": "$argon2-of-ada", "replaced_at": now}
        run(insert(password_history).values(former))
        run(insert(backup_codes).values(id=uuid4(), user_id=ADA, hashed_code="$argon2-of-ada"))
        run(
            insert(sessions).values(
                id=uuid4(),
                user_id=ADA,
                created_at=now,
                last_used_at=now,
                expires_at=now,
                ip_address="198.51.100.1",
                user_agent="ada-terminal",
            )
        )
        key = {"id": uuid4(), "user_id": ADA, "name": "Ada's laptop", "prefix": "ok_1", "digest": b"d", "scopes": []}
        run(insert(api_keys).values(**key, addresses=["198.51.100.1"], created_at=now))
        head = {"head_seq": 0, "head_hash": bytes(32), "epoch": 1, "created_at": now}
        run(insert(streams).values(id=stream, owner_id=ADA, desk_id=ADA, **head))
        run(
            insert(devices).values(id="d", user_id=ADA, name="Ada's laptop", stream_id=stream, cursor=0, created_at=now)
        )
        for number in range(20):
            user = ADA if number % 2 else OTHER
            log.write(connection, AuditEntry("auth.login", "users", user, {}, f"198.51.100.{user.int}", "ada-terminal"))  # type: ignore[arg-type]

    database.write(work)
    return log


def everything(database: Database, envelopes: SealedEnvelopes) -> str:
    """All rows of all tables about her, with what the server can open opened."""
    found = []
    with database.reading() as connection:
        for table in metadata.sorted_tables:
            owner = table.c.get("user_id", users.c.id if table is users else None)
            if owner is not None:
                found += [str(row) for row in connection.execute(select(table).where(owner == ADA))]
    lines, _ = search(database, envelopes, AuditFilter(user_id=ADA), 0, 100)
    return "\n".join([*found, *(f"{line.ip_address} {line.user_agent}" for line in lines)])


def test_nothing_about_an_erased_person_can_be_read(
    database: Database, envelopes: SealedEnvelopes, clock: ManualClock
) -> None:
    log = settle(database, envelopes, clock)
    before = everything(database, envelopes)
    assert [telltale in before for telltale in TELLTALES].count(False) == 1, "all but the name, which is sealed"
    head = verify(log)
    assert erase(database, envelopes, log, clock, ADA, OTHER, ip_address="203.0.113.9")
    after = everything(database, envelopes)
    assert [telltale for telltale in TELLTALES if telltale in after] == []
    found = verify(log)
    assert (found.entries, found.erased) == (head.entries + 1, 10)
    lines, total = search(database, envelopes, AuditFilter(user_id=OTHER), 0, 100)
    assert total == 11
    assert (lines[0].action, lines[0].resource, lines[0].ip_address) == ("erasure.done", f"users/{ADA}", "203.0.113.9")
    assert {line.ip_address for line in lines[1:]} == {"198.51.100.2"}


def test_what_a_request_under_way_writes_down_of_an_erased_person_is_emptied_too(
    database: Database, envelopes: SealedEnvelopes, clock: ManualClock
) -> None:
    """As a sign-in that waited for the erasure, and was refused after it."""
    log = settle(database, envelopes, clock)
    erase(database, envelopes, log, clock, ADA, OTHER)
    log.record(AuditEntry("auth.login-failed", "users", ADA, {}, "198.51.100.1", "ada-terminal"))
    log.record(AuditEntry("auth.login", "users", OTHER, {}, "198.51.100.2", None))
    assert database.write(empty_late_entries) == 1
    after = everything(database, envelopes)
    assert [telltale for telltale in TELLTALES if telltale in after] == []
    found = verify(log)
    assert (found.entries, found.erased) == (23, 11)
    assert search(database, envelopes, AuditFilter(user_id=OTHER), 0, 1)[0][0].ip_address == "198.51.100.2"
    assert database.write(empty_late_entries) == 0


def test_an_erasure_is_done_once_and_of_somebody(
    database: Database, envelopes: SealedEnvelopes, clock: ManualClock
) -> None:
    log = settle(database, envelopes, clock)
    assert erase(database, envelopes, log, clock, ADA, None)
    assert not erase(database, envelopes, log, clock, ADA, None)
    assert verify(log).entries == 21
    with pytest.raises(UnknownNameError, match="unknown user"):
        erase(database, envelopes, log, clock, uuid4(), None)
