"""Chains of which everything is known: forward, discount factor and smile, priced without the engine."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from optionix_core.market.chain import ChainSlice, OptionChain, QuoteColumns
from optionix_core.volatility.surface.smiles import FitMetrics, SurfaceSlice
from optionix_core.volatility.surface.surface import VolatilitySurface
from optionix_core.volatility.svi import Svi

AS_OF = datetime(2026, 1, 5, 21, 0, tzinfo=UTC)


def black(sign: int, forward: float, strike: float, years: float, volatility: float) -> float:
    """Black's undiscounted price (1976, eq. 16), by the error function."""
    root = volatility * math.sqrt(years)
    upper = math.log(forward / strike) / root + 0.5 * root
    lower = upper - root

    def normal(x: float) -> float:
        return 0.5 * math.erfc(-x / math.sqrt(2.0))

    return sign * (forward * normal(sign * upper) - strike * normal(sign * lower))


def smile(log_moneyness: float, years: float) -> float:
    """A skewed smile without arbitrage: SVI in total variance, scaled by time."""
    k = log_moneyness
    variance = years * (0.02 + 0.06 * (-0.5 * (k - 0.02) + math.sqrt((k - 0.02) ** 2 + 0.15**2)))
    return math.sqrt(variance / years)


@dataclass(frozen=True)
class Known:
    """The truth behind a synthetic expiry."""

    days: float
    forward: float
    rate: float

    @property
    def years(self) -> float:
        return self.days / 365.0

    @property
    def discount_factor(self) -> float:
        return math.exp(-self.rate * self.years)


def columns(bid: np.ndarray, ask: np.ndarray, symbol: str) -> QuoteColumns:
    absent = np.full(bid.shape, np.nan)
    names = tuple(f"{symbol}{place}" for place in range(bid.size))
    return QuoteColumns(names, bid, ask, absent, absent, absent, absent, absent, absent, absent, absent)


def make_slice(known: Known, strikes: np.ndarray, spread: float = 0.02, **changes: object) -> ChainSlice:
    """A European slice whose mids are exact; `spread` is the width as a fraction of the mid."""
    inverse = bool(changes.get("inverse", False))
    sides = []
    for sign in (1, -1):
        mid = np.array(
            [
                known.discount_factor
                * black(sign, known.forward, strike, known.years, smile(math.log(strike / known.forward), known.years))
                for strike in strikes.tolist()
            ]
        )
        mid /= known.forward if inverse else 1.0
        half = 0.5 * spread * mid
        sides.append(columns(mid - half, mid + half, "CP"[sign < 0]))
    expires_at = AS_OF + timedelta(days=known.days)
    made = ChainSlice(
        root="ORBIT",
        expiry=expires_at.date(),
        expires_at=expires_at,
        settlement="PM",
        exercise="european",
        multiplier=100.0,
        inverse=False,
        strikes=strikes,
        call=sides[0],
        put=sides[1],
    )
    return replace(made, **changes)  # type: ignore[arg-type] # the tests name fields of ChainSlice


def make_chain(*slices: ChainSlice, spot: float | None = None) -> OptionChain:
    return OptionChain("ORBIT", "test", AS_OF, spot, "USD", slices)


@pytest.fixture(scope="session")
def known() -> type[Known]:
    return Known


@pytest.fixture(scope="session")
def slice_of() -> Callable[..., ChainSlice]:
    return make_slice


@pytest.fixture(scope="session")
def chain_of() -> Callable[..., OptionChain]:
    return make_chain


@pytest.fixture(scope="session")
def true_smile() -> Callable[[float, float], float]:
    return smile


def make_surface(smiles: dict[float, Svi], spot: float | None = 100.0, **changes: object) -> VolatilitySurface:
    """Slices at years, on forwards that grow by 3% a year, discounted at 4%."""
    slices = tuple(
        SurfaceSlice(
            root="ORBIT",
            expiry=AS_OF.date() + timedelta(days=round(365 * years)),
            years=years,
            forward=100.0 * math.exp(0.03 * years),
            discount_factor=math.exp(-0.04 * years),
            smile=one,
            metrics=FitMetrics(10, 1.0, 0.0, 0.0),
        )
        for years, one in smiles.items()
    )
    return VolatilitySurface("ORBIT", AS_OF, "svi", spot, slices, **changes)  # type: ignore[arg-type] # its own fields


@pytest.fixture(scope="session")
def surface_of() -> Callable[..., VolatilitySurface]:
    return make_surface


@pytest.fixture(scope="session")
def skewed_surface() -> VolatilitySurface:
    """A power-law SSVI surface with the skew of an index, without arbitrage."""
    smiles = {}
    for years in (0.05, 0.1, 0.25, 0.5, 1.0, 2.0):
        theta = 0.04 * years
        smiles[years] = Svi.surface_slice(theta, -0.6, 0.9 / math.sqrt(theta))
    return make_surface(smiles)
