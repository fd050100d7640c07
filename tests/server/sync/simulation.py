"""A whole of devices and a server in one process, with a network, disks and clocks that misbehave by a seed.

The client, the merged log, the hub, the judge and both databases are those of production. Replaced are the network
(lost requests, lost answers, answers that come twice, old requests that come again later), the clocks (each device has
its own, which drifts) and what survives a crash (what was committed, and nothing else). Every schedule ends with the
network healed; then all must agree to the byte.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from optionix_core.errors import IntegrityError, OptionixError, RefusedError, VenueError
from optionix_core.market.clock import ManualClock
from optionix_core.portfolio.ledger import account_opened_event, entry_event, opening_entry, trade_entry
from optionix_core.services.desk import Desk
from optionix_core.services.rebasing import Rebasing
from optionix_core.sync.canonical import decode, encode
from optionix_core.sync.client import DeviceClient
from optionix_core.sync.event import Event, Record
from optionix_core.sync.masking import CONTESTED, RESOLUTIONS, Resolution
from optionix_core.sync.wire import ALARMS, Conflict, PullPage, PushAnswer, PushBatch, Transport, refusal
from optionix_core.trading.account_standing import AccountStatus, Standing, standing_event
from optionix_core.trading.orders import OrderIntent, OrderState, Side, TimeInForce
from optionix_core.trading.records import OrderEnd, end_event, intent_event
from server.books import ServerBooks
from server.problems import Problem
from server.sync.hub import SyncHub
from server.sync.resolving import Resolving
from tests.server.sync.conftest import add_user
from tests.server.sync.simulated import (
    START,
    Audit,
    Crash,
    DyingDatabase,
    DyingStore,
    HomeClock,
    KnowsNothing,
    SignedBy,
    no_feed,
    no_syncs,
    template,
)

SYMBOLS = ("ORBIT 260320C00100000", "ORBIT 260320P00090000", "TUNDRA260320C00050000")
ACCOUNTS = ("sim-1", "sim-2")
HEALING = 40
"""Rounds after which everybody must agree."""


@dataclass
class Parts:
    """What a schedule runs: production, or a mutant of it."""

    hub: type[SyncHub] = SyncHub
    client: type[DeviceClient] = DeviceClient
    store: type[DyingStore] = DyingStore
    rebasing: Callable[[], Any] = Rebasing


@dataclass
class Home:
    """A device: its files, its clock, what it did."""

    name: str
    user: UUID
    folder: Path
    clock: HomeClock
    store: DyingStore
    rebasing: Any
    written: dict[str, bytes] = field(default_factory=dict)
    """Every event that its log acknowledged."""
    desk: Desk = field(default_factory=Desk)


class Broken(AssertionError):  # noqa: N818 - a finding
    """What must always hold does not."""


class World:
    """One schedule."""

    def __init__(self, seed: int, folder: Path, parts: Parts | None = None) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self.parts = Parts() if parts is None else parts
        self.clock = ManualClock(START)
        self.folder = folder
        self.database = DyingDatabase()
        self.envelopes = SignedBy()
        self.audit = Audit()
        self.healed = False
        self.old: list[tuple[UUID, PushBatch]] = []
        self.number = 0
        self.died = 0
        self.kinds: set[str] = set()
        self.resolutions: set[str] = set()
        self.acknowledged: dict[UUID, set[str]] = {}
        self.open_server()
        self.users = [self._user(n) for n in range(1, 1 + self.rng.choice((1, 1, 1, 2)))]
        self.homes = [self._home(user, n) for user in self.users for n in range(self.rng.choice((1, 2, 2, 2, 3)))]

    # --- making -------------------------------------------------------------------------------------------------

    def open_server(self) -> None:
        made: Any = self.envelopes
        self.books = ServerBooks(self.database, made, self.clock, self.folder, no_feed, 20, self._new_id)
        stores, streams = self.books.store, self.books.own_stream
        self.hub = self.parts.hub(self.database, stores, streams, made, self.audit, self.clock, KnowsNothing)
        self.resolving = Resolving(self.hub)

    def _new_id(self) -> UUID:
        return UUID(int=self.rng.getrandbits(128))

    def _user(self, number: int) -> UUID:
        user = add_user(self.database, number)
        self.acknowledged[user] = set()
        self.books.own_stream(user)
        return user

    def _home(self, user: UUID, number: int) -> Home:
        name = f"{user.int}-{number}"
        folder = self.folder / name
        clock = HomeClock(self.clock)
        made = template(self.folder.parent)
        shutil.copytree(made, folder)
        with sqlite3.connect(folder / "optionix.db") as opened:
            for table in ("home", "sync_state"):
                opened.execute(f"UPDATE {table} SET value = ? WHERE name = 'device'", (f"device-{name}",))  # noqa: S608 - our own tables
            opened.execute("UPDATE sync_state SET value = ? WHERE name = 'user'", (str(user),))
        opened.close()
        store = self.parts.store(folder, clock)
        return Home(name, user, folder, clock, store, self.parts.rebasing())

    def reopen(self, home: Home) -> None:
        home.store.close()
        home.store = self.parts.store(home.folder, home.clock)
        home.rebasing = self.parts.rebasing()
        home.desk = Desk()

    # --- steps --------------------------------------------------------------------------------------------------

    def run(self, steps: int) -> None:
        """Begin with orders that everybody knows, misbehave for `steps`, heal, and check."""
        self.begin()
        for _ in range(steps):
            self.step()
        self.healed = True
        for home in self.homes:
            home.clock.off = timedelta()
            self.sync(home)
        for home in self.homes:
            self.resolve(home)
            self.resolve(home)
        self.heal()
        self.check()

    def begin(self) -> None:
        """Each user's first device opens an account and wants two orders; the others hear of it."""
        self.healed = True
        for user in self.users:
            mine = [home for home in self.homes if home.user == user]
            now = self.clock.now()
            opened = account_opened_event(ACCOUNTS[0], "local-sim", "USD", now)
            paid = entry_event(opening_entry(ACCOUNTS[0], "USD", Decimal(100_000), now))
            wanted = [intent_event(self._intent(f"first-{user.int}-{n}", ACCOUNTS[0], now)) for n in range(4)]
            self._write(mine[0], [opened, paid, *wanted])
            for home in mine:
                self.sync(home)
        self.healed = False

    def _write(self, home: Home, events: list[Event]) -> None:
        with home.store.writing("act") as log:
            home.desk.follow(log)
            home.desk.append(log, events)
        home.written.update({event.id: encode(event) for event in events})

    def _intent(self, name: str, account: str, now: datetime) -> OrderIntent:
        return OrderIntent(
            client_order_id=name,
            account=account,
            symbol=SYMBOLS[0],
            side=Side.BUY,
            quantity=1,
            limit_price=Decimal("1.25"),
            time_in_force=TimeInForce.GTC,
            created_at=now,
        )

    def step(self) -> None:
        self.clock.advance(timedelta(seconds=self.rng.randint(1, 90)))
        home = self.rng.choice(self.homes)
        home.clock.off = timedelta(seconds=self.rng.choice((-3, 0, 0, 2, 40, 400)))
        kind = self.rng.random()
        if kind < 0.6:
            self.act(home)
        elif kind < 0.84:
            self.sync(home)
        elif kind < 0.93:
            self.resolve(home)
        elif kind < 0.97:
            self.administer(home.user)
        else:
            self.replay_old()

    def act(self, home: Home) -> None:
        """The device's user does something; what its book refuses now is not written."""
        desk = home.desk
        try:
            with home.store.writing("act") as log:
                desk.follow(log)
                events = self._events(home)
                trial = Desk()
                trial.book, trial.orders = desk.book.copy(), desk.orders.copy()
                try:
                    for event in events:
                        trial.orders.apply_event(event)
                    for number, event in enumerate(events, start=trial.book.head.seq + 1):
                        trial.book.apply(Record(number, event, b"", b""))
                except OptionixError:
                    return
                desk.append(log, events)
        except RefusedError:
            return  # another venue's account
        home.written.update({event.id: encode(event) for event in events})

    def _events(self, home: Home) -> list[Event]:
        self.number += 1
        now, name = home.clock.now(), f"{home.name}-{self.number}"
        account = self.rng.choice(ACCOUNTS)
        events: list[Event] = []
        if home.desk.book.venue_of(account) is None:
            events = [
                account_opened_event(account, "local-sim", "USD", now),
                entry_event(opening_entry(account, "USD", Decimal(100_000), now)),
            ]
        kind = self.rng.random()
        working = [order.intent for order in home.desk.orders.orders()]
        if kind < 0.3:
            quantity = self.rng.choice((-5, -2, -1, 1, 1, 2, 5))
            trade = trade_entry(
                entry_id=f"order/{name}/fill-1/entry",
                account=account,
                venue="local-sim",
                symbol=self.rng.choice(SYMBOLS),
                currency="USD",
                quantity=Decimal(quantity),
                price=Decimal(self.rng.randint(1, 400)) / 100,
                multiplier=Decimal(100),
                fee=Decimal("0.65"),
                time=now,
                cause=f"order/{name}/fill-1",
            )
            return [*events, entry_event(trade)]
        if kind < 0.38 or not working:
            intent = self._intent(name, account, now)
            return [*events, intent_event(intent)]
        if kind < 0.66:
            waiting = [order.intent for order in home.desk.orders.orders() if order.triggered_at is None]
            if not waiting:
                return events
            chosen = self.rng.choice(waiting)
            payload = {"account": chosen.account, "client_order_id": chosen.client_order_id}
            return [*events, Event(f"order/{chosen.client_order_id}/triggered", "order.triggered", now, payload)]
        if kind < 0.94:
            chosen = self.rng.choice(working)
            return [*events, end_event(chosen, OrderEnd(OrderState.CANCELLED, f"by {home.name}", ()), now)]
        return [*events, Event(f"journal/{name}", "journal.noted", now, {"text": name})]

    def sync(self, home: Home) -> None:
        """One run of the device's client over the bad line; it may die anywhere."""
        home.store.dies = lambda _point: not self.healed and self.rng.random() < 0.03  # type: ignore[method-assign]
        self.database.dies = lambda _point: not self.healed and self.rng.random() < 0.03
        client = self.parts.client(
            home.store,
            Line(self, home),
            home.rebasing,
            home.clock,
            random=self.rng,
            wait=lambda _seconds: None,
            batch=self.rng.choice((1, 3, 1000)),
            page=self.rng.choice((2, 7, 1000)),
        )
        alone = not self.healed and self.rng.random() < 0.4
        try:
            if alone:
                client.pull()
            else:
                client.run()
            home.desk.follow(home.store)
        except Crash:
            self.died += 1
            self.reopen(home)
        except (VenueError, RefusedError):
            if self.healed:
                raise
        except IntegrityError as error:
            raise Broken(f"{home.name} does not go on: {error}") from error
        finally:
            self.database.dies = lambda _point: False

    def resolve(self, home: Home) -> None:
        found = self.resolving.listed(home.user)
        if found:
            chosen = self.rng.choice(found)
            for _ in range(self.rng.choice((1, 2))):
                try:
                    self.resolving.resolve(home.user, chosen.id, self.rng.choice(RESOLUTIONS))
                except Problem as problem:
                    if problem.status != 409:
                        raise

    def administer(self, user: UUID) -> None:
        """The server blocks or frees an account."""
        store = self.books.store(self.books.own_stream(user))
        account = self.rng.choice(ACCOUNTS)
        status = self.rng.choice((AccountStatus.ACTIVE, AccountStatus.ACTIVE, AccountStatus.BLOCKED))
        self.number += 1
        with store.writing("administer") as log:
            now = self.clock.now()
            log.append([standing_event(Standing(account, status, now, "admin", "a reason", self.number))])

    def replay_old(self) -> None:
        """A request that was long answered, or lost, comes again."""
        if self.old:
            user, batch = self.rng.choice(self.old)
            try:
                self.hub.push(user, batch)
            except Problem as problem:
                if problem.status == 422:
                    raise Broken(f"an old request raised an alarm: {problem.detail}") from problem

    # --- the end ------------------------------------------------------------------------------------------------

    def heal(self) -> None:
        self.healed = True
        for _ in range(HEALING):
            before = self._places()
            for home in self.homes:
                home.clock.off = timedelta()
                self.sync(home)
            if before == self._places() and all(home.store.waiting() == 0 for home in self.homes):
                return
        raise Broken("the devices and the server never came to rest")

    def _places(self) -> list[object]:
        return [(home.store.sync_state().remote, home.store.sync_state().acknowledged) for home in self.homes]

    def check(self) -> None:
        """Everything that must hold at rest."""
        for user in self.users:
            store = self.books.store(self.books.own_stream(user))
            store.verify()
            rows = list(store.rows())
            told = [(row.seq, row.id, row.data, row.status, row.reason) for row in rows]
            by_id = {row.id: row for row in rows}
            _expect(len(by_id) == len(rows), "an event is in the stream twice")
            _expect(self.acknowledged[user] <= by_id.keys(), "an acknowledged event is lost")
            contested = {row.data for row in rows if row.id.startswith("contested/") and row.status == "quarantined"}
            for conflict in self.resolving.listed(user, resolved=True):
                self.kinds.add(conflict.kind)
                self.resolutions |= {conflict.resolution} if conflict.resolution else set()
            server = Desk()
            server.follow(store)
            fresh = self._home(user, 99)
            self.sync(fresh)
            for home in (*(one for one in self.homes if one.user == user), fresh):
                home.store.verify()
                _expect(_pulled(home) == told, f"{home.name} has another stream than the server")
                desk = Desk()
                desk.follow(home.store)
                _expect(_state(desk) == _state(server), f"{home.name} has another book than the server")
                home.desk.follow(home.store)
                _expect(home.desk.to_bytes() == desk.to_bytes(), f"{home.name} went on from a book that is gone")
                _expect(_in_own_order(home, rows), f"events of {home.name} are not in its own order")
                for event_id, data in home.written.items():
                    there = by_id.get(event_id)
                    known = there is not None and there.data == data
                    carried = any(_carries(one, data) for one in contested)
                    _expect(known or carried, f"{event_id} of {home.name} is lost")
            fresh.store.close()

    def close(self) -> None:
        for home in self.homes:
            home.store.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.database.close()


class Line(Transport):
    """The way of one device to the server."""

    def __init__(self, world: World, home: Home) -> None:
        self._world, self._home = world, home

    def push(self, batch: PushBatch) -> PushAnswer:
        self._world.old.append((self._home.user, batch))
        answer = self._over(lambda: self._world.hub.push(self._home.user, batch))
        self._world.acknowledged[self._home.user].update(result.event_id for result in answer.results)
        return answer

    def pull(self, cursor: int, limit: int) -> PullPage:
        return self._over(lambda: self._world.hub.pull(self._home.user, cursor, limit))

    def conflicts(self) -> Any:
        return self._over(lambda: self._world.resolving.listed(self._home.user))

    def resolve(self, event_id: str, resolution: Resolution) -> Conflict:
        return self._over(lambda: self._world.resolving.resolve(self._home.user, event_id, resolution))

    def _over(self, request: Callable[[], Any]) -> Any:
        world = self._world
        luck = 1.0 if world.healed else world.rng.random()
        if luck < 0.1:
            raise VenueError("the request was lost")
        try:
            answer = request()
            if 0.1 <= luck < 0.2:
                answer = request()
        except Crash:
            world.died += 1
            world.open_server()
            raise VenueError("the server died") from None
        except Problem as problem:
            if problem.kind in ALARMS or problem.status in (409, 422, 403):
                raise refusal(problem.kind, problem.detail) from problem
            raise
        if 0.2 <= luck < 0.3:
            raise VenueError("the answer was lost")
        return answer


def _pulled(home: Home) -> list[object]:
    with sqlite3.connect(home.folder / "optionix.db") as opened:
        found = opened.execute("SELECT seq, id, data, status, reason FROM remote_events ORDER BY seq").fetchall()
    opened.close()
    return found


def _in_own_order(home: Home, rows: list[Any]) -> bool:
    """Whether what the stream has from a device stands there under the place that it has in the device's own log."""
    with sqlite3.connect(home.folder / "optionix.db") as opened:
        own = dict(opened.execute("SELECT seq, data FROM events").fetchall())
    opened.close()
    mine = [row for row in rows if row.device_id == f"device-{home.name}"]
    places = [row.device_seq for row in mine]
    return places == sorted(places) and all(
        own[row.device_seq] == row.data or _carries(row.data, own[row.device_seq]) for row in mine
    )


def _state(desk: Desk) -> object:
    """Book and orders without the chain's hash, which the server keys."""
    return {key: value for key, value in desk.book.state().items() if key != "hash"}, desk.orders.state()


def _carries(contested: bytes, data: bytes) -> bool:
    event = decode(contested)
    return event.type == CONTESTED and event.payload.get("fact") == data.decode()


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise Broken(what)


def simulate(seed: int, folder: Path, parts: Parts | None = None, steps: int = 14) -> World:
    """Run one schedule; Broken, with the seed in its notes, where something does not hold."""
    world = World(seed, folder / f"seed-{seed}", parts)
    try:
        with no_syncs():
            world.run(steps)
    except BaseException as error:
        error.add_note(f"seed {seed}: replay with SYNC_SEED={seed}")
        raise
    finally:
        world.close()
    return world
