"""Books that several tests of risk hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from optionix_core.market.curves import DiscountCurve, ForwardCurve
from optionix_core.market.snapshot import Market
from optionix_core.risk.book import Position, PositionKind, RiskBook

NOON = datetime(2026, 1, 5, 17, tzinfo=UTC)


class Smile:
    """A skewed surface: a function of strike over `centre`, falling in strike and in time."""

    def __init__(self, centre: float, level: float = 0.2, skew: float = -0.1, curve: float = 0.15) -> None:
        self.centre = centre
        self.terms = (level, skew, curve)

    def implied_volatility(self, strike: Any, expiry: Any) -> Any:
        k = np.log(np.asarray(strike, dtype=np.float64) / self.centre)
        level, skew, curve = self.terms
        return level + skew * k + curve * k**2 + 0.02 * np.exp(-np.asarray(expiry))


def market(
    as_of: datetime = NOON,
    orbit: float = 100.0,
    delta: float = 50.0,
    rate: float = 0.03,
    surfaces: dict[str, Any] | None = None,
) -> Market:
    return Market(
        as_of=as_of,
        spots={"ORBIT": orbit, "DELTA": delta},
        discount_curves={"USD": DiscountCurve.flat(rate), "EUR": DiscountCurve.flat(0.02)},
        forward_curves={
            "ORBIT": ForwardCurve(np.array([1.0]), np.array([orbit * 1.02]), orbit),
            "DELTA": ForwardCurve(np.array([1.0]), np.array([delta * 1.01]), delta),
        },
        surfaces={"ORBIT": Smile(100.0), "DELTA": Smile(50.0, 0.3)} if surfaces is None else surfaces,
    )


def option(name: str, kind: str = "european", **changes: Any) -> Position:
    terms: dict[str, Any] = {
        "id": name,
        "underlying": "ORBIT",
        "quantity": -2.0,
        "multiplier": 100.0,
        "kind": PositionKind(kind),
        "option_type": "put",
        "strike": 95.0,
        "expiry": NOON + timedelta(days=73),
    }
    return Position(**(terms | changes))


def share(name: str = "shares", underlying: str = "ORBIT", quantity: float = 100.0) -> Position:
    return Position(id=name, underlying=underlying, quantity=quantity, kind=PositionKind.UNDERLYING)


def book(*positions: Position, **changes: Any) -> RiskBook:
    terms: dict[str, Any] = {
        "market": market(),
        "currencies": {"ORBIT": "USD", "DELTA": "EUR"},
        "reporting_currency": "USD",
        "exchange_rates": {"EUR": 1.1},
    }
    return RiskBook(positions=positions, **(terms | changes))
