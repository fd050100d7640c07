"""A device's client against the server's own hub: what it does with refusals, and how it finds a server that lies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, insert, select, update

from optionix_core.errors import IntegrityError, RefusedError, VenueError
from optionix_core.market.clock import ManualClock
from optionix_core.services import account_acts, journal, syncing, watchlists
from optionix_core.services.home import HomeFolders
from optionix_core.services.trading import opening
from optionix_core.services.workspace import Workspace
from optionix_core.sync import chain
from optionix_core.sync.canonical import encode
from optionix_core.sync.event import Event
from optionix_core.sync.wire import PushBatch, PushItem
from server.problems import Problem
from server.store import tables
from tests.server.sync.simulated import START
from tests.server.sync.simulation import Line, World


class Still(World):
    """A server and its users, on a good line; homes are the tests'."""

    def __init__(self, folder: Path) -> None:
        super().__init__(1, folder)
        self.healed = True


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Still]:
    made = Still(tmp_path / "world")
    yield made
    made.close()


@pytest.fixture
def workspace(world: Still, tmp_path: Path) -> Iterator[Workspace]:
    home = HomeFolders.of(tmp_path / "home")
    with Workspace(home, clock=world.clock, account="sim-9") as opened:
        yield opened


def line(world: World) -> Line:
    home: Any = world.homes[0]
    return Line(world, home)


def run(workspace: Workspace, world: World, transport: Any = None) -> syncing.SyncReport:
    over = line(world) if transport is None else transport
    return syncing.sync_now(workspace, over, random=world.rng, wait=lambda _seconds: None)


def write(workspace: Workspace, *numbers: int) -> None:
    with workspace.store.writing("note") as log:
        log.append([Event(f"note/{n}", "journal.noted", START, {"text": str(n)}) for n in numbers])


class TestServices:
    def test_a_home_is_bound_synced_and_let_go(self, workspace: Workspace, world: Still) -> None:
        assert syncing.status(workspace).word == "unbound"
        with pytest.raises(RefusedError, match="sign in first"):
            run(workspace, world)
        write(workspace, 1, 2)
        syncing.bind(workspace, "sim://server", str(world.users[0]))
        assert (syncing.status(workspace).word, syncing.status(workspace).pending) == ("pending", 2)
        report = run(workspace, world)
        assert (report.pushed, report.quarantined, report.status.word) == (2, 0, "synced")
        assert run(workspace, world).pushed == 0
        assert syncing.leave(workspace)
        assert [record.event.id for record in workspace.store.read()] == ["note/1", "note/2"]
        assert not syncing.leave(workspace)

    def test_conflicts_are_told_and_decided(self, workspace: Workspace, world: Still) -> None:
        syncing.bind(workspace, "sim://server", str(world.users[0]))
        with workspace.store.writing("a fact of an unknown order") as log:
            log.append([Event("order/1/triggered", "order.triggered", START, {"client_order_id": "1"})])
        report = run(workspace, world)
        assert (report.quarantined, report.status.word, report.status.conflicts) == (1, "conflicts", 1)
        (found,) = syncing.conflicts(workspace, line(world))
        assert (found.id, found.kind) == ("order/1/triggered", "book")
        workspace.desk.follow(workspace.store)
        decided = syncing.resolve(
            workspace, line(world), found.id, "discard", random=world.rng, wait=lambda _seconds: None
        )
        assert decided.resolution == "discard"
        assert syncing.status(workspace).word == "synced"

    def test_another_devices_acts_are_in_the_book(self, workspace: Workspace, world: Still, tmp_path: Path) -> None:
        syncing.bind(workspace, "sim://server", str(world.users[0]))
        with workspace.store.writing("open") as log:
            workspace.desk.append(log, opening("sim-9", START, "local-sim"))
        account_acts.deposit(workspace, "d-1", "USD", Decimal(50))
        run(workspace, world)
        other = Workspace(HomeFolders.of(tmp_path / "other"), clock=world.clock, account="sim-9")
        syncing.bind(other, "sim://server", str(world.users[0]))
        run(other, world)
        account_acts.withdraw(other, "w-1", "USD", Decimal(20))
        run(other, world)
        run(workspace, world)
        workspace.desk.follow(workspace.store)
        state = workspace.desk.book.account("sim-9")
        assert state is not None
        assert state.cash == Decimal(100_030)
        assert workspace.desk.to_bytes() == other.desk.to_bytes()
        other.close()


@pytest.fixture
def other(workspace: Workspace, world: Still, tmp_path: Path) -> Iterator[Workspace]:
    """A second device of the same user, as `workspace` is one."""
    with Workspace(HomeFolders.of(tmp_path / "other"), clock=world.clock, account="sim-9") as opened:
        for home in (workspace, opened):
            syncing.bind(home, "sim://server", str(world.users[0]))
        yield opened


def noted(home: Workspace) -> list[str]:
    return [note.text for note in journal.notes(home.store)]


class TestTwoDevices:
    @pytest.mark.parametrize(("way", "after"), [("accept", ["mine", "theirs"]), ("discard", ["mine"])])
    def test_the_same_note_written_twice_is_kept_and_shown_until_its_owner_decides(
        self, workspace: Workspace, other: Workspace, world: Still, way: Any, after: list[str]
    ) -> None:
        journal.add(workspace, "mine", note_id="plan")
        run(workspace, world)
        journal.add(other, "theirs", note_id="plan")
        assert run(other, world).status.conflicts == 1
        (found,) = syncing.conflicts(other, line(world))
        assert (found.kind, found.type, found.payload["text"]) == ("same-id", "journal.noted", "theirs")
        run(workspace, world)
        assert noted(workspace) == noted(other) == ["mine"]
        decided = syncing.resolve(other, line(world), found.id, way, random=world.rng, wait=lambda _seconds: None)
        assert (decided.type, decided.payload) == (found.type, found.payload)
        run(workspace, world)
        assert noted(workspace) == noted(other) == after

    def test_of_a_watchlist_that_both_changed_the_last_writer_wins(
        self, workspace: Workspace, other: Workspace, world: Still
    ) -> None:
        watchlists.create(workspace, "core", ["ORBIT"])
        run(workspace, world)
        run(other, world)
        for home, symbol in ((other, "TUNDRA"), (workspace, "QUASAR")):
            world.clock.advance(timedelta(seconds=5))
            watchlists.add(home, "core", [symbol])
        for home in (workspace, other, workspace):  # the first one arrives first and still wins
            assert run(home, world).quarantined == 0
        assert [watchlists.watchlist(home, "core").symbols for home in (workspace, other)] == [("ORBIT", "QUASAR")] * 2
        written = [record.event for record in other.store.read() if record.event.type == watchlists.SAVED]
        assert len(written) == 3  # what lost is still in the log


class TestRefusals:
    def test_nothing_is_lost_while_the_server_is_out_of_reach(self, workspace: Workspace, world: Still) -> None:
        waits: list[float] = []

        class Away:
            def pull(self, cursor: int, limit: int) -> Any:
                raise VenueError(f"no route ({cursor}, {limit})")

        syncing.bind(workspace, "sim://server", str(world.users[0]))
        write(workspace, 1)
        away: Any = Away()
        with pytest.raises(VenueError):
            syncing.sync_now(workspace, away, random=world.rng, wait=waits.append)
        assert len(waits) == 3
        assert all(0 <= waited <= 0.5 * 2**place for place, waited in enumerate(waits))
        assert syncing.status(workspace).pending == 1

    def test_a_wrong_clock_keeps_the_outbox(self, world: Still, tmp_path: Path) -> None:
        fast = ManualClock(world.clock.now() + timedelta(minutes=6))
        with Workspace(HomeFolders.of(tmp_path / "fast"), clock=fast) as workspace:
            syncing.bind(workspace, "sim://server", str(world.users[0]))
            write(workspace, 1)
            with pytest.raises(RefusedError) as caught:
                run(workspace, world)
            assert caught.value.rule == "clock-drift"
            assert (syncing.status(workspace).word, syncing.status(workspace).pending) == ("pending", 1)
            fast.advance(timedelta(minutes=-6))
            assert run(workspace, world).pushed == 1

    def test_an_alarm_stops_the_device_until_somebody_looks(self, workspace: Workspace, world: Still) -> None:
        syncing.bind(workspace, "sim://server", str(world.users[0]))
        write(workspace, 1)
        run(workspace, world)
        device = syncing.status(workspace).binding
        assert device is not None
        copy = Event("note/1", "journal.noted", START, {"text": "other"})
        with pytest.raises(Problem):
            world.hub.push(world.users[0], PushBatch(device.device, [PushItem(2, copy, encode(copy))]))
        assert [entry.action for entry in world.audit.entries] == ["sync.alarm"]
        write(workspace, 2)
        with pytest.raises(IntegrityError, match="device-stopped"):
            run(workspace, world)
        assert syncing.status(workspace).word == "stopped"
        with pytest.raises(IntegrityError, match="stopped"):
            run(workspace, world)


def _unguarded(connection: Any) -> None:
    """Whoever owns the tables can drop what keeps them from being changed."""
    names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
    for name in names:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")


class TestTwoOfOneHome:
    def test_a_page_that_another_process_has_overtaken_is_asked_for_again(
        self, workspace: Workspace, world: Still, tmp_path: Path
    ) -> None:
        """A terminal pulls while `optionix sync now` runs: the older page is no sign of a server that was cut."""
        syncing.bind(workspace, "sim://server", str(world.users[0]))
        write(workspace, 1)
        run(workspace, world)

        class Late(Line):
            """Its first page is on its way while another process of this home goes on."""

            overtaken = False

            def pull(self, cursor: int, limit: int) -> Any:
                page = super().pull(cursor, limit)
                if not self.overtaken:
                    self.overtaken = True
                    with Workspace(HomeFolders.of(tmp_path / "home"), clock=world.clock) as other:
                        write(other, 2)
                        run(other, world)
                return page

        with world.books.store(world.books.own_stream(world.users[0])).writing("the server's own") as log:
            log.append([Event("server/1", "journal.noted", START, {"text": "more"})])
        home: Any = world.homes[0]
        assert run(workspace, world, Late(world, home)).pulled == 0  # the other one took it all in
        assert (syncing.status(workspace).word, syncing.status(workspace).cursor) == ("synced", 3)


class TestALyingServer:
    @pytest.fixture
    def synced(self, workspace: Workspace, world: Still) -> Workspace:
        syncing.bind(workspace, "sim://server", str(world.users[0]))
        write(workspace, *range(1, 9))
        run(workspace, world)
        world.database.write(_unguarded)
        return workspace

    def _expect_found(self, workspace: Workspace, world: Still, match: str) -> None:
        world.hub.heads.forget(world.books.own_stream(world.users[0]))
        with pytest.raises(IntegrityError, match=match):
            run(workspace, world)
        assert syncing.status(workspace).word == "stopped"

    def _append(self, world: Still, number: int) -> None:
        with world.books.store(world.books.own_stream(world.users[0])).writing("more") as log:
            log.append([Event(f"server/{number}", "journal.noted", START, {"text": "more"})])

    def _rechain(self, world: Still) -> None:
        """What somebody does who has the database and the keys: all hashes and the head anew."""
        store = world.books.store(world.books.own_stream(world.users[0]))
        events = tables.stream_events
        link = chain.keyed(world.envelopes.chain_key("stream", 1))

        def work(connection: Any) -> None:
            previous, seq = bytes(32), 0
            for row in connection.execute(select(events).order_by(events.c.seq)).all():
                seq, previous = row.seq, link(row.seq, previous, row.data)
                connection.execute(update(events).where(events.c.seq == row.seq).values(hash=previous))
            connection.execute(update(tables.streams).values(head_seq=seq, head_hash=previous))
            connection.execute(delete(tables.stream_checkpoints))

        store.database.write(work)

    def test_a_cut_log(self, synced: Workspace, world: Still) -> None:
        world.database.write(lambda c: c.execute(delete(tables.stream_events).where(tables.stream_events.c.seq == 8)))
        self._rechain(world)
        self._expect_found(synced, world, "was cut")

    def test_a_cut_log_that_grew_again(self, synced: Workspace, world: Still) -> None:
        world.database.write(lambda c: c.execute(delete(tables.stream_events).where(tables.stream_events.c.seq == 8)))
        self._rechain(world)
        self._append(world, 1)
        self._append(world, 2)
        self._expect_found(synced, world, "not the one that this device pulled")

    def test_an_altered_event(self, synced: Workspace, world: Still) -> None:
        other = encode(Event("note/3", "journal.noted", START, {"text": "rewritten"}))
        events = tables.stream_events
        world.database.write(lambda c: c.execute(update(events).where(events.c.seq == 3).values(data=other)))
        self._rechain(world)
        self._append(world, 1)
        self._expect_found(synced, world, "not the one that this device pulled")

    def test_an_altered_judgement(self, synced: Workspace, world: Still) -> None:
        events = tables.stream_events
        changed = update(events).where(events.c.seq == 3).values(status="quarantined", reason="because")
        world.database.write(lambda c: c.execute(changed))
        self._append(world, 1)
        self._expect_found(synced, world, "not the one that this device pulled")

    def test_events_in_another_order(self, synced: Workspace, world: Still) -> None:
        events = tables.stream_events

        def swap(connection: Any) -> None:
            rows = connection.execute(select(events).where(events.c.seq.in_((3, 4)))).all()
            connection.execute(delete(events).where(events.c.seq.in_((3, 4))))
            for row in rows:
                connection.execute(insert(events).values({**row._mapping, "seq": 7 - row.seq}))

        world.database.write(swap)
        self._rechain(world)
        self._append(world, 1)
        self._expect_found(synced, world, "not the one that this device pulled")

    def test_another_key(self, synced: Workspace, world: Still) -> None:
        world.envelopes._key = Ed25519PrivateKey.generate()
        self._append(world, 1)
        self._expect_found(synced, world, "head key")
