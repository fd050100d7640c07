"""The optimal liquidation trajectory of Almgren and Chriss, in closed form.

R. Almgren and N. Chriss, "Optimal execution of portfolio transactions", Journal of Risk 3(2), 2000, without drift:
permanent impact g(v) = gamma v, temporary impact h(v) = epsilon sign(v) + eta v, an arithmetic random walk. What
minimises expected cost plus risk aversion times its variance is a hyperbolic sine. Refuses parameters for which that
minimum does not exist; none of them has a default.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from optionix_core.errors import InvalidValueError


@dataclass(frozen=True, slots=True)
class Impact:
    """Market and taste. One unit of time throughout, whichever it is; prices per unit traded."""

    risk_aversion: float
    """Lambda: cost that one would pay for one less unit of variance, per unit of money. Zero: risk neutral."""
    volatility: float
    """Sigma: absolute price change per square root of time, not a fraction."""
    temporary: float
    """Eta: price given up per unit of trading rate."""
    permanent: float
    """Gamma: lasting price change per unit traded."""
    fixed: float = 0.0
    """Epsilon: price given up by any trade, such as half the spread. Moves cost, never the trajectory."""

    def __post_init__(self) -> None:
        for name in ("risk_aversion", "volatility", "temporary", "permanent", "fixed"):
            value = getattr(self, name)
            if not math.isfinite(value) or value < 0:
                raise InvalidValueError(name, value, "finite and not negative")
        if self.temporary == 0:
            raise InvalidValueError("temporary", self.temporary, "positive")

    def adjusted_temporary(self, step: float) -> float:
        """Eta tilde = eta - gamma tau / 2. Raises InvalidValueError where it is not positive."""
        adjusted = self.temporary - 0.5 * self.permanent * step
        if not adjusted > 0:
            bound = f"above half the permanent impact times the step, {0.5 * self.permanent * step:g}"
            raise InvalidValueError("temporary", self.temporary, bound)
        return adjusted


def urgency(impact: Impact, step: float) -> float:
    """Kappa, per unit of time: 2 (cosh(kappa tau) - 1) / tau^2 = lambda sigma^2 / eta tilde.

    1 / kappa is the time in which an e-th part is left of an order with time enough. `step` is tau.
    """
    if not (math.isfinite(step) and step > 0):
        raise InvalidValueError("step", step, "positive")
    squared = impact.risk_aversion * impact.volatility**2 / impact.adjusted_temporary(step)
    # cosh(y) - 1 = 2 sinh(y / 2)^2, which keeps its digits where y is small.
    return 2.0 / step * math.asinh(0.5 * step * math.sqrt(squared))


def holdings(quantity: float, horizon: float, steps: int, impact: Impact) -> tuple[float, ...]:
    """What is left to trade at the times 0, tau ... T: steps + 1 numbers from `quantity` down to zero.

    x_k = X sinh(kappa (T - t_k)) / sinh(kappa T); a straight line where kappa is zero.
    """
    if steps < 1:
        raise InvalidValueError("steps", steps, "at least 1")
    if not (math.isfinite(horizon) and horizon > 0):
        raise InvalidValueError("horizon", horizon, "positive")
    rate = urgency(impact, horizon / steps)
    whole = rate * horizon
    left = [_sinh_ratio(whole * (steps - k) / steps, whole) if whole > 0 else (steps - k) / steps for k in range(steps)]
    return (*(quantity * part for part in left), 0.0)


def _sinh_ratio(small: float, large: float) -> float:
    """sinh(small) / sinh(large) for 0 <= small <= large, where either may overflow."""
    return math.exp(small - large) * (math.expm1(-2.0 * small) / math.expm1(-2.0 * large))


def expected_cost(left: tuple[float, ...], horizon: float, impact: Impact) -> float:
    """E(x): gamma X^2 / 2 + epsilon sum |n_k| + eta tilde / tau sum n_k^2, a positive amount of money."""
    step = horizon / (len(left) - 1)
    traded = [before - after for before, after in itertools.pairwise(left)]
    squares = math.fsum(amount * amount for amount in traded)
    each = impact.fixed * math.fsum(abs(amount) for amount in traded)
    return 0.5 * impact.permanent * left[0] ** 2 + each + impact.adjusted_temporary(step) / step * squares


def cost_variance(left: tuple[float, ...], horizon: float, impact: Impact) -> float:
    """V(x): sigma^2 sum tau x_k^2 over k = 1 ... N, money squared."""
    step = horizon / (len(left) - 1)
    return impact.volatility**2 * step * math.fsum(amount * amount for amount in left[1:])
