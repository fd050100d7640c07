"""Books and scenarios that tests of this room share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from optionix_core.market.curves import DiscountCurve, ForwardCurve
from optionix_core.market.snapshot import Market
from optionix_core.risk.book import Position, PositionKind, RiskBook
from optionix_core.risk.scenarios import RateShocks, ScenarioSet, UnderlyingShocks

NOON = datetime(2026, 1, 5, 17, tzinfo=UTC)


class Smile:
    """A surface with slope and curve in ln(strike / 100), and a term structure."""

    def implied_volatility(self, strike: Any, expiry: Any) -> Any:
        k = np.log(np.asarray(strike, dtype=np.float64) / 100.0)
        return 0.25 - 0.1 * k + 0.2 * k * k + 0.02 * np.sqrt(np.asarray(expiry, dtype=np.float64))


MARKET = Market(
    as_of=NOON,
    spots={"ORBIT": 100.0, "COMET": 50.0},
    discount_curves={
        "USD": DiscountCurve(np.array([0.25, 2.0]), np.exp([-0.005, -0.08])),
        "EUR": DiscountCurve.flat(0.02),
    },
    forward_curves={"ORBIT": ForwardCurve(np.array([0.5, 2.0]), np.array([101.0, 103.0]), 100.0)},
    surfaces={"ORBIT": Smile(), "COMET": Smile()},
)


def option(name: str, **changes: Any) -> Position:
    days = changes.pop("days", 90.0)
    terms: dict[str, Any] = {
        "id": name,
        "underlying": "ORBIT",
        "quantity": 1.0,
        "multiplier": 100.0,
        "kind": PositionKind.EUROPEAN,
        "option_type": "call",
        "strike": 100.0,
        "expiry": NOON + timedelta(days=days),
    }
    return Position(**(terms | changes))


def stock(name: str, quantity: float = 1.0, underlying: str = "ORBIT") -> Position:
    return Position(id=name, underlying=underlying, quantity=quantity, kind=PositionKind.UNDERLYING)


def book(*positions: Position, **changes: Any) -> RiskBook:
    terms: dict[str, Any] = {
        "market": MARKET,
        "currencies": {"ORBIT": "USD", "COMET": "EUR"},
        "reporting_currency": "USD",
        "exchange_rates": {"EUR": 1.1},
        "dividend_yields": {"COMET": 0.01},
    }
    return RiskBook(positions=positions, **(terms | changes))


def mixed_options(count: int, seed: int = 5, **changes: Any) -> tuple[Position, ...]:
    """Calls and puts of both underlyings, long and short, from a week to two years."""
    draw = np.random.default_rng(seed)
    made = []
    for number in range(count):
        underlying = "ORBIT" if draw.random() < 0.6 else "COMET"
        spot = MARKET.spots[underlying]
        terms = {
            "underlying": underlying,
            "quantity": float(draw.integers(-20, 21)),
            "option_type": "call" if draw.random() < 0.5 else "put",
            "strike": float(np.round(spot * draw.uniform(0.6, 1.5), 1)),
            "days": float(draw.choice([7.0, 30.5, 91.0, 365.0, 730.0])),
        } | changes
        made.append(option(f"O{number}", **terms))
    return tuple(made)


def wild_scenarios(count: int, seed: int = 9, **changes: Any) -> ScenarioSet:
    """Everything moves: spots, levels, skew and curvature by tenor, rates by tenor, yields, currencies, and time."""
    draw = np.random.default_rng(seed)
    tenors = np.array([0.1, 1.0])
    shocks = {
        name: UnderlyingShocks(
            spot_return=draw.uniform(-0.3, 0.3, count),
            volatility_return=draw.uniform(-0.2, 0.5, (count, 2)),
            volatility_change=draw.uniform(0.0, 0.1, (count, 2)),
            skew_change=draw.uniform(-0.05, 0.02, (count, 2)),
            curvature_change=draw.uniform(0.0, 0.05, count),
            tenors=tenors,
            dividend_yield_change=draw.uniform(-0.005, 0.005, count),
        )
        for name in ("ORBIT", "COMET")
    }
    terms: dict[str, Any] = {
        "names": tuple(f"wild {number}" for number in range(count)),
        "underlyings": shocks,
        "rates": {"USD": RateShocks(change=draw.uniform(-0.01, 0.02, (count, 2)), tenors=tenors)},
        "exchange_rates": {"EUR": draw.uniform(-0.1, 0.1, count)},
        "days": draw.integers(0, 20, count).astype(np.float64),
    }
    return ScenarioSet(**(terms | changes))
