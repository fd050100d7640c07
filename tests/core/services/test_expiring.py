"""The preview of the next expiry and the calendar: what is said of each position, and where nothing can be said."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from optionix_core.feeds.simulated import SimulatedFeed
from optionix_core.market.clock import ManualClock
from optionix_core.services import expiring, trading

pytestmark = pytest.mark.usefixtures("own_markets")

MOMENT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
NEAR, FAR = "ORBIT 261120C00200000", "ORBIT 261218C00215000"


@pytest.fixture
def desk(workspace_on):
    return workspace_on(feed=SimulatedFeed(), clock=ManualClock(MOMENT))


def test_the_next_expiry_takes_the_price_of_now_and_leaves_later_ones_out(desk):
    for symbol in (NEAR, FAR):
        assert trading.submit(desk, "buy", 1, symbol).fills
    head = desk.store.head()
    told = expiring.next_expiry(desk)
    (one,) = told.positions
    assert (one.instrument.symbol, told.expires_at) == (NEAR, desk.feed.instrument(NEAR).expires_at)
    spot = Decimal(str(desk.feed.spot("ORBIT", MOMENT).last)).quantize(Decimal("0.01"))
    assert one.cash == (spot - 200) * 100
    assert (one.fate.act, one.fate.contracts, one.shares) == ("exercise", 1, 0)
    assert desk.store.head() == head


def test_nothing_that_is_held_is_nothing_that_expires(desk):
    assert expiring.next_expiry(desk).expires_at is None
    assert expiring.calendar(desk).entries == ()


def test_the_calendar_is_in_order_of_time(desk):
    for symbol in (FAR, NEAR):
        assert trading.submit(desk, "buy", 1, symbol).fills
    told = expiring.calendar(desk)
    assert [entry.symbol for entry in told.entries] == [NEAR, FAR]
    assert told.entries[1].probability is not None
    assert told.advice == {}  # European options are not exercised early


def test_a_feed_without_chains_leaves_the_chance_out_with_the_reason(workspace):
    trading.submit(workspace, "buy", 1, "TESTI 260320C00100000")
    told = expiring.calendar(workspace)
    assert told.entries[0].probability is None
    assert told.reasons == {"TESTI 260320C00100000": "the steady feed has no chains"}
