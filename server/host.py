"""What the host's own hand does to a server's store, without HTTP: the first administrator, keys, erasures, checks.

Whoever may read the store and its keys on the host may do all of it; nobody is asked for a password, and every act is
in the audit log as done by nobody (`user_id` null). A server on SQLite has its file for itself while it runs: then it
is stopped for this, or its routes are used; one on PostgreSQL goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import select, update

from optionix_core.errors import DomainError, UnknownNameError
from server.audit import heads, searching, verifying
from server.audit.log import ChainedAuditLog
from server.auth.identity import Role
from server.auth.passwords import Argon2Hasher, Passwords
from server.auth.people import NewUser, User, add_user, change, locked_user, user_of
from server.auth.stores import Stores
from server.crypto.envelopes import SealedEnvelopes
from server.crypto.erasing import erase
from server.crypto.keys import DATA, HEAD, TOKEN, KeyRing
from server.crypto.master import key_in, master_key
from server.problems import Problem
from server.store.opening import open_database
from server.store.tables import encryption_keys, sessions, streams, users

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Row

    from optionix_core.market.clock import Clock
    from server.settings import ServerSettings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key of the store, without itself."""

    id: int
    purpose: str
    created_at: Any
    retired_at: Any
    present: bool


@dataclass(frozen=True, slots=True)
class Host:
    """A server's store, open."""

    settings: ServerSettings
    stores: Stores
    envelopes: SealedEnvelopes
    log: ChainedAuditLog

    @property
    def heads_folder(self) -> Path:
        """Where heads of the audit log are exported to."""
        return self.settings.data_folder / heads.FOLDER

    # --- people ---------------------------------------------------------------------------------------------------

    def add_user(self, email: str, full_name: str, role: Role, password: str) -> User:
        """Somebody new, with any role, on a desk of his own. DomainError where the email is taken."""
        new = NewUser(email, full_name, password, role)
        strict = self.settings.in_production
        return self._told(lambda: add_user(self.stores, new, by=None, strict_email=strict))

    def users(self) -> Sequence[User]:
        """All, by email."""
        with self.stores.database.reading(fresh=True) as connection:
            rows = connection.execute(select(users).order_by(users.c.email)).all()
        return [user_of(self.stores, row) for row in rows]

    def user_named(self, name: str) -> UUID:
        """Who has this email or id. UnknownNameError where nobody has."""
        wanted = users.c.email == name.casefold()
        with suppress(ValueError):  # else it is an email
            wanted = wanted | (users.c.id == UUID(name))
        with self.stores.database.reading(fresh=True) as connection:
            found = connection.execute(select(users.c.id).where(wanted)).scalar()
        if not isinstance(found, UUID):
            raise UnknownNameError("user", name)
        return found

    def give_role(self, user_id: UUID, role: Role) -> User:
        """Another role."""

        def values(row: Row[Any]) -> Mapping[str, Any]:
            return {} if row.role == role else {"role": str(role)}

        return self._change(user_id, "roles.write", values)

    def set_active(self, user_id: UUID, *, active: bool) -> User:
        """Whether somebody may sign in; where not, his sessions end."""

        def values(row: Row[Any]) -> Mapping[str, Any]:
            return {} if row.active == active else {"active": active}

        return self._change(user_id, "users.write", values)

    def move_to_desk(self, user_id: UUID, other: UUID | None) -> User:
        """To the desk that `other` is of; None: to a new one of his own."""

        def values(row: Row[Any]) -> Mapping[str, Any]:
            desk = uuid4() if other is None else self._desk_of(other)
            return {} if row.desk_id == desk else {"desk_id": desk}

        return self._change(user_id, "users.write", values)

    def erase(self, user_id: UUID) -> bool:
        """See `server.crypto.erasing`; whether there was something left to erase."""
        stores = self.stores
        return erase(stores.database, self.envelopes, self.log, stores.clock, user_id, None)

    # --- keys and the audit log -----------------------------------------------------------------------------------

    def rotate(self) -> Mapping[str, int]:
        """New keys by purpose; a server that runs seals with them within a minute."""
        made = self.envelopes.rotate()
        details = {"keys": dict(made), "epoch": self.envelopes.epoch()}
        self.stores.note_alone("encryption.rotate", None, None, resource="keys", **details)
        return made

    def rewrap(self, path: Path) -> int:
        """Wrap all keys by the master key in a file; how many. The server and its workers are stopped for that."""
        done = self.envelopes.ring.rewrap(key_in(path))
        self.stores.note_alone("encryption.rewrap", None, None, resource="keys", count=done)
        return done

    def keys(self) -> Sequence[KeyState]:
        """All keys that ever were, without themselves."""
        row = encryption_keys.c
        query = select(row.id, row.purpose, row.created_at, row.retired_at).order_by(row.id)
        with self.stores.database.reading(fresh=True) as connection:
            found = connection.execute(query).all()
        ring = self.envelopes.ring
        present = {ring.present(purpose).id for purpose in (*DATA, HEAD, TOKEN)} | {ring.chain(ring.epoch()).id}
        return [KeyState(*one, present=one.id in present) for one in found]

    def verify(self) -> verifying.AuditVerification:
        """Check the audit log and the heads outside. IntegrityError names the first bad sequence."""
        return verifying.verify(self.log, heads.exported(self.heads_folder))

    def export_head(self) -> heads.SignedHead | None:
        """The audit log's signed head, written outside the database too; None where the log is empty."""
        return heads.export_head(self.log, self.heads_folder)

    def audit_lines(self) -> Iterator[bytes]:
        """The audit log as lines of JSON, with its head as the last."""
        self.stores.note_alone("audit.export", None, None, resource="audit")
        return searching.lines(self.stores.database, self.export_head())

    # --- within ---------------------------------------------------------------------------------------------------

    def _desk_of(self, user_id: UUID) -> UUID:
        with self.stores.database.reading(fresh=True) as connection:
            found = connection.execute(select(users.c.desk_id).where(users.c.id == user_id)).scalar_one()
        assert isinstance(found, UUID)  # noqa: S101 - the column's type
        return found

    def _change(self, user_id: UUID, action: str, values: Callable[[Row[Any]], Mapping[str, Any]]) -> User:
        with self.stores.database.reading(fresh=True) as connection:
            seen = connection.execute(select(users).where(users.c.id == user_id)).one()
        changed = dict(values(seen))

        def work(connection: Connection) -> Row[Any]:
            row = locked_user(connection, user_id)
            if changed:
                change(connection, row, changed)
                self._follow(connection, user_id, changed)
                details = {name: one if isinstance(one, bool) else str(one) for name, one in changed.items()}
                self.stores.note(connection, action, None, None, resource=f"users/{user_id}", **details)
            return connection.execute(select(users).where(users.c.id == user_id)).one()

        return user_of(self.stores, self._told(lambda: self.stores.database.write(work, acting=user_id)))

    def _follow(self, connection: Connection, user_id: UUID, changed: Mapping[str, Any]) -> None:
        if "desk_id" in changed:
            connection.execute(update(streams).where(streams.c.owner_id == user_id).values(desk_id=changed["desk_id"]))
        if changed.get("active") is False:
            ended = {"revoked_at": self.stores.clock.now(), "revoked_why": "the account was closed on the host"}
            mine = (sessions.c.user_id == user_id) & sessions.c.revoked_at.is_(None)
            connection.execute(update(sessions).where(mine).values(ended))

    def _told(self, act: Callable[[], T]) -> T:
        """What an act answers; a refusal as an error of the engine."""
        try:
            return act()
        except Problem as problem:
            raise DomainError(problem.detail) from problem


@contextmanager
def opened(settings: ServerSettings, clock: Clock) -> Iterator[Host]:
    """The store that the settings name, closed on the way out.

    Raises ConfigurationError, StorageError, IntegrityError; HomeLockedError where a server has a SQLite file.
    """
    database = open_database(settings, clock)
    try:
        envelopes = SealedEnvelopes(KeyRing.opened(database, master_key(settings), clock))
        log = ChainedAuditLog(database, envelopes, clock)
        passwords = Passwords(Argon2Hasher(), settings.breach_list)
        yield Host(settings, Stores(clock, database, envelopes, log, passwords), envelopes, log)
    finally:
        database.close()
