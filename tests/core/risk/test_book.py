"""A book that lacks something says what, and one that contradicts itself says where."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.market.curves import DiscountCurve, ForwardCurve
from optionix_core.market.option_type import OptionType
from optionix_core.market.snapshot import Market
from optionix_core.pricing.contracts import CashOrNothingOption
from optionix_core.pricing.dividends import CashDividends
from optionix_core.risk.book import Position, PositionKind, RiskBook

NOON = datetime(2026, 1, 5, 17, tzinfo=UTC)
FORWARDS = ForwardCurve(np.array([1.0]), np.array([102.0]), 100.0)
MARKET = Market(
    as_of=NOON,
    spots={"ORBIT": 100.0},
    discount_curves={"USD": DiscountCurve.flat(0.03)},
    forward_curves={"ORBIT": FORWARDS},
)


def option(**changes: object) -> Position:
    terms: dict[str, object] = {
        "id": "O1",
        "underlying": "ORBIT",
        "quantity": -2.0,
        "multiplier": 100.0,
        "kind": PositionKind.EUROPEAN,
        "option_type": "put",
        "strike": 95.0,
        "expiry": NOON + timedelta(days=73),
        "volatility": 0.2,
    }
    return Position(**(terms | changes))  # type: ignore[arg-type]


def book(*positions: Position, **changes: object) -> RiskBook:
    terms: dict[str, object] = {"market": MARKET, "currencies": {"ORBIT": "USD"}, "reporting_currency": "USD"}
    return RiskBook(positions=positions, **(terms | changes))  # type: ignore[arg-type]


def test_time_to_expiry_is_calendar_time_over_365_days() -> None:
    held = book(option())
    assert held.years(held.positions[0]) == pytest.approx(0.2, abs=1e-15)


def test_units_are_signed_quantity_times_multiplier() -> None:
    assert option().units == -200.0
    assert option().option_type is OptionType.PUT


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quantity": np.nan}, "quantity of position O1 must be finite"),
        ({"multiplier": 0.0}, "multiplier of position O1 must be positive"),
        ({"strike": -1.0}, "strike of position O1 must be positive"),
        ({"volatility": 0.0}, "volatility of position O1 must be positive"),
        ({"expiry": datetime(2026, 3, 1)}, "expiry of position O1 must be aware"),  # noqa: DTZ001
        ({"strike": None}, "terms of position O1 must be type, strike and expiry"),
        ({"kind": "exotic"}, "contract of position O1 must be given"),
        ({"price": -0.5}, "price of position O1 must be zero or more"),
        ({"id": ""}, "id must be not empty"),
        ({"underlying": ""}, "underlying of position O1 must be not empty"),
    ],
)
def test_a_faulty_position_is_named_with_field_and_bound(changes: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidValueError, match=words):
        option(**changes)


def test_rate_and_yield_come_from_the_snapshot() -> None:
    held = book(option())
    assert held.rate("ORBIT", 0.5) == pytest.approx(0.03, abs=1e-15)
    # forward 102 for spot 100 in one year: growth ln 1.02, yield 3% less that
    assert held.dividend_yield("ORBIT", 0.5) == pytest.approx(0.03 - np.log(1.02), abs=1e-14)


def test_a_stated_yield_stands_before_that_of_the_forwards() -> None:
    assert book(option(), dividend_yields={"ORBIT": 0.01}).dividend_yield("ORBIT", 0.5) == 0.01


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"currencies": {}}, "no currency is known for ORBIT"),
        ({"reporting_currency": "EUR"}, "no exchange rate from USD to EUR"),
        ({"market": MARKET.updated(NOON), "currencies": {"ORBIT": "EUR"}, "exchange_rates": {"EUR": 1.1}}, "curve"),
        ({"dividends": {"ORBIT": CashDividends((0.1,), (1.0,))}}, "ORBIT has discrete dividends and no dividend yield"),
        ({"market": Market(as_of=NOON, discount_curves={"USD": DiscountCurve.flat(0.0)})}, "no spot for ORBIT"),
        (
            {"market": Market(as_of=NOON, spots={"ORBIT": 1.0}, discount_curves={"USD": DiscountCurve.flat(0.0)})},
            "ORBIT has no dividend yield and no forward curve",
        ),
    ],
)
def test_what_the_market_lacks_is_an_error_that_names_it(changes: dict[str, object], words: str) -> None:
    with pytest.raises(MissingDataError, match=words):
        book(option(), **changes)


def test_an_option_without_volatility_needs_a_surface() -> None:
    with pytest.raises(MissingDataError, match="no volatility surface for ORBIT"):
        book(option(volatility=None))


def test_an_underlying_needs_its_spot_alone() -> None:
    stock = Position(id="S", underlying="ORBIT", quantity=1.0, kind=PositionKind.UNDERLYING)
    held = book(stock, market=Market(as_of=NOON, spots={"ORBIT": 100.0}))
    assert held.years(held.position("S")) == np.inf


def test_ids_are_unique_and_found() -> None:
    with pytest.raises(InvalidValueError, match="id of a position must be unique"):
        book(option(), option(strike=90.0))
    with pytest.raises(UnknownNameError, match="unknown position 'X'"):
        book(option()).position("X")


def test_an_option_that_has_expired_is_no_part_of_a_book() -> None:
    with pytest.raises(InvalidValueError, match="expiry of position O1 must be after the book's moment"):
        book(option(expiry=NOON))


def test_the_reporting_currency_is_worth_one() -> None:
    with pytest.raises(InvalidValueError, match="exchange rate of USD"):
        book(option(), exchange_rates={"USD": 1.01})
    with pytest.raises(InvalidValueError, match="exchange rate of EUR must be positive"):
        book(option(), exchange_rates={"EUR": 0.0})


def test_an_exotic_counts_its_contract_s_own_years() -> None:
    digital = CashOrNothingOption(expiry=0.25, option_type="call", strike=100.0)
    held = book(Position(id="D", underlying="ORBIT", quantity=1.0, kind=PositionKind.EXOTIC, contract=digital))
    assert held.years(held.positions[0]) == 0.25
