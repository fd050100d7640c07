"""What becomes of what the hub quarantined: on each database."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import insert

from optionix_core.sync.canonical import encode
from optionix_core.sync.event import Event
from optionix_core.sync.masking import contested_event
from optionix_core.trading.account_standing import AccountStatus, Standing, standing_event
from server.problems import Problem
from server.store import tables
from server.store.database import Database
from tests.server.sync.conftest import START, add_user
from tests.server.sync.hub_house import USER, House, opened, refusal, say, trade


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


class TestResolving:
    @pytest.fixture
    def held(self, house: House) -> House:
        house.push(*opened(), trade("bought", 10), trade("sold", -10))
        house.push(trade("again", -10), device="desk-2")
        assert house.kinds() == ["buying-power"]
        return house

    def test_accepted_it_takes_effect(self, held: House) -> None:
        cash = held.cash()
        told = held.resolving.resolve(USER, "order/again/fill-1/entry", "accept")
        assert (told.resolution, held.kinds(), held.position()) == ("accept", [], -10)
        assert held.cash() == cash + Decimal("1249.35")
        assert held.push(trade("back", 10)) == ["accepted"]
        found = held.store.find("order/again/fill-1/entry")
        assert found is not None
        assert (found.seq, found.event.type) == (6, "ledger.entry")

    def test_reversed_it_is_in_the_ledger_with_its_compensation(self, held: House) -> None:
        cash = held.cash()
        held.resolving.resolve(USER, "order/again/fill-1/entry", "reverse")
        assert (held.position(), held.cash()) == (0, cash)
        kinds = [record.event.type for record in held.store.read(5)]
        assert kinds == ["ledger.entry", "ledger.entry"]

    def test_discarded_nothing_happened(self, held: House) -> None:
        cash = held.cash()
        held.resolving.resolve(USER, "order/again/fill-1/entry", "discard")
        assert (held.position(), held.cash()) == (0, cash)

    def test_a_decision_stands(self, held: House) -> None:
        first = held.resolving.resolve(USER, "order/again/fill-1/entry", "discard")
        head = held.store.head()
        assert held.resolving.resolve(USER, "order/again/fill-1/entry", "discard") == first
        assert held.store.head() == head
        with pytest.raises(Problem) as caught:
            held.resolving.resolve(USER, "order/again/fill-1/entry", "accept")
        assert (caught.value.status, caught.value.kind) == (409, "already-resolved")
        assert [entry.action for entry in held.audit.entries] == ["sync.resolve"]

    def test_what_moves_no_money_is_not_reversed(self, house: House) -> None:
        house.push(Event("order/1/triggered", "order.triggered", START, {"client_order_id": "1"}))
        for resolution in ("reverse", "accept"):
            with pytest.raises(Problem) as caught:
                house.resolving.resolve(USER, "order/1/triggered", resolution)
            assert (caught.value.status, caught.value.kind) == (409, "cannot-take-effect")
        assert house.kinds() == ["book"]

    def test_nobody_accepts_for_himself_what_the_server_alone_says(self, house: House) -> None:
        house.push(*opened())
        say(house, AccountStatus.BLOCKED, 1)
        free = standing_event(Standing("sim-1", AccountStatus.ACTIVE, START, "himself", "why not", 2))
        hidden = contested_event("desk-1", 4, free, encode(free))
        assert house.push(free, hidden) == ["quarantined"] * 2
        for event_id in (free.id, hidden.id):
            for resolution in ("accept", "reverse"):
                assert refusal(house, event_id, resolution) == (409, "cannot-take-effect")
        assert house.push(trade("one", 1)) == ["quarantined"]
        assert house.kinds() == ["server-only", "same-id", "account-blocked"]
        assert house.resolving.resolve(USER, free.id, "discard").resolution == "discard"

    def test_money_at_the_servers_venue_is_not_accepted_from_a_device(self, house: House) -> None:
        row = {"id": "sim-1", "stream_id": house.store.stream_id, "user_id": USER, "created_at": START}
        house.database.write(lambda c: c.execute(insert(tables.accounts).values(**row, kind="server-paper")))
        events = (*opened(), trade("one", 1))
        assert house.push(*events) == ["quarantined"] * 3
        for event in events:
            assert refusal(house, event.id, "accept") == (409, "cannot-take-effect")
        assert house.folds().book.account("sim-1") is None

    def test_what_an_account_may_not_do_is_accepted_once_it_may(self, house: House) -> None:
        house.push(*opened())
        say(house, AccountStatus.BLOCKED, 1)
        assert house.push(trade("one", 1)) == ["quarantined"]
        name = trade("one", 1).id
        assert refusal(house, name, "accept") == (409, "cannot-take-effect")
        say(house, AccountStatus.ACTIVE, 2)
        with pytest.raises(Problem, match="right to trade"):
            house.resolving.resolve(USER, name, "accept", may_trade=False)
        house.resolving.resolve(USER, name, "accept")
        assert (house.position(), house.kinds()) == (1, [])

    def test_a_contested_event_without_a_fact_is_discarded_alone(self, house: House) -> None:
        house.push(Event("e-1", "sync.contested", START, {"fact": 7}))
        assert refusal(house, "e-1", "accept") == (409, "cannot-take-effect")
        assert house.resolving.resolve(USER, "e-1", "discard").resolution == "discard"

    def test_only_its_owner_decides(self, held: House) -> None:
        other = add_user(held.database, 2)
        with pytest.raises(Problem) as caught:
            held.resolving.resolve(other, "order/again/fill-1/entry", "accept")
        assert caught.value.status == 404
        assert held.resolving.listed(other) == ()
