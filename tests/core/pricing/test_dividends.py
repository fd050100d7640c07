"""Discrete dividends: the net spot, Greeks in the full spot, and what schedules are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import CashDividends, ProportionalDividends, black_scholes

OPTION = (100.0, 105.0, 0.75, 0.04, 0.01, 0.3)
CASH = CashDividends((0.1, 0.6, 0.9), (2.0, 1.5, 50.0))
"""The last is paid after expiry."""
SHARES = ProportionalDividends((0.1, 0.6, 0.9), (0.02, 0.03, 0.5))


def value(sign: int, kind: str, price: Any, *point: mp.mpf) -> mp.mpf:
    """The price as a function of spot, strike, elapsed time, rate, yield and volatility, by the definition."""
    spot, strike, elapsed, rate, dividend_yield, volatility = point
    payments = [(mp.mpf(0.1), 2.0, 0.02), (mp.mpf(0.6), 1.5, 0.03)]
    if kind == "cash":
        spot -= sum(mp.mpf(a) * mp.exp(-(rate - dividend_yield) * (t - elapsed)) for t, a, _ in payments)
    else:
        for _, _, fraction in payments:
            spot *= 1 - mp.mpf(fraction)
    return price(sign, spot, strike, mp.mpf(0.75) - elapsed, rate, dividend_yield, volatility)


ORDERS = {
    "delta": (1, 0, 0, 0, 0, 0),
    "gamma": (2, 0, 0, 0, 0, 0),
    "vega": (0, 0, 0, 0, 0, 1),
    "theta": (0, 0, 1, 0, 0, 0),
    "rho": (0, 0, 0, 1, 0, 0),
    "epsilon": (0, 0, 0, 0, 1, 0),
    "vanna": (1, 0, 0, 0, 0, 1),
    "charm": (1, 0, 1, 0, 0, 0),
    "veta": (0, 0, 1, 0, 0, 1),
    "speed": (3, 0, 0, 0, 0, 0),
    "zomma": (2, 0, 0, 0, 0, 1),
    "color": (2, 0, 1, 0, 0, 0),
    "ultima": (0, 0, 0, 0, 0, 3),
    "dual_delta": (0, 1, 0, 0, 0, 0),
}


@pytest.mark.parametrize(("kind", "dividends"), [("cash", CASH), ("proportional", SHARES)])
@pytest.mark.parametrize("sign", [1, -1])
def test_greeks_are_derivatives_in_the_full_spot(
    sign: int, kind: str, dividends: Any, reference_price: Callable[..., mp.mpf]
) -> None:
    greeks = black_scholes.greeks(sign, *OPTION, dividends=dividends)
    columns = black_scholes.greeks([sign], *OPTION, dividends=dividends)
    spot, strike, _, rate, dividend_yield, volatility = OPTION
    start = tuple(mp.mpf(number) for number in (spot, strike, 0.0, rate, dividend_yield, volatility))
    assert greeks.price == pytest.approx(float(value(sign, kind, reference_price, *start)), rel=1e-13)
    for name, orders in ORDERS.items():
        exact = mp.diff(lambda *point: value(sign, kind, reference_price, *point), start, orders)
        assert getattr(greeks, name) == pytest.approx(float(exact), rel=1e-11), name
        assert getattr(columns, name)[0] == pytest.approx(float(exact), rel=1e-11), name


def test_a_pair_means_cash() -> None:
    pair = (CASH.times, CASH.amounts)
    assert black_scholes.price("put", *OPTION, dividends=pair) == black_scholes.price("put", *OPTION, dividends=CASH)
    spots = np.array([90.0, 100.0])
    as_arrays = (np.array(CASH.times), np.array(CASH.amounts))
    columns = black_scholes.price("put", spots, *OPTION[1:], dividends=as_arrays)
    assert columns[1] == pytest.approx(black_scholes.price("put", *OPTION, dividends=CASH), rel=4e-16)


def test_payments_after_expiry_do_not_matter() -> None:
    late = CashDividends((OPTION[2] + 1e-9,), (50.0,))
    assert black_scholes.price("call", *OPTION, dividends=late) == black_scholes.price("call", *OPTION)
    on_expiry = CashDividends((OPTION[2],), (50.0,))
    assert black_scholes.price("call", *OPTION, dividends=on_expiry) < black_scholes.price("call", *OPTION)


def test_a_spot_that_its_dividends_exceed_is_refused() -> None:
    large = CashDividends((0.5,), (60.0,))
    with pytest.raises(InvalidValueError, match=r"spot must be above the present value .* \(got 50.0\)"):
        black_scholes.price("call", 50.0, *OPTION[1:], dividends=large)
    with pytest.raises(InvalidValueError, match=r"spot must be above the present value .* \(got 50.0 at row 1\)"):
        black_scholes.greeks("call", [100.0, 50.0], *OPTION[1:], dividends=large)
    checked = black_scholes.greeks("call", [100.0, 50.0], *OPTION[1:], dividends=large, errors="nan")
    assert checked.status.tolist() == [0, 8]
    assert np.isnan(checked.value.delta).tolist() == [False, True]


@pytest.mark.parametrize(
    ("dividends", "message"),
    [
        (CashDividends((0.1,), (1.0, 2.0)), "as many times as amounts"),
        (CashDividends((0.0,), (1.0,)), "dividends.times must be positive and finite"),
        (
            CashDividends((0.1, 0.2), (1.0, -2.0)),
            r"dividends.amounts must be zero or more and finite \(got -2.0 at row 1",
        ),
        (ProportionalDividends((0.1,), (1.0,)), "dividends.fractions must be at least 0 and below 1"),
        (((0.1,), ("much",)), "dividends.amounts must be a sequence of numbers"),
        (((0.1,),), "dividends must be a pair"),
    ],
)
def test_a_malformed_schedule_is_refused(dividends: Any, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        black_scholes.price("call", *OPTION, dividends=dividends)


@pytest.mark.parametrize(
    "paid", [CashDividends((0.2, 0.6, 1.4), (1.0, 2.0, 30.0)), ProportionalDividends((0.3,), (0.1,))]
)
def test_array_prices_are_those_of_scalar_calls_row_by_row(paid: Any) -> None:
    draw = np.random.default_rng(5).uniform
    rows = 700
    market = (draw(50, 150, rows), draw(60, 160, rows), draw(0.0, 2.0, rows), draw(-0.02, 0.1, rows), 0.01, 0.3)
    signs = np.where(np.arange(rows) % 2 == 0, 1, -1)
    together = black_scholes.price(signs, *market, dividends=paid)
    greeks = black_scholes.greeks(signs, *market, names=("delta",), dividends=paid)
    for row in range(rows):
        option = (int(signs[row]), *(float(column[row]) for column in market[:4]), 0.01, 0.3)
        alone = black_scholes.price(*option, dividends=paid)
        assert together[row] == pytest.approx(alone, abs=1e-14 * max(option[1], option[2])), option
    assert together == pytest.approx(greeks.price, abs=1e-12)


def test_a_row_of_many_whose_dividends_exceed_its_spot_is_named() -> None:
    spots = np.full(600, 100.0)
    spots[[517, 599]] = 20.0
    paid = CashDividends((0.2,), (30.0,))
    with pytest.raises(InvalidValueError, match=r"spot must be above the present value .*got 20.0 at row 517"):
        black_scholes.price(1, spots, 100.0, 0.5, 0.0, 0.0, 0.2, dividends=paid)
    checked = black_scholes.price(1, spots, 100.0, 0.5, 0.0, 0.0, 0.2, dividends=paid, errors="nan")
    assert np.flatnonzero(checked.status).tolist() == [517, 599]
    assert checked.status[517] == 8
