"""Identity: what the middleware asks of every request, and what routes about people work with.

A request's token is checked once and its claims are kept until it expires; whether its session still holds is asked
every time, of `FreshStates`. Password hashes are made on threads of their own, as many as there are cores, behind a
queue of bounded length: others' requests go on meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from hmac import compare_digest
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

from sqlalchemy import select

from server.auth import keys, sessions
from server.auth.identity import Identity
from server.auth.lockout import Lockout
from server.auth.passwords import Argon2Hasher, Passwords
from server.auth.states import FreshStates
from server.auth.stores import Stores
from server.auth.tokens import AccessClaims, AccessTokens, challenge, check_times, refused
from server.problems import Problem
from server.store.acting import acting_for
from server.store.tables import api_keys
from server.store.tables import sessions as table_of_sessions

if TYPE_CHECKING:
    from optionix_core.market.clock import Clock
    from server.auth.identity import Role
    from server.auth.passwords import Hasher
    from server.auth.tokens import SigningKeys
    from server.parts import AuditLog, Books, Cache, Envelopes
    from server.settings import ServerSettings
    from server.store.database import Database

T = TypeVar("T")

CHANNEL: Final = "identity"
"""Hints to other workers: `session ID`, `key PREFIX`, or `all`."""
KEPT_TOKENS: Final = 20_000
WAITING: Final = 64
"""Password acts that may wait for a thread."""


class Identities:
    """The server's `Accounts`, and the parts that services about people share."""

    def __init__(
        self,
        settings: ServerSettings,
        stores: Stores,
        tokens: AccessTokens,
        cache: Cache,
        own_stream: Callable[[UUID], UUID],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.stores = stores
        self.tokens = tokens
        self.own_stream = own_stream
        self.lockout = Lockout(stores.database, stores.clock)
        self._cache = cache
        self._sessions = FreshStates(self._load_sessions, monotonic)
        self._keys = FreshStates(self._load_keys, monotonic)
        self._read: dict[str, AccessClaims] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        workers = os.cpu_count() or 1
        self._hashing = ThreadPoolExecutor(workers, thread_name_prefix="passwords")
        self._hashing_now = 0
        self._unsubscribe = cache.subscribe(CHANNEL, self._heard)

    @classmethod
    def assemble(
        cls,
        settings: ServerSettings,
        clock: Clock,
        database: Database,
        envelopes: Envelopes,
        audit: AuditLog,
        cache: Cache,
        books: Books,
        signing: SigningKeys,
        *,
        hasher: Hasher | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> Identities:
        """From the other parts of a server."""
        passwords = Passwords(Argon2Hasher() if hasher is None else hasher, settings.breach_list)
        stores = Stores(clock, database, envelopes, audit, passwords)
        tokens = AccessTokens(signing, settings.access_token_seconds)
        passwords.prepare()
        return cls(settings, stores, tokens, cache, books.own_stream, monotonic)

    async def identify(self, authorization: str, address: str) -> Identity:
        """The caller of an `Authorization` header, see `server.parts.Accounts`."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        scheme, _, shown = authorization.partition(" ")
        if scheme.lower() != "bearer" or not shown or " " in shown:
            raise refused("the header is not `Bearer TOKEN`")
        if shown.startswith(keys.BEGIN):
            return await self._of_key(shown, address)
        claims = self._read.get(shown)
        if claims is None or not self.tokens.believed(claims):
            claims = self.tokens.read(shown)
            while len(self._read) >= KEPT_TOKENS:
                del self._read[next(iter(self._read))]
            self._read[shown] = claims
        now = self.stores.clock.now()
        check_times(claims, now)
        state = await self._sessions.get(claims.session_id)
        if state is None or state.user_id != claims.user_id or now.timestamp() >= state.ends_at:
            raise Problem(401, "revoked-session", "the session has ended: sign in again", headers=challenge())
        return Identity(
            state.user_id,
            state.role,
            state.tier,
            claims.session_id,
            device_id=state.device_id,
            stepped_up_at=state.stepped_up_at,
            must_enrol=self.must_enrol(state.role, mfa_enabled=state.mfa_enabled),
        )

    def must_enrol(self, role: Role, *, mfa_enabled: bool) -> bool:
        """Whether somebody may do nothing yet but enrol a second factor."""
        return not mfa_enabled and role in self.settings.second_factor

    async def stepped_up_at(self, session_id: UUID) -> float | None:
        """When the session's owner last showed who he is (POSIX seconds), read now."""
        self._sessions.forget(session_id)
        state = await self._sessions.get(session_id)
        return None if state is None else state.stepped_up_at

    async def in_turn(self, work: Callable[[], T]) -> T:
        """Run what hashes passwords on a thread for that. Problem 503 where too many wait already."""
        if self._hashing_now >= WAITING:
            raise Problem(503, "busy", "too many sign in at once: try again", headers={"Retry-After": "1"})
        self._hashing_now += 1
        running = asyncio.get_running_loop().run_in_executor(self._hashing, copy_context().run, work)
        running.add_done_callback(self._hashed)
        return await asyncio.shield(running)  # goes on where whoever asked has left, and counts until it ends

    def _hashed(self, _: object) -> None:
        self._hashing_now -= 1

    def forget_sessions(self, ids: Iterable[UUID]) -> None:
        """What is known of sessions is read anew, here at once. Any thread, after the change is durable."""
        found = list(ids)
        self._sessions.forget(*found)
        for one in found:
            self._hint(f"session {one}")

    def forget_sessions_of(self, user_id: UUID) -> None:
        """All of one user's."""
        self.forget(self.shown_of(user_id))

    def shown_of(self, user_id: UUID) -> tuple[Sequence[UUID], Sequence[str]]:
        """Sessions and prefixes of keys that somebody may show; for `forget` where they are to be deleted."""
        with self.stores.database.reading(fresh=True, acting=user_id) as connection:
            now = self.stores.clock.now()
            mine = (table_of_sessions.c.user_id == user_id) & (table_of_sessions.c.expires_at > now)
            found = connection.execute(select(table_of_sessions.c.id).where(mine)).scalars().all()
            held = (api_keys.c.user_id == user_id) & (api_keys.c.expires_at > now)
            return found, connection.execute(select(api_keys.c.prefix).where(held)).scalars().all()

    def forget(self, shown: tuple[Sequence[UUID], Sequence[str]]) -> None:
        """What is known of them is read anew, here at once."""
        self.forget_sessions(shown[0])
        for prefix in shown[1]:
            self.forget_key(prefix)

    def forget_key(self, prefix: str) -> None:
        """What is known of a key is read anew, here at once. Any thread, after the change is durable."""
        self._keys.forget(prefix)
        self._hint(f"key {prefix}")

    def close(self) -> None:
        """Finish what hashes, and listen no more."""
        self._unsubscribe()
        self._hashing.shutdown()

    async def _of_key(self, shown: str, address: str) -> Identity:
        parts = keys.parts_of(shown)
        state = None if parts is None else await self._keys.get(parts[0])
        if parts is None or state is None or not compare_digest(state.digest, parts[1]):
            raise Problem(401, "invalid-token", "the API key is unknown", headers=challenge())
        if self.stores.clock.now().timestamp() >= state.ends_at:
            raise Problem(401, "revoked-session", "the API key has ended: make another", headers=challenge())
        if not keys.may_call_from(state, address):
            raise Problem(403, "address-not-allowed", "the API key may not be used from your address")
        return Identity(
            state.user_id,
            state.role,
            state.tier,
            None,
            key_id=state.id,
            scopes=state.scopes,
            must_enrol=self.must_enrol(state.role, mfa_enabled=state.mfa_enabled),
        )

    def _load_sessions(self, ids: Collection[UUID]) -> Mapping[UUID, sessions.SessionState]:
        with acting_for(None), self.stores.database.reading(fresh=True) as connection:
            return sessions.load_states(connection, ids)

    def _load_keys(self, prefixes: Collection[str]) -> Mapping[str, keys.KeyState]:
        with acting_for(None):
            with self.stores.database.reading(fresh=True) as connection:
                found = keys.load_states(connection, prefixes)
            keys.note_use(self, [state.id for state in found.values()])
        return found

    def _hint(self, message: str) -> None:
        """Tell other workers; they would find it out within a second anyway."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._cache.publish(CHANNEL, message.encode()), loop)

    def _heard(self, message: bytes) -> None:
        kind, _, name = message.decode("utf-8", "replace").partition(" ")
        if kind == "key":
            self._keys.forget(name)
            return
        try:
            self._sessions.forget(UUID(name))
        except ValueError:
            self._sessions.forget_all()
            self._keys.forget_all()
