from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from optionix_core.errors import MissingDataError
from optionix_core.market.instruments import Instrument
from optionix_core.market.option_type import OptionType
from optionix_core.market.quote import Quote
from optionix_core.portfolio.expiry import settlement_price, settlement_value, settles_in_cash
from optionix_core.portfolio.flows import Flow
from optionix_core.portfolio.valuation import Mark, day_pnl, mark_of, value_position
from optionix_core.portfolio.values import Position

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
FRESH = timedelta(seconds=5)
HUNDRED = Decimal(100)


def _quote(bid, ask, age=0.0):
    return Quote("SPXW  260320C05000000", "test", NOW, NOW - timedelta(seconds=age), bid=bid, ask=ask)


def _instrument(**changes):
    terms = {
        "symbol": "SPXW  260320C05000000",
        "root": "SPXW",
        "underlying": "SPX",
        "expiry": date(2026, 3, 20),
        "expires_at": datetime(2026, 3, 20, 20, 0, tzinfo=UTC),
        "option_type": OptionType.CALL,
        "strike": Decimal(5000),
        "multiplier": HUNDRED,
        "currency": "USD",
        "exercise": "european",
        "settlement": "PM",
    }
    return Instrument(**{**terms, **changes})


def test_a_mark_is_the_exact_mid():
    assert mark_of(_quote(1.15, 1.20), NOW, FRESH, market_open=True).price == Decimal("1.175")
    assert mark_of(_quote(0.0, 0.05), NOW, FRESH, market_open=True).price == Decimal("0.025")


@pytest.mark.parametrize(
    ("bid", "ask", "age", "reason"),
    [
        (None, 1.0, 0, "no bid"),
        (1.0, None, 0, "no ask"),
        (1.2, 1.1, 0, "crossed quote"),
        (float("nan"), 1.1, 0, "no two-sided quote"),
        (0.0, 0.0, 0, "no two-sided quote"),
        (1.0, 1.1, 6, "stale: 6.0 s old"),
    ],
)
def test_what_is_no_mark_says_why(bid, ask, age, reason):
    mark = mark_of(_quote(bid, ask, age), NOW, FRESH, market_open=True)
    assert (mark.price, mark.reason) == (None, reason)


def test_while_the_market_is_closed_its_last_quote_stands():
    assert mark_of(_quote(1.0, 1.1, 36_000), NOW, FRESH, market_open=False).price == Decimal("1.05")


def test_a_position_is_worth_its_mark_less_its_cost():
    position = Position("paper-1", "X", Decimal(-3), Decimal(-450), Decimal(0), Decimal("1.95"), NOW)
    value = value_position(position, _instrument(), Mark(Decimal("1.05")), Flow(), Mark(Decimal("1.20")))
    assert (value.market_value, value.unrealised_pnl) == (Decimal(-315), Decimal(135))
    assert value.day_pnl == Decimal(45)  # short 3 x 100 from 1.20 to 1.05


def test_without_a_mark_nothing_is_told():
    position = Position("paper-1", "X", Decimal(1), Decimal(100), Decimal(0), Decimal(0), NOW)
    value = value_position(position, _instrument(), Mark(None, "no bid"), Flow(), None)
    assert (value.market_value, value.unrealised_pnl, value.day_pnl) == (None, None, None)
    assert value.day_reason == "no mark now"


def test_the_day_of_what_was_opened_today_needs_no_close():
    flow = Flow(Decimal(2), Decimal(210), Decimal("1.30"))
    assert day_pnl(Decimal(2), HUNDRED, Decimal(220), flow, None) == (Decimal("8.70"), None)


def test_the_day_of_what_was_held_at_the_close_needs_its_mark_then():
    flow = Flow(Decimal(-1), Decimal(-130), Decimal("0.65"))
    # held 3 at 1.20 (360), sold 1 for 130, left 2 at 1.25 (250): 250 + 130 - 360 - 0.65
    assert day_pnl(Decimal(2), HUNDRED, Decimal(250), flow, Mark(Decimal("1.20"))) == (Decimal("19.35"), None)
    nothing, reason = day_pnl(Decimal(2), HUNDRED, Decimal(250), flow, Mark(None, "no bid"))
    assert (nothing, reason) == (None, "no mark at the last close: no bid")


def test_settlement_rounds_its_price_once_and_pays_the_intrinsic_value():
    price = settlement_price(Quote("SPX", "test", NOW, last=5012.345))
    assert price == Decimal("5012.34")  # half to even
    assert settlement_value(_instrument(), Decimal(-2), price) == Decimal("-2468.00")
    put = _instrument(option_type=OptionType.PUT)
    assert settlement_value(put, Decimal(2), price) == 0
    with pytest.raises(MissingDataError, match="SPX has no price to settle at"):
        settlement_price(Quote("SPX", "test", NOW, bid=5000.0))


def test_only_european_options_in_cash_settle_by_themselves():
    assert settles_in_cash(_instrument())
    assert not settles_in_cash(_instrument(exercise="american"))
    assert not settles_in_cash(_instrument(root="AAPL", underlying="AAPL", exercise="european"))
