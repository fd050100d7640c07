"""What the hub takes in and how it judges: on each database."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from optionix_core.portfolio.ledger import account_opened_event
from optionix_core.portfolio.venue_market import VenueMarket
from optionix_core.sync.canonical import encode
from optionix_core.sync.event import Event
from optionix_core.sync.wire import PushBatch, PushItem
from optionix_core.trading.account_standing import AccountStatus, Standing, standing_event
from optionix_core.trading.halt_records import ended_event, started_event
from optionix_core.trading.halts import Halt, HaltScope
from optionix_core.trading.limit_board import Breach, Groups, LimitGrade, LimitKey, LimitLevel, SetLimit
from optionix_core.trading.limit_records import (
    acknowledged_event,
    breached_event,
    cleared_event,
    grouped_event,
    removed_event,
    set_event,
)
from optionix_core.trading.limits import LimitKind
from server.problems import Problem
from server.store import tables
from server.store.database import Database
from server.sync.heads import roots
from server.sync.hub import SyncHub
from tests.server.queries import counting_queries
from tests.server.sync.conftest import START
from tests.server.sync.hub_house import USER, House, bound, opened, overseen, refusal, trade
from tests.server.sync.simulated import SignedBy


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


class TestJudging:
    def test_a_position_that_was_closed_on_two_devices_is_closed_once(self, house: House) -> None:
        assert house.push(*opened(), trade("bought", 10)) == ["accepted"] * 3
        assert house.push(trade("one", -10), device="desk-1") == ["accepted"]
        assert house.push(trade("two", -10), device="desk-2") == ["quarantined"]
        assert (house.position(), house.kinds()) == (0, ["buying-power"])
        assert house.push(trade("three", 1), device="desk-2") == ["accepted"]

    def test_cash_that_was_spent_on_two_devices_is_spent_once(self, house: House) -> None:
        house.push(*opened())
        assert house.push(trade("one", 5, "150")) == ["accepted"]
        assert house.push(trade("two", 5, "150"), device="desk-2") == ["quarantined"]
        assert house.position() == 5

    def test_a_blocked_account_keeps_facts_in_quarantine_and_goes_on_when_it_is_freed(self, house: House) -> None:
        house.push(*opened())
        for number, (status, expected) in enumerate(
            [(AccountStatus.BLOCKED, "quarantined"), (AccountStatus.ACTIVE, "accepted")], start=1
        ):
            with house.store.writing("administer") as log:
                log.append([standing_event(Standing("sim-1", status, START, "admin", "a reason", number))])
            assert house.push(trade(f"t-{number}", 1)) == [expected]
        assert house.kinds() == ["account-blocked"]

    def test_past_its_lease_an_account_only_closes(self, house: House) -> None:
        house.push(*opened(), trade("bought", 5))
        until = START + timedelta(minutes=5)
        with house.store.writing("administer") as log:
            log.append([standing_event(Standing("sim-1", AccountStatus.ACTIVE, START, "admin", "a", 1, until))])
        assert house.push(trade("in time", 1, minutes=4)) == ["accepted"]
        assert house.push(trade("late", 1, minutes=6), trade("closing", -2, minutes=6)) == ["quarantined", "accepted"]
        assert house.kinds() == ["close-only"]

    def test_who_may_not_trade_any_more_is_heard_and_not_obeyed(self, house: House) -> None:
        house.push(*opened())
        assert house.push(trade("one", 1), may_trade=False) == ["quarantined"]
        note = Event("journal/1", "journal.noted", START, {"text": "still mine"})
        assert house.push(note, may_trade=False) == ["accepted"]
        assert house.kinds() == ["rights"]

    def test_fills_of_the_servers_own_accounts_come_from_the_server(self, house: House) -> None:
        row = {"id": "sim-1", "stream_id": house.store.stream_id, "user_id": USER, "created_at": START}
        house.database.write(lambda c: c.execute(insert(tables.accounts).values(**row, kind="server-paper")))
        assert house.push(*opened(), trade("one", 1)) == ["quarantined"] * 3
        assert house.push(*opened("sim-2", venue="server-paper")) == ["quarantined"] * 2
        assert set(house.kinds()) == {"account-kind", "book"}

    @pytest.mark.parametrize("kind", ["sync.resolved", "sync.quarantined", "account.bound", "account.state-set"])
    def test_what_the_server_alone_says_is_not_heard_from_devices(self, house: House, kind: str) -> None:
        assert house.push(Event("e-1", kind, START, {"account": "sim-1"})) == ["quarantined"]
        assert house.kinds() == ["server-only"]

    def test_a_limit_that_two_devices_break_together_holds_for_their_owner_too(self, house: House) -> None:
        house.push(*opened())
        key = LimitKey(LimitLevel.ACCOUNT, "sim-1", LimitKind.CONTRACTS, LimitGrade.HARD)
        with house.store.writing("oversee") as log:
            log.append([set_event(SetLimit(key=key, bound=Decimal(10), by=str(UUID(int=7)), since=START))])
        assert house.push(trade("one", 6)) == ["accepted"]
        assert house.push(trade("two", 6), device="laptop") == ["quarantined"]
        assert house.kinds() == ["limit"]
        late = "order/two/fill-1/entry"
        assert refusal(house, late, "accept") == (409, "cannot-take-effect")
        with house.store.writing("oversee") as log:
            log.append([removed_event(key, 2, str(UUID(int=7)), START)])
        house.resolving.resolve(USER, late, "accept")
        assert house.position() == 12

    @pytest.mark.parametrize("what", ["limit", "halt", "kill"])
    @pytest.mark.parametrize("by", [str(UUID(int=7)), str(USER), "ann"])
    def test_what_an_overseer_set_is_not_undone_by_a_device(self, house: House, what: str, by: str) -> None:
        house.push(*opened())
        set_, undoing = overseen(what, by)
        with house.store.writing("oversee") as log:
            log.append(set_)
        alone = by == str(UUID(int=7))
        assert house.push(*undoing) == (["quarantined"] if alone else ["accepted"]) * len(undoing)
        assert set(house.kinds()) == ({"server-only"} if alone else set())

    @pytest.mark.parametrize(("figure", "status"), [("5", "accepted"), ("-5", "accepted"), ("6", "quarantined")])
    def test_a_breach_of_an_overseers_limit_is_cleared_by_a_figure_within_it_alone(
        self, house: House, figure: str, status: str
    ) -> None:
        limit = bound("sim-1", str(UUID(int=7)))
        breach = Breach(key=limit.key, number=1, figure=Decimal(9), bound=limit.bound, since=START, cause="market")
        house.push(*opened())
        with house.store.writing("oversee") as log:
            log.append([set_event(limit)])
        assert house.push(breached_event(breach)) == ["accepted"]
        assert house.push(acknowledged_event(breach, "ann", "seen", START)) == ["quarantined"]
        assert house.push(cleared_event(breach, Decimal(figure), START)) == [status]
        assert set(house.kinds()) == {"server-only"}

    def test_a_device_tells_halts_of_its_own_venue_and_none_of_the_servers(self, house: House) -> None:
        halt = Halt(HaltScope.UNDERLYING, "ORBIT", "luld", START, None, "a jump", "local-sim")
        assert house.push(started_event(halt, "venue", None)) == ["accepted"]
        there = replace(halt, venue="server-paper")
        with house.store.writing("pass on") as log:
            log.append([started_event(there, "venue", None)])
        later = START + timedelta(minutes=5)
        assert house.push(ended_event(there, None, "venue", "over", later)) == ["quarantined"]
        assert house.push(started_event(replace(there, name="QUASAR"), "venue", None)) == ["quarantined"]
        assert house.push(ended_event(halt, None, "venue", "over", later)) == ["accepted"]
        assert [one.venue for one in house.folds().orders.halts.halts] == ["server-paper"]
        assert set(house.kinds()) == {"server-only"}

    def test_limits_of_an_account_at_the_servers_venue_are_not_set_by_a_device(self, house: House) -> None:
        row = {"id": "paper-1", "stream_id": house.store.stream_id, "user_id": USER, "created_at": START}
        house.database.write(lambda c: c.execute(insert(tables.accounts).values(**row, kind="server-paper")))
        group = grouped_event("paper-1", Groups(desk="other"), "ann", START)
        assert house.push(set_event(bound("paper-1", "ann")), group) == ["quarantined"] * 2
        assert house.push(set_event(bound("sim-1", "ann"))) == ["accepted"]
        assert house.kinds() == ["server-only"] * 2

    @pytest.mark.parametrize(
        "event",
        [
            Event("e-1", "order.intent", START, {}),
            Event("e-1", "ledger.entry", START, {"account": "sim-1", "postings": "none"}),
            Event("e-1", "order.completed", START, {"fills": 3, "account": "sim-1", "venue": None}),
            Event("e-1", "orders.batch", START, {"orders": [1]}),
            Event("e-1", "account.opened", START, {"account": ["x"]}),
            Event("e-1", "limit.set", START, {"account": None}),
            Event("e-1", "sync.contested", START, {"fact": 7}),
        ],
    )
    def test_a_payload_that_no_fold_reads_is_kept_too(self, house: House, event: Event) -> None:
        assert house.push(event, *opened()) == ["quarantined", "accepted", "accepted"]
        assert house.store.verify().events == 3

    def test_an_account_that_a_device_opens_is_known(self, house: House) -> None:
        house.push(*opened())
        with house.database.reading() as connection:
            assert [tuple(row) for row in connection.execute(select(tables.accounts.c.id, tables.accounts.c.kind))] == [
                ("sim-1", "local-sim")
            ]


class TestTogether:
    def test_devices_that_push_at_once_are_numbered_without_a_gap(self, house: House) -> None:
        failed: list[BaseException] = []

        def device(number: int) -> None:
            try:
                for turn in range(10):
                    event = Event(f"note/{number}/{turn}", "journal.noted", START, {"text": ""})
                    item = PushItem(turn + 1, event, encode(event))
                    house.hub.push(USER, PushBatch(f"desk-{number}", [item]))
            except BaseException as error:  # noqa: BLE001 - told below
                failed.append(error)

        threads = [threading.Thread(target=device, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert house.store.verify().events == 40

    def test_roots_are_kept_every_256_entries_and_at_each_head(self, house: House) -> None:
        notes = [Event(f"note/{n}", "journal.noted", START, {"text": ""}) for n in range(700)]
        house.push(*notes)
        head = house.hub.pull(USER, 0, 1).head
        with house.database.reading() as connection:
            kept = roots(connection, house.store.stream_id)
        assert [seq for seq, _ in kept] == [256, 512, 700]
        assert (head.seq, head.root) == kept[-1]
        again = SyncHub(
            house.database,
            house.books.store,
            house.books.own_stream,
            SignedBy(),  # type: ignore[arg-type] # all that a hub asks of a vault
            house.audit,
            house.clock,
            lambda: house.books.feed,
        )
        assert again.pull(USER, 0, 1).head == head

    def test_a_pull_that_brings_nothing_asks_the_database_once(self, house: House) -> None:
        house.push(Event("note/1", "journal.noted", START, {"text": ""}))
        head = house.hub.pull(USER, 0, 10).head
        with counting_queries(house.database) as queries:
            page = house.hub.pull(USER, 1, 10)
        assert (len(queries), page.events, page.head) == (1, (), head)
        house.push(Event("note/2", "journal.noted", START, {"text": ""}))
        assert house.hub.pull(USER, 1, 10).head.seq == 2

    def test_a_contained_id_that_is_taken_is_an_alarm(self, house: House) -> None:
        taken = Event("one", "journal.noted", START, {"text": ""})
        again = Event("two", "journal.noted", START, {"contains": ["one"], "text": ""})
        house.push(taken)
        with pytest.raises(Problem) as caught:
            house.push(again)
        assert (caught.value.status, caught.value.kind) == (422, "conflicting-event")
        with pytest.raises(Problem) as stopped:
            house.push(Event("three", "journal.noted", START, {"text": ""}))
        assert stopped.value.kind == "device-stopped"

    def test_a_revoked_device_is_refused(self, house: House) -> None:
        house.push(Event("one", "journal.noted", START, {"text": ""}))
        house.database.write(lambda c: c.execute(update(tables.devices).values(revoked_at=START)))
        with pytest.raises(Problem) as caught:
            house.push(Event("two", "journal.noted", START, {"text": ""}))
        assert (caught.value.status, caught.value.kind) == (403, "device-revoked")


def market_at_the_server(house: House, account: str = "sim-1") -> object:
    asked = select(tables.accounts.c.market).where(tables.accounts.c.id == account)
    with house.database.reading(fresh=True) as connection:
        return connection.execute(asked).scalar_one()


def on(market: VenueMarket | None, account: str = "sim-1") -> Event:
    return account_opened_event(account, "local-sim", "USD", START, market)


class TestMarkets:
    def test_an_opening_tells_the_market_for_good(self, house: House) -> None:
        market = VenueMarket(2**60, "exchange")
        assert house.push(on(market)) == ["accepted"]
        assert market_at_the_server(house) == market.spelled()
        again = replace(on(VenueMarket(7, "continuous")), id="account/sim-1/opened-again")
        assert house.push(again) == ["quarantined"]
        assert house.kinds() == ["book"]
        with pytest.raises(Problem) as alarm:
            house.push(on(VenueMarket(7, "continuous")))
        assert (alarm.value.status, alarm.value.kind) == (422, "conflicting-event")
        assert market_at_the_server(house) == market.spelled()

    def test_what_is_no_market_is_quarantined_by_its_field(self, house: House) -> None:
        wrong = replace(on(None), payload={**on(None).payload, "market": {"feed": "sim", "seed": "x", "session": "y"}})
        assert house.push(wrong) == ["quarantined"]
        (found,) = house.resolving.listed(USER)
        assert (found.kind, "market.seed" in found.reason) == ("account-market", True)

    def test_an_account_may_open_without_one(self, house: House) -> None:
        assert house.push(on(None)) == ["accepted"]
        assert market_at_the_server(house) is None
