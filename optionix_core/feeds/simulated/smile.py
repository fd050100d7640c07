"""The smile of the simulated venue: a whole surface that admits no static arbitrage.

SSVI (Gatheral and Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative Finance 14, 2014,
equation 4.1) over a term structure of total at-the-money variance:

    w(k, T) = theta / 2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2)),  k = log(strike / forward)
    phi(theta) = eta / (theta^gamma (1 + theta)^(1 - gamma))

With gamma in (0, 1/2] and eta (1 + |rho|) <= 2 the two conditions of theorem 4.2 hold for every theta
(theta phi (1 + |rho|) < 2, theta phi^2 (1 + |rho|) <= 4 / (1 + |rho|)): no butterfly. The derivative of
theta phi lies in [0, phi], inside the bound of theorem 4.1, and theta increases in T: no calendar
arbitrage. Parameters outside these bounds are refused.

theta(T) is `premium` times the variance expected until T under linear mean reversion from the present
variance (the form of Heston's expectation), jumps in.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError
from optionix_core.feeds.simulated.underlyings import RATE, Underlying

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SimulatedSmile:
    """Implied volatility of one underlying at one moment; a VolatilityFunction."""

    spot: float
    variance: float
    """Present variance of the diffusion, per year."""
    rate: float
    dividend_yield: float
    mean_variance: float
    variance_speed: float
    jump_variance: float
    """Per year."""
    premium: float
    skew: float
    """rho."""
    curvature: float
    """eta."""
    decay: float
    """gamma."""

    def __post_init__(self) -> None:
        for name in ("spot", "variance", "mean_variance", "variance_speed", "premium", "curvature"):
            value = getattr(self, name)
            if not value > 0.0:
                raise InvalidValueError(name, value, "positive")
        if not -1.0 < self.skew < 1.0:
            raise InvalidValueError("skew", self.skew, "between -1 and 1")
        if not 0.0 < self.decay <= 0.5:
            raise InvalidValueError("decay", self.decay, "in (0, 0.5]")
        if self.curvature * (1.0 + abs(self.skew)) > 2.0:
            raise InvalidValueError("curvature", self.curvature, f"at most {2.0 / (1.0 + abs(self.skew)):.4f}")

    @classmethod
    def of(cls, underlying: Underlying, spot: float, variance: float) -> SimulatedSmile:
        """The surface of `underlying` in the state (spot, variance)."""
        return cls(
            spot=spot,
            variance=variance,
            rate=RATE,
            dividend_yield=underlying.dividend_yield,
            mean_variance=underlying.mean_variance,
            variance_speed=underlying.variance_speed,
            jump_variance=underlying.jump_variance,
            premium=underlying.premium,
            skew=underlying.skew,
            curvature=underlying.curvature,
            decay=underlying.decay,
        )

    def forward(self, expiry: float) -> float:
        """Forward price for `expiry` in years."""
        return self.spot * exp((self.rate - self.dividend_yield) * expiry)

    def at_the_money_variance(self, expiry: float) -> float:
        """theta: total implied variance at the forward for `expiry` in years (not annualised)."""
        speed = self.variance_speed
        expected = self.mean_variance * expiry + (self.variance - self.mean_variance) * (1.0 - exp(-speed * expiry)) / (
            speed
        )
        return self.premium * (expected + self.jump_variance * expiry)

    def volatility(self, strike: float, expiry: float) -> float:
        """Implied volatility (fraction) at one strike and expiry, in pure Python."""
        theta = self.at_the_money_variance(expiry)
        phi = self.curvature / (theta**self.decay * (1.0 + theta) ** (1.0 - self.decay))
        shifted = phi * log(strike / self.forward(expiry))
        rho = self.skew
        root = sqrt((shifted + rho) ** 2 + 1.0 - rho * rho)
        return sqrt(0.5 * theta * (1.0 + rho * shifted + root) / expiry)

    def total_variance(self, log_moneyness: ArrayLike, expiry: ArrayLike) -> FloatArray:
        """w(k, T): total implied variance at log(strike / forward), arrays broadcast; not annualised."""
        import numpy as np

        k, years = np.asarray(log_moneyness, dtype=np.float64), np.asarray(expiry, dtype=np.float64)
        if np.any(~(years > 0.0)):
            raise InvalidValueError("expiry", float(np.min(years)), "positive")
        speed, rho = self.variance_speed, self.skew
        decayed = -np.expm1(-speed * years) / speed
        expected = self.mean_variance * years + (self.variance - self.mean_variance) * decayed
        theta = self.premium * (expected + self.jump_variance * years)
        phi = self.curvature / (theta**self.decay * (1.0 + theta) ** (1.0 - self.decay))
        root = np.sqrt((phi * k + rho) ** 2 + 1.0 - rho * rho)
        result: FloatArray = 0.5 * theta * (1.0 + rho * phi * k + root)
        return result

    def implied_volatility(self, strike: ArrayLike, expiry: ArrayLike) -> FloatArray:
        """Annualised implied volatility (fraction); strike and expiry (years) positive, arrays broadcast."""
        import numpy as np

        strikes, years = np.asarray(strike, dtype=np.float64), np.asarray(expiry, dtype=np.float64)
        if np.any(~(strikes > 0.0)):
            raise InvalidValueError("strike", float(np.min(strikes)), "positive")
        k = np.log(strikes / self.spot) - (self.rate - self.dividend_yield) * years
        result: FloatArray = np.sqrt(self.total_variance(k, years) / years)
        return result
