"""A home that follows a server is traded on as any other; accounts of the server's venue are read and not acted on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from optionix_core.errors import RefusedError
from optionix_core.market import osi
from optionix_core.market.clock import ManualClock
from optionix_core.portfolio.ledger import account_opened_event, entry_event, opening_entry
from optionix_core.services import account_standing, book, kill, lifecycle, orders, syncing, trading
from optionix_core.services.home import HomeFolders
from optionix_core.services.workspace import Workspace
from optionix_core.storage.merged_store import MergedEventStore
from optionix_core.sync.event import Event
from optionix_core.trading.account_standing import AccountStatus
from optionix_core.trading.orders import Side, TimeInForce
from optionix_core.trading.records import intent_event
from optionix_core.trading.terms import OrderTerms, intent_of_terms
from optionix_core.trading.working_records import NOTHING, Accepted, accepted_event
from tests.core.storage.test_merged_contract import pull, pulled

NOW = datetime(2026, 1, 16, 15, 30, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(HomeFolders.of(tmp_path), clock=ManualClock(NOW)) as opened:
        syncing.bind(opened, "https://server", "user")
        yield opened


def a_call(workspace: Workspace) -> str:
    part = workspace.feed.chain("ORBIT", NOW).slices[3]
    return osi.format(part.root, part.expiry, "call", Decimal(str(part.strikes[len(part.strikes) // 2])))


def merged(workspace: Workspace) -> MergedEventStore:
    assert isinstance(workspace.store, MergedEventStore)
    return workspace.store


def of_the_server(workspace: Workspace) -> None:
    """The server's account with an order that works there."""
    terms = OrderTerms(Side.BUY, 1, a_call(workspace), Decimal("0.05"), TimeInForce.GTC)
    intent = intent_of_terms(terms, "srv-1", "server-order", NOW)
    events: list[Event] = [
        account_opened_event("srv-1", "server-paper", "USD", NOW),
        entry_event(opening_entry("srv-1", "USD", Decimal(100_000), NOW)),
        intent_event(intent),
        accepted_event(intent, Accepted(NOTHING, ()), NOW),
    ]
    start = merged(workspace).sync_state().remote.seq
    pull(merged(workspace), *(pulled(start + place, event) for place, event in enumerate(events, 1)))


def test_orders_are_placed_before_and_after_a_pull(workspace: Workspace) -> None:
    symbol = a_call(workspace)
    first = trading.submit(workspace, "buy", 1, symbol, client_order_id="one")
    assert first.fills
    of_the_server(workspace)
    assert trading.submit(workspace, "buy", 1, symbol, client_order_id="one").replayed
    assert trading.submit(workspace, "buy", 2, symbol, client_order_id="two").fills
    state = book.account(workspace).state
    assert [position.quantity for position in state.positions] == [3]
    assert workspace.store.verify().events == workspace.store.head().seq


def test_an_account_of_the_servers_venue_is_not_acted_on(workspace: Workspace) -> None:
    of_the_server(workspace)
    before = workspace.store.head()
    with Workspace(workspace.home, clock=workspace.clock, account="srv-1") as there:
        with pytest.raises(RefusedError, match="bound to server-paper") as caught:
            trading.submit(there, "buy", 1, a_call(workspace))
        assert (caught.value.rule, caught.value.exit_code) == ("account-venue", 5)
        preview = trading.preview(there, "buy", 1, a_call(workspace))
        refused = [(check.rule, check.detail) for check in preview.checks if not check.passed]
        assert refused == [("account-state", "srv-1 is close-only: no lease, which server-paper needs")]
        with pytest.raises(RefusedError, match="bound to server-paper"):
            orders.cancel(there, "server-order")
    workspace.clock.advance(timedelta(days=400))  # type: ignore[attr-defined] # a ManualClock
    lifecycle.bring_up_to_date(workspace)
    assert workspace.store.head() == before
    kill.arm(workspace, "user", "a drill")
    killed = kill.fire(workspace, "user", "a drill")
    assert killed.held == ()
    assert [order.intent.client_order_id for order in workspace.desk.orders.orders()] == ["server-order"]


def test_what_is_priced_is_kept(workspace: Workspace) -> None:
    with workspace.store.writing("price") as writer:
        writer.keep_priced(  # type: ignore[attr-defined] # of the store on disk
            [{"id": "1", "time": "t", "contract": "c", "model": "m", "document": "{}"}]
        )
    assert [row["id"] for row in merged(workspace).priced(5)] == ["1"]


def test_the_state_of_an_account_is_told_wherever_it_trades(workspace: Workspace) -> None:
    of_the_server(workspace)
    with Workspace(workspace.home, clock=workspace.clock, account="srv-1") as there:
        report = account_standing.set_state(there, AccountStatus.BLOCKED, by="officer", reason="a check")
    assert (report.status, report.ended) == (AccountStatus.BLOCKED, ())


def test_orders_of_two_venues_never_meet(workspace: Workspace) -> None:
    of_the_server(workspace)  # buys at 0.05
    trading.submit(workspace, "buy", 1, a_call(workspace))
    terms = OrderTerms(Side.SELL, 1, a_call(workspace), Decimal("0.05"), TimeInForce.GTC)
    sold = trading.place(workspace, terms)
    assert sold.fills
    assert sold.fills[0].against is None
    assert "server-order" in workspace.desk.orders.open_orders()
