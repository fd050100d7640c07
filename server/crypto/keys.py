"""The keys that the master key wraps, as this process holds them.

A data key seals at most 2^32 envelopes (NIST SP 800-38D, section 8.3, for random nonces of 96 bits): each process sets
aside a block of nonces before it uses the key, and a key that has no block left is followed by a new one.

Nothing here waits for the database while envelopes are sealed or opened, since that happens within writes: keys are
read when the server starts and by `refresh`, every `REFRESH_SECONDS` in each worker (`watch`).
"""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, func, insert, select, update

from optionix_core.errors import IntegrityError, MissingDataError, OptionixError, StorageError
from optionix_core.market.clock import Clock
from server.crypto.master import KEY_BYTES, MasterKey
from server.store.database import Database
from server.store.tables import encryption_keys

REFRESH_SECONDS: Final = 30.0
TRUSTED_SECONDS: Final = 2.5 * REFRESH_SECONDS
"""For which a process seals without a look; shorter than a former key is kept (`server.crypto.columns.GRACE`)."""
NONCES: Final = 1 << 32
"""Envelopes that one data key may seal."""
BLOCK: Final = 1 << 20
"""Nonces that a process sets aside at a time."""
DATA: Final = ("personal", "secret")
"""Purposes of data keys."""
HEAD: Final = "head"
TOKEN: Final = "token"  # noqa: S105 - the name of a purpose
CHAIN: Final = "chain/"
"""Before the number of the epoch."""


@dataclass(slots=True)
class Key:
    """A key, unwrapped."""

    id: int
    purpose: str
    secret: bytes = field(repr=False)
    created_at: datetime
    retired_at: datetime | None
    cipher: AESGCM | None = field(default=None, repr=False)
    """Of a data key."""
    used: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)
    allowed: int = 0
    """Nonces that this process has set aside."""
    spent: int = 0


class KeyRing:
    """All keys of the store."""

    def __init__(
        self, database: Database, master: MasterKey, clock: Clock, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        """`ticks`: seconds that only go forward."""
        self._ticks = ticks
        self._refreshed_at = float("-inf")
        self._database = database
        self._master = master
        self._clock = clock
        self._keys: dict[int, Key] = {}
        self._present: dict[str, Key] = {}
        self._working = threading.RLock()
        self._closed = threading.Event()
        self._watcher: threading.Thread | None = None

    @classmethod
    def opened(cls, database: Database, master: MasterKey, clock: Clock) -> KeyRing:
        """With its keys read; those of a new store are made."""
        ring = cls(database, master, clock)
        ring.refresh()
        return ring

    def watch(self) -> None:
        """Call `refresh` every `REFRESH_SECONDS` on a thread, until `close`."""
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._keep_fresh, name="keys", daemon=True)
            self._watcher.start()

    def close(self) -> None:
        """End the watch."""
        self._closed.set()
        if self._watcher is not None:
            self._watcher.join()

    def _keep_fresh(self) -> None:
        while not self._closed.wait(REFRESH_SECONDS):
            try:
                self.refresh()
            except (
                OptionixError
            ) as error:  # the database does not answer; requests say so, and the next round tries again
                structlog.get_logger().warning("keys were not refreshed", reason=str(error))

    def present(self, purpose: str) -> Key:
        """The newest key of a purpose. MissingDataError where there is none."""
        found = self._present.get(purpose)
        if found is None:
            raise MissingDataError(f"there is no key for {purpose}")
        return found

    def sealing(self, purpose: str) -> Key:
        """The key that seals now. StorageError where keys may have been replaced while this process did not hear of it.

        A key is erased a while after it was replaced, once nothing is under it: whoever could not read keys for that
        long (a network that was cut, a machine that slept) looks before he seals, or nobody would open it again.
        """
        if self._database.kind != "sqlite" and self._ticks() - self._refreshed_at > TRUSTED_SECONDS:
            self._read()
            if self.all_of(purpose)[-1] is not self.present(purpose):
                raise StorageError(f"keys for {purpose} were replaced, and this process has not made ready for it yet")
        return self.present(purpose)

    def key(self, key_id: int) -> Key:
        """A key by its number. MissingDataError where it was erased or never was."""
        found = self._keys.get(key_id)
        if found is None and self._database.kind != "sqlite":
            self._read()
            found = self._keys.get(key_id)
        if found is None:
            raise MissingDataError(f"key {key_id} was erased: what it sealed cannot be read any more")
        return found

    def all_of(self, purpose: str) -> Sequence[Key]:
        """Keys of a purpose, the oldest first."""
        return [key for _, key in sorted(self._keys.items()) if key.purpose == purpose]

    def epoch(self) -> int:
        """The chains' present epoch, from 1."""
        return max(int(purpose.removeprefix(CHAIN)) for purpose in self._present if purpose.startswith(CHAIN))

    def chain(self, epoch: int) -> Key:
        """The key of an epoch. MissingDataError where it is not one."""
        found = self._present.get(f"{CHAIN}{epoch}")
        if found is None and self._database.kind != "sqlite":
            self._read()
            found = self._present.get(f"{CHAIN}{epoch}")
        if found is None:
            raise MissingDataError(f"chains have no epoch {epoch}")
        return found

    def spend(self, key: Key) -> None:
        """Count a nonce of a data key. StorageError where this process has set aside no more."""
        spent = key.spent = next(key.used)
        if spent > key.allowed:
            raise StorageError(f"key {key.id} has no nonces left in this process; refresh sets more aside")

    def refresh(self) -> None:
        """Read keys that others made, make those that are missing, set nonces aside. Not within a write."""
        with self._working:
            began = self._ticks()
            self._read()
            wanted = [*DATA, HEAD, TOKEN]
            missing = [purpose for purpose in wanted if purpose not in self._present]
            if not any(purpose.startswith(CHAIN) for purpose in self._present):
                missing.append(f"{CHAIN}1")
            if missing:
                self._make(missing, only_missing=True)
            for purpose in DATA:
                key = self.all_of(purpose)[-1]
                if key.allowed - key.spent < BLOCK // 2 and not self._set_aside(key):
                    self._make([purpose], only_missing=False)
                    self._set_aside(self.all_of(purpose)[-1])
            self._choose()
            self._refreshed_at = began

    def rotate(self, purposes: Sequence[str] = (*DATA, TOKEN, "chain")) -> dict[str, int]:
        """Make new keys, which seal from now on; older ones open until `retire`. Numbers by purpose. Not in a write."""
        with self._working:
            self._read()
            named = [f"{CHAIN}{self.epoch() + 1}" if purpose == "chain" else purpose for purpose in purposes]
            self._make(named, only_missing=False)
            self.refresh()
            return {purpose: self.present(purpose).id for purpose in named}

    def rewrap(self, master: MasterKey) -> int:
        """Wrap all keys by another master key, in one transaction; how many. No other process may have the store open.

        From then on the store opens with that master key alone.
        """

        def work(connection: Connection) -> int:
            row = encryption_keys.c
            found = connection.execute(select(row.id, row.purpose, row.wrapped)).all()
            kept = [one for one in found if one.wrapped]
            for key_id, purpose, wrapped in kept:
                place = _place(key_id, purpose)
                again = master.wrap(place, self._master.unwrap(place, wrapped))
                connection.execute(update(encryption_keys).where(row.id == key_id).values(wrapped=again))
            return len(kept)

        with self._working, self._database.exclusive("encryption keys", 10.0):
            done = self._database.write(work)
            self._master = master
            return done

    def retire(self, key_id: int) -> None:
        """Erase a key for good: what it sealed cannot be opened any more."""
        moment = self._clock.now()

        def work(connection: Connection) -> None:
            row = encryption_keys.c
            connection.execute(update(encryption_keys).where(row.id == key_id).values(wrapped=b"", retired_at=moment))

        with self._working:
            self._database.write(work)
            self._keys.pop(key_id, None)

    def _read(self) -> None:
        row = encryption_keys.c
        columns = (row.id, row.purpose, row.wrapped, row.created_at, row.retired_at)
        with self._working:
            with self._database.reading(fresh=True) as connection:
                found = connection.execute(select(*columns).order_by(row.id)).all()
            for key_id, purpose, wrapped, created_at, retired_at in found:
                if not wrapped:
                    self._keys.pop(key_id, None)
                elif key_id not in self._keys:
                    secret = self._master.unwrap(_place(key_id, purpose), wrapped)
                    if len(secret) != KEY_BYTES:
                        raise IntegrityError(f"key {key_id} has {len(secret)} bytes, not {KEY_BYTES}")
                    cipher = AESGCM(secret) if purpose in DATA else None
                    self._keys[key_id] = Key(key_id, purpose, secret, created_at, retired_at, cipher)
            self._choose()

    def _choose(self) -> None:
        """The newest key of each purpose is the present one; a data key once nonces are set aside."""
        present: dict[str, Key] = {}
        for _, key in sorted(self._keys.items()):
            former = present.get(key.purpose)
            if former is None or key.allowed or not former.allowed:
                present[key.purpose] = key
        self._present = present

    def _make(self, purposes: Sequence[str], *, only_missing: bool) -> None:
        moment = self._clock.now()

        def work(connection: Connection) -> None:
            row = encryption_keys.c
            known = set(connection.execute(select(row.purpose)).scalars())
            last = connection.execute(select(func.coalesce(func.max(row.id), 0))).scalar_one()
            for purpose in purposes:
                if only_missing and purpose in known:
                    continue
                last += 1
                wrapped = self._master.wrap(_place(last, purpose), secrets.token_bytes(KEY_BYTES))
                connection.execute(
                    insert(encryption_keys).values(
                        id=last, purpose=purpose, wrapped=wrapped, reserved=0, created_at=moment
                    )
                )

        with self._database.exclusive("encryption keys", 10.0):
            self._database.write(work)
        self._read()

    def _set_aside(self, key: Key) -> bool:
        """Set a block of nonces aside; whether the key had one left."""

        def work(connection: Connection) -> bool:
            row = encryption_keys.c
            found = connection.execute(
                update(encryption_keys)
                .where(row.id == key.id, row.reserved <= NONCES - BLOCK)
                .values(reserved=row.reserved + BLOCK)
                .returning(row.reserved)
            ).one_or_none()
            return found is not None

        if not self._database.write(work):
            return False
        key.allowed += BLOCK
        return True


def _place(key_id: int, purpose: str) -> bytes:
    return f"optionix key {key_id} {purpose}".encode("ascii")
