"""The one place where the engine's natural units become the units that a market quotes in.

The engine computes per 1.00 of volatility, rate or yield and per year. Traders read vega per
volatility point, theta per calendar day and so on. A face converts here and shows the label; no
other module multiplies by 0.01 or divides by 365.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Amount = TypeVar("Amount", float, NDArray[np.float64])

POINT = 0.01
"""One volatility, rate or yield point as a fraction."""

DAYS_PER_YEAR = 365.0
"""Calendar days that a theta per year is spread over."""

_DAY = 1.0 / DAYS_PER_YEAR


class MarketUnit(NamedTuple):
    """How one quantity of the engine is shown."""

    factor: float
    """Market value = natural value times this."""
    label: str
    """What the market value is per, in words."""


UNITS: Mapping[str, MarketUnit] = MappingProxyType(
    {
        "price": MarketUnit(1.0, "per unit of the underlying"),
        "delta": MarketUnit(1.0, "per 1.00 of the underlying"),
        "gamma": MarketUnit(1.0, "delta per 1.00 of the underlying"),
        "vega": MarketUnit(POINT, "per volatility point"),
        "theta": MarketUnit(_DAY, "per calendar day"),
        "rho": MarketUnit(POINT, "per rate point"),
        "epsilon": MarketUnit(POINT, "per dividend yield point"),
        "vanna": MarketUnit(POINT, "delta per volatility point"),
        "volga": MarketUnit(POINT * POINT, "per volatility point squared"),
        "charm": MarketUnit(_DAY, "delta per calendar day"),
        "veta": MarketUnit(POINT * _DAY, "per volatility point per calendar day"),
        "speed": MarketUnit(1.0, "gamma per 1.00 of the underlying"),
        "zomma": MarketUnit(POINT, "gamma per volatility point"),
        "color": MarketUnit(_DAY, "gamma per calendar day"),
        "ultima": MarketUnit(POINT * POINT * POINT, "per volatility point cubed"),
        "dual_delta": MarketUnit(1.0, "per 1.00 of strike"),
        "dual_gamma": MarketUnit(1.0, "dual delta per 1.00 of strike"),
        "implied_volatility": MarketUnit(100.0, "volatility points"),
    }
)
"""Every quantity that a face may show, by the engine's own name for it."""


def unit(name: str) -> MarketUnit:
    """Factor and label of a quantity; UnknownNameError for a name that has none."""
    found = UNITS.get(name)
    if found is None:
        from optionix_core.errors import UnknownNameError

        raise UnknownNameError("greek", name, tuple(UNITS))
    return found


def to_market(name: str, value: Amount) -> Amount:
    """A natural value (number or array) of quantity `name` in market units."""
    return value * unit(name).factor


def from_market(name: str, value: Amount) -> Amount:
    """A value in market units back in the engine's natural units."""
    return value / unit(name).factor


def vega_per_point(vega: Amount) -> Amount:
    """Change of price for one volatility point, from vega per 1.00."""
    return vega * POINT


def theta_per_day(theta: Amount) -> Amount:
    """Change of price over one calendar day, from theta per year."""
    return theta * _DAY


def rho_per_point(rho: Amount) -> Amount:
    """Change of price for one rate point, from rho per 1.00."""
    return rho * POINT


def volatility_points(volatility: Amount) -> Amount:
    """Volatility in points (24.9), from a fraction (0.249)."""
    return volatility * 100.0
