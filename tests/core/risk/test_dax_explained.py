"""Two real days of the DAX explained option by option: spot 5752.51 to 5614.51, 419 options on both days.

The folders of the data are named after 7 and 10 August 2001; every time to expiry in the files is one day shorter in
the second (and the first dividend a day nearer), so that one day is what passed between the two sets of quotes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from optionix_core.market.curves import DiscountCurve, ForwardCurve
from optionix_core.market.snapshot import Market
from optionix_core.pricing.implied_volatility import implied_volatility
from optionix_core.risk.attribution import explain
from optionix_core.risk.book import Position, PositionKind, RiskBook
from optionix_core.risk.explained import TERMS, Explained, GreeksOf, gross_moves

FIRST = datetime(2001, 8, 7, 15, 30, tzinfo=UTC)
Key = tuple[str, int, float]
"""Type, days from the first day to expiry, strike."""


class Day(NamedTuple):
    spot: float
    curve: DiscountCurve
    prices: Mapping[Key, float]


def read(folder: Path, later: int) -> Day:
    text = (folder / "dataTrain.csv").read_text()
    rows = [line.split(",") for line in text[text.rindex('"') + 1 :].strip().splitlines()]
    spot = float((folder / "underlying.csv").read_text().splitlines()[1].split(",")[0])
    nodes = np.loadtxt(folder / "discount.csv", delimiter=",", skiprows=1)
    names = {"1": "call", "2": "put"}
    prices = {(names[row[1]], round(float(row[2]) * 365) + later, float(row[3])): float(row[5]) for row in rows}
    return Day(spot, DiscountCurve(nodes[:, 0], nodes[:, 1]), prices)


def book(day: Day, keys: list[Key], later: int) -> RiskBook:
    """The options at their own implied volatilities, forwards from put-call parity (the median over strikes)."""
    ends = sorted({key[1] for key in day.prices})
    forwards = []
    for end in ends:
        discount = float(day.curve.discount_factor((end - later) / 365))
        pairs = [
            strike + (price - day.prices["put", end, strike]) / discount
            for (name, of, strike), price in day.prices.items()
            if name == "call" and of == end and ("put", end, strike) in day.prices
        ]
        forwards.append(float(np.median(pairs)))
    curve = ForwardCurve(np.array([(end - later) / 365 for end in ends]), np.array(forwards), day.spot)
    market = Market(
        as_of=FIRST + timedelta(days=later),
        spots={"DAX": day.spot},
        discount_curves={"EUR": day.curve},
        forward_curves={"DAX": curve},
    )
    positions = []
    for name, end, strike in keys:
        years = (end - later) / 365
        rate = float(day.curve.zero_rate(years))
        carry = float(curve.dividend_yield(years, day.curve))
        price = day.prices[name, end, strike]
        positions.append(
            Position(
                id=f"{name} {end} {strike:g}",
                underlying="DAX",
                quantity=1.0,
                kind=PositionKind.EUROPEAN,
                option_type=name,
                strike=strike,
                expiry=FIRST + timedelta(days=end),
                volatility=float(implied_volatility(name, price, day.spot, strike, years, rate, carry)),
                price=price,
            )
        )
    return RiskBook(positions=tuple(positions), market=market, currencies={"DAX": "EUR"}, reporting_currency="EUR")


@pytest.fixture(scope="module")
def states(shared_data: Path) -> tuple[RiskBook, RiskBook]:
    folder = shared_data / "chains" / "dax_2001"
    first, last = read(folder / "7_8_2001", 0), read(folder / "10_8_2001", 1)
    assert (first.spot, last.spot) == (5752.51, 5614.51)
    both = [key for key in first.prices if key in last.prices]
    assert len(both) == 419
    # Liquid: within two deviations of the spot (at 20% a year) at the first day.
    liquid = [key for key in both if abs(math.log(key[2] / first.spot)) < 2.0 * 0.2 * math.sqrt(key[1] / 365)]
    return book(first, liquid, 0), book(last, liquid, 1)


def shares(found: Explained) -> np.ndarray:
    return np.array([abs(one["residual"]) / gross_moves(one) for one in found.by_position().values()])


def test_averaged_greeks_explain_every_liquid_strike(states: tuple[RiskBook, RiskBook]) -> None:
    found = explain(*states)
    total = found.total()
    assert len(found.ids) > 250
    change = sum(last.price - first.price for first, last in zip(*(one.positions for one in states), strict=True))
    assert total["actual"] == pytest.approx(change, abs=1e-8)
    assert sum(total[name] for name in TERMS) + total["residual"] == pytest.approx(total["actual"], abs=1e-9)
    assert shares(found).max() < 1e-6
    # Calls lost and puts gained as the index fell by 2.4%.
    by_id = found.by_position()
    assert by_id["call 45 5700"]["delta"] < 0 < by_id["put 45 5700"]["delta"]
    assert by_id["call 45 5700"]["theta"] < 0 < by_id["call 45 5700"]["gamma"]


def test_greeks_of_the_start_leave_three_percent_on_the_wings_alone(states: tuple[RiskBook, RiskBook]) -> None:
    # What is left is third order: a fall of 2.4% in one step, where gamma and vega change most from strike to strike.
    found = shares(explain(*states, greeks=GreeksOf.START))
    assert np.median(found) < 0.01
    assert np.mean(found < 0.03) > 0.95
    assert found.max() < 0.06
