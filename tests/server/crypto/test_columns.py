"""All columns are sealed anew after a rotation, in batches, beside other writes, over kills."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, LargeBinary, insert, select, update

from optionix_core.errors import IntegrityError, MissingDataError
from optionix_core.market.clock import ManualClock
from server.audit.log import ChainedAuditLog
from server.audit.verifying import verify
from server.crypto import columns
from server.crypto.columns import SEALED, Resealing
from server.crypto.envelopes import SealedEnvelopes, key_number, open_text, place, seal_text
from server.crypto.keys import KeyRing
from server.crypto.master import LocalMasterKey
from server.parts import AuditEntry
from server.store.database import Database
from server.store.sqlite import SqliteDatabase
from server.store.tables import metadata, users
from tests.server.conftest import Backend
from tests.server.crypto.conftest import MASTER

PEOPLE = 450
START = datetime(2026, 1, 16, 14, 30, tzinfo=UTC)
SETTLED = columns.GRACE + timedelta(seconds=1)


def person(envelopes: SealedEnvelopes, clock: ManualClock, number: int) -> dict[str, Any]:
    user_id, now = UUID(int=number), clock.now()
    return {
        "id": user_id,
        "email": f"{number}@example.com",
        "hashed_password": "!",
        "full_name": seal_text(envelopes, "personal", place("users.full_name", user_id), f"Person {number}"),
        "mfa_secret": envelopes.seal("secret", place("users.mfa_secret", user_id), b"JBSWY3DP"),
        "role": "trader",
        "kyc_status": "none",
        "created_at": now,
        "password_changed_at": now,
        "desk_id": user_id,
    }


def fill(database: Database, envelopes: SealedEnvelopes, clock: ManualClock) -> None:
    log = ChainedAuditLog(database, envelopes, clock)

    def work(connection: Connection) -> None:
        connection.execute(insert(users), [person(envelopes, clock, number) for number in range(1, PEOPLE + 1)])
        for number in range(1, 51):
            log.write(connection, AuditEntry("auth.login", "users", UUID(int=number), {}, "203.0.113.7", "terminal"))

    database.write(work)


def names(database: Database, envelopes: SealedEnvelopes) -> Mapping[UUID, str]:
    with database.reading() as connection:
        rows = connection.execute(select(users.c.id, users.c.full_name)).all()
    return {row.id: open_text(envelopes, "personal", place("users.full_name", row.id), row.full_name) for row in rows}


EXPECTED = {UUID(int=number): f"Person {number}" for number in range(1, PEOPLE + 1)}


def test_everything_is_sealed_anew_and_then_the_old_keys_are_erased(
    database: Database, envelopes: SealedEnvelopes, clock: ManualClock
) -> None:
    fill(database, envelopes, clock)
    job = Resealing(database, envelopes, clock)
    assert job.run() == {"sealed": 0, "keys_erased": 0}
    with database.reading() as connection:
        old = connection.execute(select(users.c.mfa_secret).where(users.c.id == UUID(int=1))).scalar_one()
    envelopes.ring.rotate()
    assert job.run() == {"sealed": 2 * PEOPLE + 100, "keys_erased": 0}
    assert job.run() == {"sealed": 0, "keys_erased": 0}, "another worker may not know of the rotation yet"
    clock.advance(SETTLED)
    assert job.run() == {"sealed": 0, "keys_erased": 2}
    assert names(database, envelopes) == EXPECTED
    with pytest.raises(MissingDataError, match="was erased"):
        envelopes.open("secret", place("users.mfa_secret", UUID(int=1)), old)
    assert verify(ChainedAuditLog(database, envelopes, clock)).entries == 50
    assert names(database, SealedEnvelopes(KeyRing.opened(database, LocalMasterKey(MASTER), clock))) == EXPECTED


def test_what_is_written_meanwhile_stands(
    database: Database, envelopes: SealedEnvelopes, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row is changed after it was read for sealing, and before its new envelope is written."""
    fill(database, envelopes, clock)
    envelopes.ring.rotate()
    changed = UUID(int=300)
    opened = SealedEnvelopes.open
    done: list[bool] = []

    def interfering(self: SealedEnvelopes, purpose: str, context: str, envelope: bytes) -> bytes:
        plain = opened(self, purpose, context, envelope)
        if context == place("users.full_name", UUID(int=1)) and not done:
            done.append(True)
            sealed = seal_text(self, "personal", place("users.full_name", changed), "Somebody New")
            other = update(users).where(users.c.id == changed).values(full_name=sealed)
            if database.kind == "postgresql":  # SQLite has one writer, so that there it comes between batches
                database.submit(lambda connection: connection.execute(other).rowcount).result(10)
        return plain

    monkeypatch.setattr(SealedEnvelopes, "open", interfering)

    def between() -> None:
        if database.kind == "sqlite":
            sealed = seal_text(envelopes, "personal", place("users.full_name", changed), "Somebody New")
            other = update(users).where(users.c.id == changed).values(full_name=sealed)
            database.write(lambda connection: connection.execute(other).rowcount)

    Resealing(database, envelopes, clock, after_batch=between).run()
    assert done == [True]
    assert names(database, envelopes) == {**EXPECTED, changed: "Somebody New"}


def test_an_envelope_that_does_not_open_keeps_its_key(
    database: Database, envelopes: SealedEnvelopes, clock: ManualClock
) -> None:
    fill(database, envelopes, clock)
    with database.reading() as connection:
        other = connection.execute(select(users.c.mfa_secret).where(users.c.id == UUID(int=2))).scalar_one()
    moved = update(users).where(users.c.id == UUID(int=1)).values(mfa_secret=other)
    database.write(lambda connection: connection.execute(moved).rowcount)
    envelopes.ring.rotate()
    clock.advance(SETTLED)
    for _ in range(2):
        with pytest.raises(IntegrityError, match=r"users.mfa_secret/00000000-0000-0000-0000-000000000001"):
            Resealing(database, envelopes, clock).run()
    assert envelopes.open("secret", place("users.mfa_secret", UUID(int=2)), other) == b"JBSWY3DP"


def _sealing_until_killed(path: str, batches: int) -> None:
    clock = ManualClock(START)
    database = SqliteDatabase(Path(path))
    envelopes = SealedEnvelopes(KeyRing.opened(database, LocalMasterKey(MASTER), clock))
    left = iter(range(batches))

    def after() -> None:
        if next(left, None) is None:
            os._exit(9)

    Resealing(database, envelopes, clock, after_batch=after).run()


@pytest.mark.fault
def test_a_run_that_was_killed_is_taken_up_by_the_next(sqlite_backend: Backend, clock: ManualClock) -> None:
    database = sqlite_backend.open()
    envelopes = SealedEnvelopes(KeyRing.opened(database, LocalMasterKey(MASTER), clock))
    fill(database, envelopes, clock)
    made = envelopes.ring.rotate()
    database.close()
    spawn = multiprocessing.get_context("spawn")
    for batches in (0, 1):
        process = spawn.Process(target=_sealing_until_killed, args=(str(sqlite_backend.folder / "server.db"), batches))
        process.start()
        process.join(60)
        assert process.exitcode == 9
    database = sqlite_backend.open()
    try:
        envelopes = SealedEnvelopes(KeyRing.opened(database, LocalMasterKey(MASTER), clock))
        with database.reading() as connection:
            secrets = connection.execute(select(users.c.full_name)).scalars().all()
        numbers = [key_number(columns._envelope(sealed)) for sealed in secrets]
        assert numbers.count(made["personal"]) > 0, "what was sealed before the kill stays"
        assert names(database, envelopes) == EXPECTED
        left = Resealing(database, envelopes, clock).run()["sealed"]
        assert 0 < left < 2 * PEOPLE + 100
        clock.advance(SETTLED)
        assert Resealing(database, envelopes, clock).run()["keys_erased"] == 2
        assert names(database, envelopes) == EXPECTED
    finally:
        database.close()


async def test_nothing_anywhere_is_left_under_a_former_key(make_server: Any, client_of: Any) -> None:
    """People sign in and use what seals; after a rotation every column of every table is searched for envelopes."""
    from server.auth.identity import Role
    from server.auth.people import NewUser, add_user

    server = make_server()
    shown = {"email": "ada@example.com", "password": "a long phrase that nobody has published 7"}
    add_user(server.accounts.stores, NewUser(shown["email"], "Ada", shown["password"], Role.TRADER), by=None)
    async with client_of(server) as client:
        pair = (await client.post("/auth/login", json=shown)).json()
        headers = {"Authorization": f"Bearer {pair['access_token']}"}
        assert (await client.post("/users/mfa/setup", headers=headers)).status_code == 200
        refreshed = await client.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})
        assert refreshed.status_code == 200
        before = {key.id for key in server.envelopes.ring.all_of("personal") + server.envelopes.ring.all_of("secret")}
        assert len(envelopes_under(server.database, before)) > 5
        server.envelopes.rotate()
        assert Resealing(server.database, server.envelopes, server.clock).run()["sealed"] > 5
        assert envelopes_under(server.database, before) == []
        listed = await client.get("/sessions", headers=headers)
        assert "127.0.0.1" in listed.text


def envelopes_under(database: Database, keys: set[int]) -> list[str]:
    """Columns with an envelope under one of the keys."""
    found = []
    with database.reading() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for name, value in row.items():
                    try:
                        if isinstance(value, (bytes, str)) and key_number(columns._envelope(value)) in keys:
                            found.append(f"{table.name}.{name}")
                    except IntegrityError:
                        continue  # no envelope
    return found


def test_every_column_of_secrets_is_listed() -> None:
    """Columns of bytes are envelopes unless they are named here: digests, hashes, roots, canonical forms, states."""
    plain = {
        "refresh_tokens.digest",
        "api_keys.digest",
        "streams.head_hash",
        "stream_events.data",
        "stream_events.hash",
        "stream_roots.root",
        "stream_roots.peaks",
        "stream_roots.signature",
        "stream_checkpoints.hash",
        "stream_checkpoints.state",
        "stream_checkpoints.digest",
        "audit_logs.salt",
        "audit_logs.data",
        "audit_logs.hash",
        "audit_roots.root",
        "audit_roots.peaks",
        "audit_roots.signature",
        "encryption_keys.wrapped",
    }
    found = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert found - plain == {column.context for column in SEALED if isinstance(column.column.type, LargeBinary)}
