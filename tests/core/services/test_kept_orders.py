"""Accounts that are bound to a server's venue: nothing is matched here, orders are kept with an end, leases end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import IntegrityError, InvalidValueError, ReadOnlyError, RefusedError, UnknownNameError
from optionix_core.market.clock import ManualClock
from optionix_core.services import (
    account_standing,
    algorithms,
    batches,
    book,
    kept_orders,
    leases,
    lifecycle,
    orders,
    sending,
    syncing,
    trading,
)
from optionix_core.services.algorithm_terms import AlgoTerms, parent_of
from optionix_core.services.home import HomeFolders
from optionix_core.services.kept_orders import KeptState
from optionix_core.services.workspace import Workspace
from optionix_core.storage.merged_store import MergedEventStore
from optionix_core.storage.sqlite_store import SqliteEventStore
from optionix_core.sync.event import Event, Record
from optionix_core.sync.wire import Conflict
from optionix_core.trading.account_kinds import bound_event, kinds_of
from optionix_core.trading.account_standing import AccountStatus
from optionix_core.trading.algorithms.parent import AlgoKind
from optionix_core.trading.fold import OrderFold
from optionix_core.trading.orders import OrderIntent, OrderResult, Side, TimeInForce
from optionix_core.trading.records import intent_event
from optionix_core.trading.terms import OrderTerms, intent_of_terms
from tests.core.storage.test_merged_contract import pull, pulled

if TYPE_CHECKING:
    from optionix_core.sync.masking import Resolution

NOW = datetime(2026, 1, 16, 15, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
CALL = "ORBIT 15JAN27 230 C"
TERMS = OrderTerms(Side.BUY, 2, CALL, Decimal("3.00"))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def workspace(tmp_path: Path, clock: ManualClock) -> Iterator[Workspace]:
    """Follows a server whose account `paper-1` had no order yet."""
    with Workspace(HomeFolders.of(tmp_path), clock=clock) as opened:
        syncing.bind(opened, "https://server", "user")
        pull(merged(opened), pulled(1, bound_event("paper-1", "server-paper", NOW)))
        yield opened


def merged(workspace: Workspace) -> MergedEventStore:
    assert isinstance(workspace.store, MergedEventStore)
    return workspace.store


def wanted(name: str = "one", quantity: int = 2) -> OrderIntent:
    return intent_of_terms(replace(TERMS, quantity=quantity), "paper-1", name, NOW)


def contact(workspace: Workspace, at: datetime, hours: float | None) -> None:
    with merged(workspace).syncing("contact") as writer:
        writer.note(replace(writer.state(), contact=at, lease_hours=hours))


def test_what_a_server_bound_is_refused_before_anything_is_written(workspace: Workspace) -> None:
    before = workspace.store.head()
    algo = parent_of(workspace, AlgoTerms(AlgoKind.TWAP, Side.BUY, 2, CALL, timedelta(minutes=30)), "slow")
    acts: tuple[Callable[[], object], ...] = (
        lambda: trading.place(workspace, TERMS, "one"),
        lambda: sending.send(workspace, TERMS, "one"),
        lambda: sending.cancel(workspace, "one"),
        lambda: orders.cancel(workspace, "one"),
        lambda: batches.place_many(workspace, [batches.Ordered(OrderTerms("buy", 1, CALL))], "many"),
        lambda: algorithms.start(workspace, algo),
    )
    for act in acts:
        with pytest.raises(RefusedError, match="paper-1 is bound to server-paper: its orders are not matched here"):
            act()
    assert workspace.store.head() == before
    assert book.account(workspace).state.venue == "server-paper"
    with Workspace(workspace.home, clock=workspace.clock, account="own-1") as own:
        assert trading.place(own, OrderTerms("buy", 1, CALL)).fills  # another account of the home


def test_the_way_that_a_face_laid_gets_the_order_and_is_closed_with_the_workspace(
    workspace: Workspace, clock: ManualClock
) -> None:
    class Way:
        asked: list[tuple[str, str, datetime | None]]

        def __init__(self) -> None:
            self.asked = []
            self.closed = 0

        def place(self, _: Workspace, terms: OrderTerms, name: str, expires: datetime | None) -> OrderResult:
            self.asked.append((name, str(terms.side), expires))
            raise RefusedError("test", "enough")

        def cancel(self, _: Workspace, name: str) -> OrderResult:
            self.asked.append((name, "cancel", None))
            raise RefusedError("test", "enough")

        def close(self) -> None:
            self.closed += 1

    way = Way()
    with Workspace(workspace.home, clock=clock) as opened:
        opened.lay_way = lambda: way
        for act in (
            lambda: sending.send(opened, TERMS, "one", expires=LATER),
            lambda: sending.cancel(opened, "one"),
        ):
            with pytest.raises(RefusedError, match="enough"):
                act()
    assert way.asked == [("one", "buy", LATER), ("one", "cancel", None)]
    assert way.closed == 1


def test_an_order_is_kept_once_and_until_the_end_that_was_first_given(workspace: Workspace, clock: ManualClock) -> None:
    kept = kept_orders.keep(workspace, wanted(), LATER, "cannot be reached")
    clock.advance(timedelta(minutes=1))
    again = kept_orders.keep(workspace, wanted(), LATER + timedelta(hours=9), "still not")
    assert again == kept
    assert (kept.state, kept.expires_at, kept.reason) == (KeptState.KEPT, LATER, "cannot be reached")
    assert kept_orders.find(workspace, "one") == kept
    with pytest.raises(InvalidValueError, match="client_order_id"):
        kept_orders.keep(workspace, wanted(quantity=3), LATER, "other terms")
    with pytest.raises(InvalidValueError, match="expires must be after"):
        kept_orders.keep(workspace, wanted("two"), clock.now(), "at once")
    with pytest.raises(UnknownNameError, match="two"):
        kept_orders.find(workspace, "two")
    assert len([r for r in workspace.store.read() if r.event.type == kept_orders.KEPT]) == 1


def test_at_its_end_a_kept_order_has_expired_and_can_only_be_dropped(workspace: Workspace, clock: ManualClock) -> None:
    kept_orders.keep(workspace, wanted(), LATER, "away")
    clock.advance(LATER - timedelta(microseconds=1) - clock.now())
    assert kept_orders.sendable(workspace, "one").state is KeptState.KEPT
    clock.advance(LATER - clock.now())
    with pytest.raises(RefusedError, match="expired") as caught:
        kept_orders.sendable(workspace, "one")
    assert caught.value.exit_code == 5
    with pytest.raises(InvalidValueError, match="it is of an order that was expired"):
        kept_orders.keep(workspace, wanted(), LATER + timedelta(days=1), "again")
    assert [one.state for one in kept_orders.listing(workspace)] == [KeptState.EXPIRED]
    assert kept_orders.drop(workspace, "one").state is KeptState.DROPPED
    head = workspace.store.head()
    assert kept_orders.drop(workspace, "one").state is KeptState.DROPPED
    assert workspace.store.head() == head
    assert kept_orders.listing(workspace) == ()
    with pytest.raises(RefusedError, match="was dropped"):
        kept_orders.sendable(workspace, "one")


class Judged:
    """A server with one conflict of its own, which decides what it is asked to."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def conflicts(self) -> tuple[Conflict, ...]:
        return (Conflict("note/1", "same-id", 1, "another one has its id", NOW, "journal.noted"),)

    def resolve(self, event_id: str, _: str) -> Conflict:
        self.asked.append(event_id)
        raise RefusedError("cannot-take-effect", "no")


def test_an_order_that_expired_unsent_is_a_conflict_that_this_home_discards(
    workspace: Workspace, clock: ManualClock
) -> None:
    server: Any = Judged()
    kept_orders.keep(workspace, wanted(), LATER, "away")
    assert [one.id for one in syncing.conflicts(workspace, server)] == ["note/1"]
    assert syncing.status(workspace).conflicts == 1
    clock.advance(LATER - clock.now())
    assert (syncing.status(workspace).word, syncing.status(workspace).conflicts) == ("conflicts", 2)
    expired = syncing.conflicts(workspace, server)[1]
    assert (expired.id, expired.kind, expired.type) == ("intent/one/kept", "expired-intent", kept_orders.KEPT)
    assert expired.reason == "expired 2026-01-16T18:30:00.000000Z and was never sent: away"

    def decide(event_id: str, way: Resolution) -> Conflict:
        return syncing.resolve(workspace, server, event_id, way, random=Random(), wait=lambda _: None)

    head = workspace.store.head()
    for way in ("accept", "reverse"):
        with pytest.raises(RefusedError, match="it is never sent, discard it") as caught:
            decide(expired.id, way)  # type: ignore[arg-type]
        assert caught.value.rule == "expired-intent"
    assert workspace.store.head() == head
    decided = decide(expired.id, "discard")
    assert (decided.resolution, decided.resolved_at) == ("discard", LATER)
    assert kept_orders.find(workspace, "one").state is KeptState.DROPPED
    assert syncing.status(workspace).conflicts == 1
    assert server.asked == []
    with pytest.raises(RefusedError, match="cannot-take-effect"):
        decide("note/1", "discard")
    assert server.asked == ["note/1"]


def test_one_that_became_an_order_is_sent_however_that_came_to_be(workspace: Workspace, clock: ManualClock) -> None:
    kept_orders.keep(workspace, wanted(), LATER, "away")
    pull(merged(workspace), pulled(2, intent_event(wanted())))
    clock.advance(LATER + timedelta(days=1) - clock.now())
    assert kept_orders.find(workspace, "one").state is KeptState.SENT  # and not expired
    with pytest.raises(InvalidValueError, match="sent"):
        kept_orders.drop(workspace, "one")
    assert [one.state for one in kept_orders.listing(workspace, every=True)] == [KeptState.SENT]


def test_kept_orders_are_found_by_their_ids_and_not_by_reading_the_log(
    workspace: Workspace, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("zero", "one", "gone"):
        kept_orders.keep(workspace, wanted(name), LATER, "away")
        clock.advance(timedelta(seconds=1))
    with workspace.store.writing("notes") as log:
        log.append([Event(f"intents-{n}", "journal.noted", NOW, {"text": "x"}) for n in range(3)])
    kept_orders.drop(workspace, "gone")
    known = [record.event for record in workspace.store.read()][1:]
    # the first comes back from the server, the others are this home's alone
    pull(merged(workspace), pulled(2, known[0], device(workspace), 1))

    def refused(*_: object, **__: object) -> Iterator[Record]:
        raise AssertionError("the log was read")

    workspace.desk.follow(workspace.store)
    monkeypatch.setattr(MergedEventStore, "read", refused)
    monkeypatch.setattr(SqliteEventStore, "read", refused)
    assert [one.order_id for one in kept_orders.listing(workspace)] == ["zero", "one"]
    assert [one.order_id for one in kept_orders.listing(workspace, every=True)] == ["zero", "one", "gone"]
    assert merged(workspace).ids_beginning("intent/g") == ["intent/gone/kept", "intent/gone/dropped"]
    with pytest.raises(UnknownNameError, match="gone"):
        kept_orders.find(workspace, "gon")
    plan = "EXPLAIN QUERY PLAN SELECT id FROM {} WHERE id >= 'intent/' AND id < 'intent0' ORDER BY seq"
    with merged(workspace)._reading() as connection:
        assert connection is not None
        for table in ("events", "remote_events"):
            told = " ".join(str(row) for row in connection.exec_driver_sql(plan.format(table)))
            assert "SEARCH" in told, told


def device(workspace: Workspace) -> str:
    found = merged(workspace).device()
    assert found is not None
    return found


def test_each_kept_order_tells_what_its_account_may_do_now(workspace: Workspace, clock: ManualClock) -> None:
    kept_orders.keep(workspace, wanted(), LATER, "away")
    kept_orders.keep(workspace, intent_of_terms(TERMS, "own-1", "here", NOW), LATER, "away")
    contact(workspace, NOW, 1.0)
    assert [(one.order.order_id, one.status) for one in kept_orders.standing(workspace)] == [
        ("one", AccountStatus.ACTIVE),
        ("here", AccountStatus.ACTIVE),
    ]
    clock.advance(timedelta(hours=1))
    late, here = kept_orders.standing(workspace)
    assert (late.status, here.status) == (AccountStatus.CLOSE_ONLY, AccountStatus.ACTIVE)
    assert "its lease ended" in (late.why or "")


def test_reading_alone_keeps_and_drops_nothing(workspace: Workspace, clock: ManualClock) -> None:
    kept_orders.keep(workspace, wanted(), LATER, "away")
    with Workspace(replace(workspace.home, read_only=True), clock=clock) as looking:
        assert [one.order_id for one in kept_orders.listing(looking)] == ["one"]
        for act in (
            lambda: kept_orders.keep(looking, wanted("two"), LATER, "away"),
            lambda: kept_orders.drop(looking, "one"),
        ):
            with pytest.raises(ReadOnlyError):
                act()


@settings(deadline=None)  # each makes a home on disk
@given(hours=st.floats(0.001, 168.0), after=st.floats(0.0, 400.0))
def test_a_lease_ends_so_many_hours_after_the_last_contact(
    tmp_path_factory: pytest.TempPathFactory, hours: float, after: float
) -> None:
    clock = ManualClock(NOW)
    with Workspace(HomeFolders.of(tmp_path_factory.mktemp("home")), clock=clock) as workspace:
        syncing.bind(workspace, "https://server", "user")
        pull(merged(workspace), pulled(1, bound_event("paper-1", "server-paper", NOW)))
        contact(workspace, NOW, hours)
        clock.advance(NOW + timedelta(hours=after) - clock.now())
        ends = NOW + timedelta(hours=hours)
        assert leases.lease_until(workspace, "server-paper") == ends
        assert leases.lease_until(workspace, "local-sim") is None
        assert book.account(workspace).may == ("active" if clock.now() < ends else "close-only")


def test_what_opens_is_refused_past_the_lease_and_where_none_was_told(workspace: Workspace, clock: ManualClock) -> None:
    with pytest.raises(RefusedError, match="no lease, which server-paper needs"):
        leases.expect_leased(workspace, TERMS)
    contact(workspace, NOW, None)  # a server that tells none
    with pytest.raises(RefusedError, match="no lease"):
        leases.expect_leased(workspace, TERMS)
    contact(workspace, NOW, 24.0)
    leases.expect_leased(workspace, TERMS)
    clock.advance(NOW + timedelta(hours=24) - clock.now())
    with pytest.raises(RefusedError, match="its lease ended 2026-01-17 15:30:00 UTC") as caught:
        leases.expect_leased(workspace, TERMS)
    assert (caught.value.rule, caught.value.exit_code) == ("account-state", 5)
    assert account_standing.state(workspace).status == "close-only"


def test_the_kinds_of_accounts_are_in_the_state_of_the_fold() -> None:
    fold = OrderFold()
    fold.apply(Record(1, bound_event("paper-1", "server-paper", NOW), b"", b""))
    fold.apply(Record(2, bound_event("own-1", "local-sim", NOW), b"", b""))
    assert fold.kinds == {"paper-1": "server-paper", "own-1": "local-sim"}
    assert OrderFold.of_state(fold.state()).kinds == fold.kinds == fold.copy().kinds
    with pytest.raises(IntegrityError, match="kinds must hold one of live, local-sim, server-paper for x"):
        kinds_of({"x": "moon"})


def test_what_worked_here_before_the_server_bound_its_account_is_not_matched_any_more(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    with Workspace(HomeFolders.of(tmp_path), clock=clock) as workspace:
        syncing.bind(workspace, "https://server", "user")
        ask = Decimal(str(trading.preview_terms(workspace, OrderTerms("buy", 1, CALL)).price))
        terms = OrderTerms("buy", 1, CALL, ask - Decimal("0.05"), TimeInForce.GTC)
        names = (("here", "own-1"), ("bound", "paper-1"))
        for name, account in names:
            with Workspace(workspace.home, clock=clock, account=account) as placing:
                assert trading.place(placing, terms, name).open
        pull(merged(workspace), pulled(1, bound_event("paper-1", "server-paper", NOW)))
        clock.advance(timedelta(days=2))
        update = lifecycle.bring_up_to_date(workspace)
        assert [name.split("/")[1] for name in update.filled] == ["here"]
        assert workspace.desk.orders.open_orders() == ("bound",)
