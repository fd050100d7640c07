"""Views of accounts on their own markets: feeds are shared, few stay open, and a view never writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import pytest

from optionix_core.errors import ReadOnlyError
from optionix_core.feeds.simulated.venue import SimulatedFeed
from optionix_core.market.clock import ManualClock
from optionix_core.portfolio.venue_market import VenueMarket
from server.books import ServerBooks
from server.parts import AccountRef
from server.views import Views, simulated
from tests.server.sync.conftest import START, add_user
from tests.server.sync.simulated import SignedBy

if TYPE_CHECKING:
    from pathlib import Path

    from optionix_core.services.workspace import Workspace
    from tests.server.conftest import Backend

MARKETS = [VenueMarket(seed, "continuous") for seed in range(4)]


def ref(number: int, market: VenueMarket | None = None) -> AccountRef:
    return AccountRef(UUID(int=number), "sim-1", UUID(int=1), "local-sim", "read", market)


def views(**most: int) -> tuple[Views, list[VenueMarket], list[AccountRef]]:
    opened: list[VenueMarket] = []
    made: list[AccountRef] = []

    def feed(market: VenueMarket) -> Any:
        opened.append(market)
        return object()

    def workspace(account: AccountRef, feed: Any) -> Workspace:
        made.append(account)
        return cast("Workspace", (account, feed))

    return Views(feed, workspace, **most), opened, made


def test_accounts_of_one_market_share_its_feed() -> None:
    found, opened, made = views()
    first, second = (cast("Any", found.workspace(ref(number), MARKETS[0])) for number in (1, 2))
    assert first[1] is second[1]
    assert found.workspace(ref(1), MARKETS[0]) is first
    assert (opened, len(made)) == ([MARKETS[0]], 2)


def test_the_market_that_was_used_longest_ago_goes_with_its_views() -> None:
    found, opened, made = views(markets=2)
    for number in (0, 1, 0, 2):  # 1 goes
        found.workspace(ref(number), MARKETS[number])
    assert list(found.markets()) == [MARKETS[0], MARKETS[2]]
    found.workspace(ref(0), MARKETS[0])
    assert len(made) == 3
    found.workspace(ref(1), MARKETS[1])
    assert (len(made), opened[-1]) == (4, MARKETS[1])


def test_few_views_stay_open() -> None:
    found, opened, made = views(views=2)
    for number in (1, 2, 3, 3, 2, 1):
        found.workspace(ref(number), MARKETS[0])
    assert [one.stream_id.int for one in made] == [1, 2, 3, 1]
    assert opened == [MARKETS[0]]


def test_a_market_is_opened_by_its_seed_and_session() -> None:
    feed = simulated(VenueMarket(7, "exchange"))
    assert isinstance(feed, SimulatedFeed)
    assert (feed.seed, feed.session) == (7, "exchange")


def test_a_view_is_not_written_through(sqlite_backend: Backend, tmp_path: Path) -> None:
    database = sqlite_backend.open()
    add_user(database, 1)
    keys: Any = SignedBy()
    books = ServerBooks(database, keys, ManualClock(START), tmp_path, lambda: SimulatedFeed(20))
    account = AccountRef(books.own_stream(UUID(int=1)), "sim-1", UUID(int=1), "local-sim", "read", MARKETS[1])
    seen = books.viewed(account)
    assert (seen.venue, seen.home.read_only) == ("local-sim", True)
    with pytest.raises(ReadOnlyError), seen.store.writing("an order"):
        raise AssertionError("the lock was given")
    with books.workspace(account).store.writing("a halt") as writer:  # what the server says about it still goes
        assert writer.head().seq == 0
    unknown = AccountRef(account.stream_id, "sim-1", account.owner_id, "local-sim", "read")
    assert books.viewed(unknown) is books.workspace(unknown)
    books.close()
    database.close()
