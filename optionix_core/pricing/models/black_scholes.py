"""Lognormal prices with constant volatilities: one underlying, or several with correlations.

Sources: F. Black and M. Scholes, J. Polit. Econ. 81 (1973) 637; R. Merton, Bell J. Econ. 4 (1973) 141.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from optionix_core.errors import InvalidValueError
from optionix_core.pricing.models._fields import check_not_negative, check_range


@dataclass(frozen=True, slots=True, kw_only=True)
class BlackScholesModel:
    """Raises InvalidValueError, naming field, value and bound, for parameters outside their range."""

    volatility: float
    """Per root year."""

    def __post_init__(self) -> None:
        check_not_negative(self, "volatility")


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiAssetModel:
    """Several lognormal prices. Raises InvalidValueError where the correlations are those of nothing."""

    volatilities: tuple[float, ...]
    """Per root year, one for each asset."""
    correlations: tuple[tuple[float, ...], ...]
    """Symmetric with ones on the diagonal, and without a negative eigenvalue."""

    def __post_init__(self) -> None:
        count = len(self.volatilities)
        for row, volatility in enumerate(self.volatilities):
            if not 0.0 <= volatility <= 1e6:
                raise InvalidValueError("volatilities", volatility, "zero or more, at most 1e6", row)
        if len(self.correlations) != count or any(len(line) != count for line in self.correlations):
            raise InvalidValueError("correlations", f"{len(self.correlations)} rows", f"{count} rows of {count}")
        for i, line in enumerate(self.correlations):
            for j, value in enumerate(line):
                if not -1.0 <= value <= 1.0:
                    raise InvalidValueError("correlations", value, "from -1 to 1", i)
                if value != self.correlations[j][i]:
                    raise InvalidValueError("correlations", value, f"symmetric ({self.correlations[j][i]})", i)
            if line[i] != 1.0:
                raise InvalidValueError("correlations", line[i], "1 on the diagonal", i)
        self.factor()

    @classmethod
    def pair(cls, volatility_1: float, volatility_2: float, correlation: float) -> MultiAssetModel:
        """Two assets."""
        return cls(volatilities=(volatility_1, volatility_2), correlations=((1.0, correlation), (correlation, 1.0)))

    def factor(self) -> tuple[tuple[float, ...], ...]:
        """Lower triangular L with L L' = correlations (Cholesky); zero columns where assets move as one."""
        count = len(self.volatilities)
        lower = [[0.0] * count for _ in range(count)]
        for i in range(count):
            for j in range(i + 1):
                rest = self.correlations[i][j] - sum(lower[i][k] * lower[j][k] for k in range(j))
                if i == j:
                    if rest < -1e-12:
                        raise InvalidValueError("correlations", rest, "without a negative eigenvalue", i)
                    lower[i][i] = math.sqrt(max(rest, 0.0))
                elif lower[j][j] > 1e-9:
                    lower[i][j] = rest / lower[j][j]
                elif abs(rest) > 1e-6:
                    raise InvalidValueError("correlations", rest, "without a negative eigenvalue", i)
        return tuple(tuple(row) for row in lower)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantoModel:
    """A lognormal foreign asset beside a lognormal exchange rate (domestic per foreign)."""

    volatility: float
    """Of the asset in its own currency, per root year."""
    fx_volatility: float
    """Of the exchange rate, per root year."""
    correlation: float
    """Of asset and exchange rate."""

    def __post_init__(self) -> None:
        check_not_negative(self, "volatility", "fx_volatility")
        check_range(self, "correlation", -1.0, 1.0)
