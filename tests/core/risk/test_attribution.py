"""Profit and loss explained: the parts sum to the change, and each is what its name says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError, MissingDataError, UnknownNameError
from optionix_core.pricing import black_scholes
from optionix_core.pricing.contracts import CashOrNothingOption
from optionix_core.pricing.dividends import CashDividends
from optionix_core.risk.attribution import explain
from optionix_core.risk.book import Position, PositionKind, RiskBook
from optionix_core.risk.explained import ACCOUNT, TERMS, CashMove, GreeksOf, Settled, Trade, gross_moves

from .books import NOON, Smile, book, market, option, share

HELD = (
    option("p95"),
    option("p100", strike=100.0, quantity=-1.0),
    option("c105", option_type="call", strike=105.0, quantity=3.0),
    option("a90", "american", strike=90.0, quantity=5.0),
    option("d50", underlying="DELTA", strike=50.0, quantity=4.0, expiry=NOON + timedelta(days=146)),
    share(),
)


def later(
    held: RiskBook, days: float = 1.0, spot: float = 100.0, level: float = 0.2, skew: float = -0.1, **changes: Any
) -> RiskBook:
    moment = NOON + timedelta(days=days)
    surfaces = {"ORBIT": Smile(spot, level, skew), "DELTA": Smile(50.0, 0.3)}
    rate = changes.pop("rate", 0.03)
    return replace(held, market=market(moment, spot, rate=rate, surfaces=surfaces), **changes)


@given(
    st.floats(85.0, 115.0),
    st.floats(0.12, 0.35),
    st.floats(-0.2, 0.0),
    st.floats(0.0, 10.0),
    st.floats(0.0, 0.06),
    st.sampled_from(list(GreeksOf)),
)
@settings(max_examples=40, deadline=None)
def test_the_parts_sum_to_the_change_of_value(
    spot: float, level: float, skew: float, days: float, rate: float, greeks: GreeksOf
) -> None:
    first = book(*HELD)
    last = later(first, days, spot, level, skew, rate=rate, exchange_rates={"EUR": 1.2})
    found = explain(first, last, greeks=greeks, accuracy="fast")
    from optionix_core.risk.greeks import book_greeks

    change = book_greeks(last, accuracy="fast").total().value - book_greeks(first, accuracy="fast").total().value
    total = found.total()
    assert total["actual"] == pytest.approx(change, abs=1e-6)
    assert sum(total[name] for name in TERMS) + total["residual"] == pytest.approx(total["actual"], abs=1e-9)
    for parts in (found.by_position(), found.by_underlying()):
        for name in (*TERMS, "residual", "actual"):
            assert sum(one[name] for one in parts.values()) == pytest.approx(total[name], rel=1e-9, abs=1e-7)


@given(st.floats(90.0, 110.0), st.floats(0.14, 0.30), st.floats(0.1, 20.0))
@settings(max_examples=30, deadline=None)
def test_averaged_greeks_leave_almost_no_residual_of_european_options(spot: float, level: float, days: float) -> None:
    first = book(*(one for one in HELD if one.kind is not PositionKind.AMERICAN))
    found = explain(first, later(first, days, spot, level))
    for parts in found.by_position().values():
        assert abs(parts["residual"]) <= 1e-5 * gross_moves(parts) + 1e-9


def test_an_american_option_far_from_exercise_is_explained_as_well() -> None:
    first = book(option("a", "american", option_type="call", strike=102.0))
    parts = explain(first, later(first, 3.0, 97.0, 0.25)).total()
    assert abs(parts["residual"]) < 1e-3 * gross_moves(parts)


def test_a_small_move_is_the_textbook_expansion() -> None:
    first = book(option("x", quantity=1.0, multiplier=1.0, volatility=0.2))
    last = later(first, 0.25, 100.4)
    last = last.with_positions((option("x", quantity=1.0, multiplier=1.0, volatility=0.203),))
    years = 73 / 365
    greeks = black_scholes.greeks("put", 100.0, 95.0, years, 0.03, 0.03 - np.log(1.02), 0.2)
    found = explain(first, last).total()
    vega = sum(found[name] for name in TERMS if name.startswith("vega"))
    assert found["delta"] == pytest.approx(greeks.delta * 0.4, rel=1e-12)
    assert vega == pytest.approx(greeks.vega * 0.003, rel=1e-12)
    assert found["gamma"] == pytest.approx(0.5 * greeks.gamma * 0.4**2, rel=0.02)
    assert found["volga"] == pytest.approx(0.5 * greeks.volga * 0.003**2, rel=0.05)
    assert found["vanna"] == pytest.approx(greeks.vanna * 0.4 * 0.003, rel=0.05)
    assert found["theta"] + found["carry"] == pytest.approx(greeks.theta * 0.25 / 365, rel=0.02)
    # Black-Scholes-Merton equation: theta less carry is -sigma^2 S^2 gamma / 2.
    assert found["theta"] == pytest.approx(-0.5 * 0.2**2 * 100.0**2 * greeks.gamma * 0.25 / 365, rel=0.03)


def test_a_move_of_rates_is_rho_and_of_forwards_dividend() -> None:
    first = book(option("x", volatility=0.2))
    # The forward curve stays as it was, so that a higher rate is a higher yield too.
    found = explain(first, later(first, 0.0, rate=0.04)).total()
    assert found["rho"] != 0.0
    assert found["dividend"] != 0.0
    assert found["delta"] == found["gamma"] == found["theta"] == 0.0
    assert abs(found["residual"]) < 1e-9


def test_level_skew_and_curvature_of_the_smile_are_told_apart() -> None:
    first = book(*(option(f"k{k}", strike=float(k)) for k in (85, 90, 95, 100, 105, 110)))
    flat = explain(first, later(first, 0.0, level=0.22)).total()
    tilted = explain(first, later(first, 0.0, skew=-0.2)).total()
    # Two points at every strike are a move of level and nothing else.
    assert abs(flat["vega_level"]) > 1e6 * max(abs(flat[f"vega_{name}"]) for name in ("skew", "curvature", "other"))
    # A steeper slope in ln(K / F) turns about the strike of 100, a little below the forward of 100.4.
    assert abs(tilted["vega_skew"]) > 20 * abs(tilted["vega_curvature"])
    assert abs(tilted["vega_other"]) < 1e-9


def test_without_surfaces_the_strikes_that_are_held_tell_the_smile() -> None:
    surfaceless = market(surfaces={})
    strikes = (85.0, 95.0, 105.0, 115.0)
    first = book(*(option(f"k{k:g}", strike=k, volatility=0.2) for k in strikes), market=surfaceless)
    last = first.with_positions(tuple(option(f"k{k:g}", strike=k, volatility=0.21) for k in strikes))
    found = explain(first, last).total()
    assert found["vega_level"] < 0.0
    assert abs(found["vega_other"]) + abs(found["vega_skew"]) + abs(found["vega_curvature"]) < 1e-9


def test_trades_count_from_their_price_to_the_end_and_fees_beside() -> None:
    first = book(option("x", quantity=-2.0), share())
    last = later(first, 1.0, 101.0)
    last = last.with_positions((option("x", quantity=-3.0), share(quantity=0.0), option("y", quantity=1.0)))
    trades = (
        Trade(position="x", quantity=-1.0, price=2.0, fees=1.5),
        Trade(position="shares", quantity=-100.0, price=100.5),
        Trade(position="y", quantity=1.0, price=1.0),
    )
    found = explain(first, last, trades).by_position()
    # Shares: 100 held from 100 to 101, sold at 100.5.
    assert found["shares"]["delta"] == pytest.approx(100.0)
    assert found["shares"]["new_trades"] == pytest.approx(-50.0)
    assert found["shares"]["actual"] == pytest.approx(50.0)
    assert found["x"]["fees"] == -1.5
    assert found["y"]["delta"] == 0.0
    assert found["y"]["new_trades"] == found["y"]["actual"]


def test_trades_that_do_not_lead_to_the_second_book_are_refused() -> None:
    first = book(option("x", quantity=-2.0))
    with pytest.raises(InvalidValueError, match=r"quantity of position x must be -2, by its trades \(got -3"):
        explain(first, first.with_positions((option("x", quantity=-3.0),)))
    with pytest.raises(MissingDataError, match="position x is not in the second book and not settled"):
        explain(first, first.with_positions(()))
    with pytest.raises(InvalidValueError, match="strike of position x in the second book"):
        explain(first, first.with_positions((option("x", strike=96.0),)))
    with pytest.raises(UnknownNameError, match="position of a trade"):
        explain(first, first, (Trade(position="z", quantity=1.0, price=1.0),))
    with pytest.raises(InvalidValueError, match="moment of the second book"):
        explain(later(first), first)


def test_cash_without_a_position_has_a_row_of_its_own() -> None:
    first = book(share())
    cash = (
        CashMove(kind="dividend", amount=70.0, position="shares"),
        CashMove(kind="carry", amount=-3.0),
        CashMove(kind="fees", amount=-1.0),
    )
    found = explain(first, later(first, 1.0, 99.0), cash=cash)
    assert found.ids == ("shares", ACCOUNT)
    assert found.by_position()["shares"]["dividend"] == 70.0
    assert found.by_underlying()[ACCOUNT]["actual"] == -4.0
    assert found.total()["actual"] == pytest.approx(-100.0 + 70.0 - 4.0)


def test_a_currency_explains_the_worth_that_was_held() -> None:
    first = book(share("d", "DELTA", 10.0))
    found = explain(first, replace(first, exchange_rates={"EUR": 1.3})).total()
    assert found["currency"] == pytest.approx(10 * 50 * 0.2)
    assert found["residual"] == pytest.approx(0.0, abs=1e-12)


def test_an_expired_option_is_explained_up_to_its_settlement() -> None:
    first = book(option("x", quantity=-1.0, expiry=NOON + timedelta(days=2)))
    last = later(book(), 3.0, 90.0)
    found = explain(first, last, settled={"x": Settled(value=4.0, spot=91.0)}).total()
    assert found["actual"] == pytest.approx(-100.0 * (4.0 - price_of(first)), rel=1e-9)
    assert found["delta"] < 0.0
    assert found["gamma"] < 0.0
    assert abs(found["residual"]) < 0.05 * gross_moves(found)


def price_of(held: RiskBook) -> float:
    from optionix_core.risk.greeks import book_greeks

    return book_greeks(held).value[0] / held.positions[0].units


def test_a_dividend_that_goes_off_gives_back_what_the_fall_of_the_spot_took() -> None:
    terms: dict[str, Any] = {"dividend_yields": {"ORBIT": 0.0, "DELTA": 0.0}}
    call = option("c", option_type="call", strike=100.0, quantity=1.0, multiplier=1.0, volatility=0.2)
    first = book(call, **terms, dividends={"ORBIT": CashDividends((1.5 / 365,), (2.0,))})
    last = later(first, 3.0, 98.0)
    last = replace(last, dividends={})
    found = explain(first, last).total()
    # The spot falls by the dividend, which the option did not lose: its forward was without it all along.
    assert found["delta"] < -0.8
    assert found["dividend"] == pytest.approx(-found["delta"], rel=0.1)
    assert abs(found["residual"]) < 1e-6 * gross_moves(found)


def test_an_exotic_is_explained_by_its_greeks_at_the_start() -> None:
    def digital(years: float, volatility: float) -> Position:
        contract = CashOrNothingOption(option_type="call", strike=100.0, expiry=years, cash=100.0)
        return Position(
            id="x", underlying="ORBIT", quantity=1.0, kind=PositionKind.EXOTIC, contract=contract, volatility=volatility
        )

    first = book(digital(0.2, 0.2))
    last = later(first, 1.0, 100.5).with_positions((digital(0.2 - 1 / 365, 0.205),))
    found = explain(first, last).total()
    assert found["delta"] > 0.0
    assert abs(found["residual"]) < 0.02 * gross_moves(found)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"price": -1.0}, "price of a trade in x must be zero or more"), ({"quantity": float("inf")}, "must be finite")],
)
def test_a_faulty_trade_is_refused(changes: dict[str, float], words: str) -> None:
    with pytest.raises(InvalidValueError, match=words):
        Trade(**({"position": "x", "quantity": 1.0, "price": 1.0} | changes))
