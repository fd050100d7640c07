"""Options that are told to a server in numbers, and what it says of them. Natural units: fractions, years."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from optionix_core.errors import VenueError
from optionix_tui.remote.reading import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionTerms:
    """A vanilla option and its market."""

    spot_price: float
    strike_price: float
    time_to_expiry: float
    """In years."""
    risk_free_rate: float
    """Continuously compounded, as the yield."""
    option_type: Literal["call", "put"]
    dividend_yield: float = 0.0
    option_style: Literal["european", "american"] = "european"

    def body(self) -> dict[str, Any]:
        """As it is asked."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """An exotic option, and how it is simulated."""

    option_type: Literal["asian", "barrier", "lookback"]
    call_put: Literal["call", "put"]
    spot_price: float
    strike_price: float
    time_to_expiry: float
    """In years."""
    risk_free_rate: float
    volatility: float
    """Per root year."""
    dividend_yield: float = 0.0
    barrier: float | None = None
    """Of a barrier option alone, as its type."""
    barrier_type: Literal["down-in", "down-out", "up-in", "up-out"] | None = None
    n_simulations: int = 100_000
    seed: int = 0

    def body(self) -> dict[str, Any]:
        """As it is asked."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class Priced:
    """Price and Greeks of one option, long one, in the underlying's currency; None where it has no such figure."""

    price: float
    delta: float | None
    gamma: float | None
    theta: float | None
    """Per calendar day."""
    vega: float | None
    """Per volatility point."""
    rho: float | None
    """Per rate point."""
    intrinsic_value: float | None
    time_value: float | None
    moneyness: float | None
    """Spot over strike."""
    method: str
    units: Mapping[str, str]
    """By Greek, in the server's words."""

    @classmethod
    def of(cls, document: Any) -> Priced:
        """From `options/price`."""
        read = Fields(document, "price")
        units = read.within("units")
        return cls(
            price=_needed(read, "price"),
            delta=read.number("delta"),
            gamma=read.number("gamma"),
            theta=read.number("theta"),
            vega=read.number("vega"),
            rho=read.number("rho"),
            intrinsic_value=read.number("intrinsic_value"),
            time_value=read.number("time_value"),
            moneyness=read.number("moneyness"),
            method=read.text("method"),
            units={name: units.text(name) for name in units.document},
        )


@dataclass(frozen=True, slots=True)
class ImpliedVolatility:
    """The volatility at which an option is worth a price."""

    implied_volatility: float
    """Per root year."""
    error: float
    """The price at it less the one that was told."""
    method: str

    @classmethod
    def of(cls, document: Any) -> ImpliedVolatility:
        """From `options/implied-volatility`."""
        read = Fields(document, "volatility")
        return cls(_needed(read, "implied_volatility"), _needed(read, "error"), read.text("method"))


@dataclass(frozen=True, slots=True)
class Simulated:
    """What the paths say."""

    price: float
    standard_error: float
    confidence_interval: tuple[float, float]
    """In which the price lies with 95 %."""
    n_simulations: int
    computation_time_ms: float

    @classmethod
    def of(cls, document: Any) -> Simulated:
        """From `options/monte-carlo`."""
        read = Fields(document, "simulation")
        low, high = read.pair("confidence_interval")
        return cls(
            _needed(read, "price"),
            _needed(read, "standard_error"),
            (low, high),
            read.whole("n_simulations"),
            _needed(read, "computation_time_ms"),
        )


def _needed(read: Fields, name: str) -> float:
    found = read.number(name)
    if found is None:
        raise VenueError(f"{name} is missing in the server's answer")
    return found
