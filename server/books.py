"""Streams, accounts and the workspaces of the engine over them: who may see what is decided here and nowhere else.

An account is a stream and a name in it. Somebody's own account is known by its name alone; another's, which is shared
or belongs to the desk, by `STREAM:NAME` too. What the caller may not see is not there (404).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, cast
from uuid import UUID, uuid4

from sqlalchemy import Uuid, and_, bindparam, or_, select

from optionix_core.portfolio.venue_market import market_spelled
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_core.sync.canonical import encode
from optionix_core.sync.event import GENESIS
from optionix_core.trading.account_kinds import bound_event, server_names
from optionix_core.trading.gate import LOCAL_SIM
from server.auth.identity import Role
from server.auth.rights import allows
from server.parts import AccountRef
from server.problems import Problem
from server.store.acting import OwnedDatabase, acting_for
from server.store.stream_rows import Placed
from server.store.streams import StreamStore
from server.store.tables import account_members, accounts, streams, users
from server.store.upserts import insert_where_new
from server.views import Views, simulated

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Row, Select

    from optionix_core.market.clock import Clock
    from optionix_core.market.protocols import QuoteSource
    from optionix_core.portfolio.venue_market import VenueMarket
    from optionix_core.trading.halt_rules import TradingRules
    from optionix_core.trading.limits import LimitEngine
    from server.auth.identity import Identity
    from server.parts import Books, Envelopes
    from server.store.database import Database

SERVER_PAPER: Final = "server-paper"
DESK_ROLES: Final = frozenset({Role.VIEWER, Role.ANALYST, Role.RISK_MANAGER, Role.COMPLIANCE_OFFICER, Role.ADMIN})
"""Roles that read all accounts of their desk."""
OPEN_WORKSPACES: Final = 256
"""Workspaces that stay open; the one that was used longest ago is let go first."""
LOCK_TIMEOUT: Final = 5.0
"""Seconds that a request waits for another that writes to the same stream."""

_refs = (
    accounts.c.stream_id,
    accounts.c.id,
    accounts.c.user_id,
    accounts.c.kind,
    accounts.c.market,
    streams.c.desk_id,
)

_stream = select(streams.c.id).where(streams.c.owner_id == bindparam("owner"))


@cache
def _visible(*, desk: bool) -> Select[Any]:
    """Accounts that `me` may see, own ones first; `desk`: those of his desk too. Made once, asked often."""
    me = bindparam("me", type_=Uuid)
    member = and_(
        account_members.c.stream_id == accounts.c.stream_id,
        account_members.c.account_id == accounts.c.id,
        account_members.c.user_id == me,
        account_members.c.revoked_at.is_(None),
    )
    visible = [accounts.c.user_id == me, account_members.c.user_id.is_not(None)]
    if desk:
        visible.append(streams.c.desk_id == select(users.c.desk_id).where(users.c.id == me).scalar_subquery())
    return (
        select(*_refs, account_members.c.rights)
        .join(streams, streams.c.id == accounts.c.stream_id)
        .outerjoin(account_members, member)
        .where(or_(*visible))
        .order_by(accounts.c.user_id != me, accounts.c.created_at, accounts.c.id)
    )


class ServerBooks:
    """`Books` over the server's database. Threads may share it."""

    def __init__(
        self,
        database: Database,
        envelopes: Envelopes,
        clock: Clock,
        data_folder: Path,
        open_feed: Callable[[], QuoteSource],
        seed: int = 20,
        new_id: Callable[[], UUID] = uuid4,
        rules: TradingRules | None = None,
        limit_engine: LimitEngine | None = None,
        open_market: Callable[[VenueMarket], QuoteSource] = simulated,
    ) -> None:
        """`open_feed` is asked once, at the first workspace. `rules`, `limit_engine`: of every workspace.

        `open_market` opens feeds that are not the server's: simulated ones, by seed and session.
        """
        self._database = database
        self._envelopes = envelopes
        self._clock = clock
        self._folder = data_folder / "books"
        self._open_feed = open_feed
        self._seed = seed
        self._new_id = new_id
        self._rules = rules
        self._limit_engine = limit_engine
        self._feed: QuoteSource | None = None
        self._stores: dict[UUID, StreamStore] = {}
        self._owners: dict[UUID, UUID] = {}
        """By stream, for life."""
        self._own: dict[UUID, UUID] = {}
        """Streams by their owners, as they were asked for: a stream keeps its owner, and an owner his stream."""
        self._open: OrderedDict[tuple[UUID, str], Workspace] = OrderedDict()
        self._opening = threading.RLock()
        self._views = Views(open_market, self._view_on)
        self.grown: Callable[[UUID, int], None] = lambda _stream, _seq: None
        """Hears that a stream has grown: set once, before requests come."""

    # --- streams ------------------------------------------------------------------------------------------------

    def own_stream(self, user_id: UUID) -> UUID:
        """The user's stream, made where it is new. UnknownNameError for no user."""
        known = self._own.get(user_id)
        if known is not None:
            return known
        with self._database.reading(fresh=True, acting=user_id) as connection:
            found = _stream_of(connection, user_id)
        if found is None:
            found = self._database.write(lambda connection: self._made(connection, user_id), acting=user_id)
        self._owners[found] = user_id
        self._own[user_id] = found
        return found

    def _made(self, connection: Connection, user_id: UUID) -> UUID:
        found = _stream_of(connection, user_id)
        if found is not None:
            return found
        desk = connection.execute(select(users.c.desk_id).where(users.c.id == user_id)).scalar()
        if desk is None:
            raise Problem(404, "not-found", "there is no such user")
        made = self._new_id()
        row = {
            "id": made,
            "owner_id": user_id,
            "desk_id": desk,
            "head_seq": 0,
            "head_hash": GENESIS,
            "epoch": 1,
            "created_at": self._clock.now(),
        }
        connection.execute(insert_where_new(connection, streams), row)
        return cast(UUID, _stream_of(connection, user_id))

    def stream_seen(self, identity: Identity, stream_id: UUID | None) -> UUID:
        """A stream that the caller may hear wholly: his own (None), or one of his desk where the role sees the desk.

        Problem 404 for another tenant's as for an unknown one. Whoever shares one account of a stream does not hear it.
        """
        if stream_id is None:
            return self.own_stream(identity.user_id)
        with acting_for(None), self._database.reading(fresh=True) as connection:
            desk = select(users.c.desk_id).where(users.c.id == identity.user_id).scalar_subquery()
            mine = streams.c.owner_id == identity.user_id
            seen = or_(mine, streams.c.desk_id == desk) if identity.role in DESK_ROLES else mine
            found = connection.execute(select(streams.c.owner_id).where(streams.c.id == stream_id, seen)).scalar()
        if found is None:
            raise Problem(404, "not-found", "there is no such stream")
        self._owners[stream_id] = found
        return stream_id

    def store(self, stream_id: UUID) -> StreamStore:
        """The stream as an event store of the engine; appends get the server's sequence."""
        with self._opening:
            found = self._stores.get(stream_id)
        if found is not None:
            return found
        owned = OwnedDatabase(self._database, self._owner_of(stream_id))
        with self._opening:
            made = StreamStore(owned, stream_id, self._chain_key, self._clock, self._grown)
            return self._stores.setdefault(stream_id, made)

    def _owner_of(self, stream_id: UUID) -> UUID:
        found = self._owners.get(stream_id)
        if found is None:
            with acting_for(None), self._database.reading(fresh=True) as connection:
                asked = select(streams.c.owner_id).where(streams.c.id == stream_id)
                found = connection.execute(asked).scalar()
            if found is None:
                raise Problem(404, "not-found", "there is no such stream")
            self._owners[stream_id] = found
        return found

    def _grown(self, stream_id: UUID, head_seq: int) -> None:
        self.grown(stream_id, head_seq)

    def _chain_key(self, epoch: int) -> bytes:
        return self._envelopes.chain_key("stream", epoch)

    # --- accounts -----------------------------------------------------------------------------------------------

    def accounts(self, identity: Identity) -> Sequence[AccountRef]:
        """What the caller may see: own and shared accounts, those of the desk where the role sees the desk."""
        with acting_for(None), self._database.reading(fresh=True) as connection:
            found = self._seen(connection, identity)
        self._owners.update((ref.stream_id, ref.owner_id) for ref in found)
        return found

    def _seen(self, connection: Connection, identity: Identity) -> list[AccountRef]:
        asked = _visible(desk=identity.role in DESK_ROLES)
        return [_ref(row, identity) for row in connection.execute(asked, {"me": identity.user_id})]

    def account(self, identity: Identity, account: str | None, *, to_trade: bool = False) -> AccountRef:
        """One of them; None: the caller's first at the server's venue, made where there is none.

        Problem 404 for another tenant's as for an unknown one, 403 where it may be read only.
        """
        seen = self.accounts(identity)
        if account is None:
            own = [ref for ref in seen if ref.owner_id == identity.user_id and ref.kind == SERVER_PAPER]
            if own:
                found = own[0]
            elif allows(identity, "orders", "write"):
                found = self._first(identity, {ref.account for ref in seen if ref.owner_id == identity.user_id})
            elif seen:
                found = seen[0]
            else:
                raise Problem(404, "not-found", "there is no account that you may see")
        else:
            named = [ref for ref in seen if account in (ref.account, f"{ref.stream_id}:{ref.account}")]
            if not named:
                raise Problem(404, "not-found", f"there is no account {account!r} that you may see")
            found = named[0]
        if to_trade and found.rights != "trade":
            why = "is matched on its own device" if found.kind == LOCAL_SIM else "may be read only"
            raise Problem(403, "read-only-account", f"{found.account} {why}")
        return found

    def _first(self, identity: Identity, taken: set[str]) -> AccountRef:
        """The first account of a user at the server's venue, under a name that no device gives."""
        name = next(name for name in server_names() if name not in taken)
        return self.open_account(identity, name, SERVER_PAPER)

    def open_account(
        self, identity: Identity, name: str, kind: Literal["local-sim", "server-paper", "live"]
    ) -> AccountRef:
        """A new account of the caller, bound to its venue for life; the stream tells devices of it."""
        stream = self.own_stream(identity.user_id)
        now = self._clock.now()
        row = {
            "id": name,
            "stream_id": stream,
            "user_id": identity.user_id,
            "kind": kind,
            "created_at": now,
        }
        told = bound_event(name, kind, now)
        with self.store(stream).writing(f"open account {name}", LOCK_TIMEOUT) as writer:

            def effect(connection: Connection, _: object) -> None:
                connection.execute(insert_where_new(connection, accounts), row)

            known = writer.find(told.id)
            writer.put([] if known is not None else [Placed(told, encode(told))], effect)
        return next(ref for ref in self.accounts(identity) if ref.owner_id == identity.user_id and ref.account == name)

    # --- workspaces ---------------------------------------------------------------------------------------------

    def workspace(self, ref: AccountRef) -> Workspace:
        """What services of the engine work with; kept open, so do not close it."""
        key = (ref.stream_id, ref.account)
        with self._opening:
            found = self._open.get(key)
            if found is None:
                folders = HomeFolders.of(self._folder / str(ref.stream_id))
                found = self._made_on(ref, folders, self.store(ref.stream_id), self.feed, SERVER_PAPER)
                self._open[key] = found
                if len(self._open) > OPEN_WORKSPACES:
                    self._open.popitem(last=False)  # whoever uses it now goes on; it holds no file of its own
            self._open.move_to_end(key)
            return found

    def viewed(self, ref: AccountRef) -> Workspace:
        """As `workspace`, to look at alone: an account that its device matches, on its own market where that is known.

        ReadOnlyError for a write to such an account.
        """
        if ref.kind != LOCAL_SIM or ref.market is None:
            return self.workspace(ref)
        return self._views.workspace(ref, ref.market)

    def _view_on(self, ref: AccountRef, feed: QuoteSource) -> Workspace:
        folders = replace(HomeFolders.of(self._folder / str(ref.stream_id)), read_only=True)
        owned = OwnedDatabase(self._database, ref.owner_id)
        store = StreamStore(owned, ref.stream_id, self._chain_key, self._clock, read_only=True)
        return self._made_on(ref, folders, store, feed, LOCAL_SIM)

    def _made_on(
        self, ref: AccountRef, folders: HomeFolders, store: StreamStore, feed: QuoteSource, venue: str
    ) -> Workspace:
        return Workspace(
            folders,
            account=ref.account,
            clock=self._clock,
            seed=self._seed,
            lock_timeout=LOCK_TIMEOUT,
            store=store,
            feed=feed,
            venue=venue,
            rules=self._rules,
            limit_engine=self._limit_engine,
        )

    @property
    def feed(self) -> QuoteSource:
        """The server's feed, which its venue trades on."""
        with self._opening:
            if self._feed is None:
                self._feed = self._open_feed()
            return self._feed

    def close(self) -> None:
        """Let workspaces go and disconnect the feed."""
        with self._opening:
            self._open.clear()
            self._views.close()
            self._stores.clear()
            close = getattr(self._feed, "close", None)
            if close is not None:
                close()
            self._feed = None


def _stream_of(connection: Connection, user_id: UUID) -> UUID | None:
    return connection.execute(_stream, {"owner": user_id}).scalar()


def _ref(row: Row[Any, Any, Any, Any, Any, Any, Any], identity: Identity) -> AccountRef:
    owned = row.user_id == identity.user_id
    trades = (owned or row.rights == "trade") and allows(identity, "orders", "write") and row.kind != LOCAL_SIM
    market = None if row.market is None else market_spelled(row.market)
    return AccountRef(row.stream_id, row.id, row.user_id, row.kind, "trade" if trades else "read", market)


if TYPE_CHECKING:
    _promise: type[Books] = ServerBooks
