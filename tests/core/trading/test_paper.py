from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import IntegrityError, InvalidValueError
from optionix_core.market.instruments import Instrument
from optionix_core.market.option_type import OptionType
from optionix_core.market.quote import Quote
from optionix_core.sync.event import Record
from optionix_core.sync.memory import MemoryEventStore
from optionix_core.trading.fold import OrderFold
from optionix_core.trading.gate import touch
from optionix_core.trading.orders import Fill, OrderIntent, OrderState, Side
from optionix_core.trading.paper import PaperVenue, signed_cost
from optionix_core.trading.records import (
    OrderEnd,
    end_event,
    end_of,
    fill_event,
    fill_of,
    intent_event,
    intent_of,
    same_order,
)
from optionix_core.trading.venue import Venue

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
SYMBOL = "SPXW  260320C05000000"
INSTRUMENT = Instrument(
    SYMBOL,
    "SPXW",
    "SPX",
    date(2026, 3, 20),
    datetime(2026, 3, 20, 20, 0, tzinfo=UTC),
    OptionType.CALL,
    Decimal(5000),
    Decimal(100),
    "USD",
    "european",
    "PM",
)
TICKS = st.integers(1, 400)
SIDES = st.sampled_from(Side)


def _quote(bid=1.0, ask=1.1, size=10, made=NOW):
    return Quote(SYMBOL, "test", NOW, made, bid=bid, ask=ask, bid_size=size, ask_size=size)


def _intent(side=Side.BUY, quantity=1, limit=None, order_id="a"):
    return OrderIntent(order_id, "paper-1", side, quantity, SYMBOL, limit, NOW)


def test_the_paper_venue_is_a_venue():
    venue: Venue = PaperVenue()
    assert (venue.name, venue.fill_model) == ("local-sim", "touch-displayed-size")


@given(
    side=SIDES,
    bid=TICKS,
    spread=st.integers(0, 20),
    limit=st.none() | TICKS,
    quantity=st.integers(1, 50),
    size=st.integers(0, 40),
    taken=st.integers(0, 45),
)
@settings(max_examples=200, deadline=None)
def test_a_fill_is_at_the_touch_within_limit_and_size_whatever_comes(side, bid, spread, limit, quantity, size, taken):
    quote = _quote(bid / 20, (bid + spread) / 20, size)
    price = None if limit is None else Decimal(limit) / 20
    fills = PaperVenue(lambda _side, _quote: taken).execute(_intent(side, quantity, price), INSTRUMENT, quote, NOW)
    at = Decimal(bid + spread) / 20 if side is Side.BUY else Decimal(bid) / 20
    within = price is None or (at <= price if side is Side.BUY else at >= price)
    expected = min(quantity, max(0, size - taken)) if within else 0
    assert sum(fill.quantity for fill in fills) == expected
    for fill in fills:
        assert fill.price == at
        assert fill.fee == Decimal("0.65") * fill.quantity


def test_a_side_that_is_absent_or_shows_no_size_fills_nothing():
    venue = PaperVenue()
    for quote in (_quote(ask=None), _quote(ask=0.0), _quote(ask=float("nan")), _quote(size=0), _quote(size=None)):
        assert touch(quote, Side.BUY) is None
        assert venue.execute(_intent(), INSTRUMENT, quote, NOW) == ()


def test_a_quote_of_another_instrument_is_refused():
    other = Quote("SPXW  260320P05000000", "test", NOW, bid=1.0, ask=1.1, bid_size=1, ask_size=1)
    with pytest.raises(InvalidValueError, match="symbol must be SPXW"):
        PaperVenue().execute(_intent(), INSTRUMENT, other, NOW)


def test_cost_is_signed_by_the_side():
    assert signed_cost(Side.BUY, 2, Decimal("1.25"), Decimal(100)) == 250
    assert signed_cost(Side.SELL, 2, Decimal("1.25"), Decimal(100)) == -250


def _records(events) -> tuple[Record, ...]:
    with MemoryEventStore().writing("test") as log:
        return log.append(events)


def test_orders_survive_their_events():
    intent = _intent(Side.SELL, 3, Decimal("1.05"))
    fill = Fill("order/a/fill-1", "a", 2, Decimal("1.0"), Decimal("1.30"), "touch-displayed-size", NOW, _quote())
    end = OrderEnd(OrderState.CANCELLED, "1 left", ())
    assert intent_of(intent_event(intent)) == intent
    assert fill_of(fill_event(fill, intent)) == fill
    assert end_of(end_event(intent, end, NOW)) == end
    with pytest.raises(IntegrityError, match="ends no order"):
        end_of(intent_event(intent))


def test_two_intents_are_one_order_when_they_ask_for_the_same():
    assert same_order(_intent(), _intent())
    assert not same_order(_intent(), _intent(quantity=2))
    assert not same_order(_intent(limit=Decimal(1)), _intent())


def test_the_fold_knows_open_orders_and_what_was_taken_from_the_present_quote():
    intent, later = _intent(), NOW.replace(second=1)
    fills = [
        Fill(f"order/a/fill-{n}", "a", n, Decimal("1.1"), Decimal(0), "m", NOW, _quote(made=made))
        for n, made in ((1, NOW), (2, NOW), (3, later))
    ]
    records = _records(
        [
            intent_event(intent),
            *(fill_event(fill, intent) for fill in fills),
            end_event(intent, OrderEnd(OrderState.FILLED, None, ()), NOW),
        ]
    )
    fold = OrderFold()
    fold.apply(records[0])
    assert fold.open_orders() == ("a",)
    fold.apply(records[1])
    fold.apply(records[2])
    assert fold.already_taken(Side.BUY, _quote()) == 3
    assert fold.already_taken(Side.SELL, _quote()) == 0
    fold.apply(records[3])
    assert fold.already_taken(Side.BUY, _quote(made=later)) == 3
    fold.apply(records[4])
    assert fold.open_orders() == ()
    assert OrderFold.of_state(fold.state()).state() == fold.state()
