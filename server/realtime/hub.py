"""Everybody who listens in this worker, and what wakes them: hints of other workers, and a look of its own.

A hint that a stream has grown only makes the worker read it sooner: every `look` seconds it asks the database for the
heads of all streams that are listened to, and whether sessions, keys and roles are still what they were.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Final
from uuid import UUID

import structlog
from sqlalchemy import select

from optionix_core.errors import OptionixError
from server.problems import Problem
from server.realtime.listener import Listener
from server.realtime.market import MarketPump
from server.realtime.messages import Code
from server.realtime.tails import Line, Tail
from server.store.tables import api_keys, sessions, streams, users

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

    from optionix_core.market.clock import Clock
    from server.auth.identity import Identity, Role
    from server.parts import Books, Cache
    from server.store.database import Database

CHANNEL: Final = "streams"
LOOK_SECONDS: Final = 0.5
STALL_SECONDS: Final = 10.0
MOST_OF_ONE: Final = 32
"""Sockets of one user in one worker."""
RESTARTS: Final = "the server restarts"
_AT_ONCE: Final = 4
"""Pages that are read for listeners at the same time."""
_PART: Final = 500


class StreamHub:
    """`server.parts.Hub`. Used from the event loop that started it, but for `notify`."""

    def __init__(
        self,
        database: Database,
        cache: Cache,
        clock: Clock,
        books: Books,
        *,
        stall: float = STALL_SECONDS,
        look: float = LOOK_SECONDS,
        second_factor: Sequence[Role] = (),
    ) -> None:
        """`second_factor`: roles that hear nothing without one."""
        self.market = MarketPump(lambda: books.feed, clock)
        self._database = database
        self._cache = cache
        self._clock = clock
        self._books = books
        self._stall = stall
        self._look_seconds = look
        self._second_factor = [str(role) for role in second_factor]
        self._listeners: set[Listener] = set()
        self._places: Counter[UUID] = Counter()
        """Sockets of each user, those too that are being accepted."""
        self._tails: dict[UUID, Tail] = {}
        self._growing: dict[UUID, asyncio.Task[None]] = {}
        self._again: set[UUID] = set()
        self._reading = asyncio.Semaphore(_AT_ONCE)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watch: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._log = structlog.get_logger()

    @property
    def listening(self) -> int:
        """How many sockets are open."""
        return len(self._listeners)

    async def start(self) -> None:
        """Begin to watch, in the running event loop; the cache has started."""
        self._loop = asyncio.get_running_loop()
        self._unsubscribe = self._cache.subscribe(CHANNEL, self._heard)
        self._watch = self._loop.create_task(self._keep_looking())

    async def stop(self) -> None:
        """Tell everybody to come back, and end."""
        self._unsubscribe()
        for listener in tuple(self._listeners):
            listener.end(Code.RESTART, RESTARTS)
        self._loop = None
        tasks = [task for task in (self._watch, *self._growing.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.market.stop()
        self._watch = None

    def notify(self, stream_id: UUID, head_seq: int) -> None:
        """A stream has grown: wake its listeners on all workers. Any thread; nothing where nobody can listen yet."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            hint = stream_id.bytes + head_seq.to_bytes(8, "big")
            asyncio.run_coroutine_threadsafe(self._cache.publish(CHANNEL, hint), loop)

    def close(self) -> None:
        """Forget everybody; `stop` has told them."""
        self._loop = None

    async def serve(self, socket: WebSocket, identity: Identity) -> None:
        """A socket that was accepted, until it ends, within the place that `admit` gave."""
        listener = Listener(socket, identity, self, self._stall)
        self._listeners.add(listener)
        if self._loop is None:  # it stopped while the socket was accepted
            listener.end(Code.RESTART, RESTARTS)
        try:
            await listener.serve()
        finally:
            self._listeners.discard(listener)
            self.market.leave(listener)
            self.move(listener, None)

    def admit(self, identity: Identity) -> AbstractContextManager[None]:
        """A place for a socket, taken now and given back after the block.

        Problem 503 where the hub has not started, 429 where the user has too many sockets.
        """
        if self._loop is None:
            raise Problem(503, "not-listening", "the server starts or ends", headers={"Retry-After": "1"})
        if self._places[identity.user_id] >= MOST_OF_ONE:
            raise Problem(429, "too-many-sockets", f"at most {MOST_OF_ONE} at once", headers={"Retry-After": "10"})
        self._places[identity.user_id] += 1
        return self._place(identity.user_id)

    @contextmanager
    def _place(self, user_id: UUID) -> Iterator[None]:
        try:
            yield
        finally:
            self._places[user_id] -= 1
            if not self._places[user_id]:
                del self._places[user_id]

    # --- streams --------------------------------------------------------------------------------------------------

    async def tail(self, identity: Identity, stream_id: UUID | None) -> Tail:
        """The end of a stream that the caller may hear. Problem 404 for all others."""
        seen = await asyncio.to_thread(self._books.stream_seen, identity, stream_id)
        found = self._tails.get(seen)
        if found is None:
            store = self._books.store(seen)
            head = (await asyncio.to_thread(store.head)).seq
            found = self._tails.setdefault(seen, Tail(seen, store, head))
        return found

    def move(self, listener: Listener, tail: Tail | None) -> None:
        """Let it listen to `tail` and no other, or to the one that took its place meanwhile: only that one grows."""
        if tail is not None:
            tail = self._tails.setdefault(tail.stream_id, tail)
        former, listener.tail = listener.tail, tail
        if former is not None and former is not tail:
            former.listeners.discard(listener)
            self.forget(former)
        if tail is not None:
            tail.listeners.add(listener)

    def forget(self, tail: Tail) -> None:
        """Let a tail go that nobody listens to."""
        if not tail.listeners and self._tails.get(tail.stream_id) is tail:
            del self._tails[tail.stream_id]

    async def page(self, tail: Tail, after: int) -> Sequence[Line]:
        """The next events of a listener; few read the database at once."""
        async with self._reading:
            return await tail.after(after)

    def _heard(self, hint: bytes) -> None:
        if len(hint) == 24:
            self._grow(UUID(bytes=hint[:16]), int.from_bytes(hint[16:], "big"))

    def _grow(self, stream_id: UUID, head: int) -> None:
        """Read a stream on, if somebody listens and it has grown; once at a time."""
        tail = self._tails.get(stream_id)
        if tail is None or head <= tail.head or self._loop is None:
            return
        if stream_id in self._growing:
            self._again.add(stream_id)
            return
        self._growing[stream_id] = self._loop.create_task(self._grown(tail))

    async def _grown(self, tail: Tail) -> None:
        try:
            while True:
                self._again.discard(tail.stream_id)
                await tail.grow()
                if tail.stream_id not in self._again:
                    return
        except OptionixError as error:
            self._log.error("a stream cannot be read", stream=str(tail.stream_id), reason=str(error))
            if error.problem == "integrity":
                for one in tuple(tail.listeners):
                    if isinstance(one, Listener):
                        one.end(Code.BROKEN, "the stream does not verify")
        finally:
            self._growing.pop(tail.stream_id, None)

    # --- the look -------------------------------------------------------------------------------------------------

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._look_seconds)
            if not self._listeners:
                continue
            listeners = tuple(self._listeners)
            try:
                heads, gone = await asyncio.to_thread(self._look, tuple(self._tails), listeners)
            except OptionixError as error:
                self._log.warning("listeners cannot be looked after now", reason=str(error))
                continue
            except Exception:  # noqa: BLE001 - who was shut out would go on listening, and nobody would notice
                self._log.exception("listeners cannot be looked after now")
                continue
            for listener in gone:
                listener.end(Code.ENDED, "the session ended, or its rights changed")
            for stream_id, head in heads.items():
                self._grow(stream_id, head)

    def _look(self, tails: Sequence[UUID], listeners: Sequence[Listener]) -> tuple[dict[UUID, int], list[Listener]]:
        """Heads of streams, and who is to go: his session or key ended, his role is another, a stream is not his."""
        now = self._clock.now()
        with self._database.reading(fresh=True) as connection:

            def found(query: object, column: object, wanted: set[UUID]) -> list[tuple[object, ...]]:
                rows: list[tuple[object, ...]] = []
                names = sorted(wanted)
                for at in range(0, len(names), _PART):
                    part = query.where(column.in_(names[at : at + _PART]))  # type: ignore[attr-defined]
                    rows += [tuple(row) for row in connection.execute(part)]
                return rows

            heads = found(select(streams.c.id, streams.c.head_seq), streams.c.id, set(tails))
            signed_in = select(sessions.c.id).where(sessions.c.revoked_at.is_(None), sessions.c.expires_at > now)
            valid = select(api_keys.c.id).where(
                api_keys.c.revoked_at.is_(None), api_keys.c.expires_at.is_(None) | (api_keys.c.expires_at > now)
            )
            own = {one.identity.session_id for one in listeners if one.identity.session_id is not None}
            keys = {one.identity.key_id for one in listeners if one.identity.key_id is not None}
            people = {one.identity.user_id for one in listeners}
            alive = {row[0] for row in found(signed_in, sessions.c.id, own)}
            alive |= {row[0] for row in found(valid, api_keys.c.id, keys)}
            enrolled = users.c.mfa_enabled | users.c.role.not_in(self._second_factor)
            active = select(users.c.id, users.c.role).where(users.c.active, enrolled)
            roles = {row[0]: row[1] for row in found(active, users.c.id, people)}
        gone = [one for one in listeners if self._is_gone(one, alive, roles)]
        return {row[0]: row[1] for row in heads}, gone  # type: ignore[misc]

    def _is_gone(self, listener: Listener, alive: set[object], roles: dict[object, object]) -> bool:
        identity = listener.identity
        if (identity.session_id or identity.key_id) not in alive or roles.get(identity.user_id) != identity.role:
            return True
        tail = listener.tail  # once: the event loop changes it meanwhile
        if listener.foreign and tail is not None:
            try:
                self._books.stream_seen(identity, tail.stream_id)
            except Problem:
                return True
        return False
