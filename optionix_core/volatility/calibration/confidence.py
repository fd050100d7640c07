"""How far quotes determine the parameters: covariance, condition number, directions that are not determined.

Linear theory at the end point: with the weighted Jacobian J of volatilities and m quotes, the covariance of the
coordinates is s^2 (J J')^-1, s^2 the weighted sum of squares over m less the number of free parameters (G. Seber and
C. Wild, "Nonlinear Regression" (1989), sec. 2.1). It takes the errors of quotes for independent ones, which those of a
misspecified model are not: it says what the quotes can tell, not how wrong the model is. Refuses numbers for
parameters at a bound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.volatility.calibration.result import WeakDirection

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

WEAK = 1e-4
"""Root-mean-square change of volatility, for a unit step, below which a direction is not determined."""
TOLD = 0.2
"""Share of a direction from which a parameter is named."""


class Confidence(NamedTuple):
    """In natural parameters."""

    covariance: FloatArray
    """(parameters, parameters), nan in rows and columns of those held."""
    condition_number: float
    weak: tuple[WeakDirection, ...]


def confidence(
    names: tuple[str, ...], slopes: FloatArray, cost: float, scale: FloatArray, held: NDArray[np.bool_]
) -> Confidence:
    """From weighted slopes in coordinates, shape (parameters, quotes).

    `scale` is the derivative of parameters in coordinates, `held` says which sit at a bound.
    """
    free = np.flatnonzero(~held)
    count = slopes.shape[1]
    covariance = np.full((len(names), len(names)), np.nan)
    if not free.size:
        return Confidence(covariance, 1.0, ())
    left, sizes, _ = np.linalg.svd(slopes[free], full_matrices=False)
    condition = float(sizes[0] / sizes[-1]) if sizes[-1] > 0.0 else np.inf
    if np.isfinite(condition) and condition < 1e12:
        noise = cost / max(count - free.size, 1)
        rows = left * (np.sqrt(noise) / sizes) * scale[free][:, None]
        covariance[np.ix_(free, free)] = rows @ rows.T
    weak = []
    for place, size in enumerate((sizes / np.sqrt(count)).tolist()):
        if size < WEAK:
            shares = left[:, place] * np.sign(left[np.argmax(np.abs(left[:, place])), place])
            chosen = [at for at in np.argsort(-np.abs(shares)) if abs(shares[at]) >= TOLD]
            weak.append(WeakDirection(tuple((names[free[at]], float(shares[at])) for at in chosen), size))
    return Confidence(covariance, condition, tuple(weak))
