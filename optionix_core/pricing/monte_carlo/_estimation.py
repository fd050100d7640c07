"""From values of paths to estimates with errors: sums in a fixed order, controls by a pilot, Student's t.

A control's coefficients come from paths of their own, so that the estimate has no bias and its error is that of a plain
mean. Antithetic pairs and randomisations are the independent units where there are some.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from optionix_core.pricing._arrays import FloatArray


@dataclass(slots=True)
class Moments:
    """Count, means and sums of squared deviations of several rows, merged piece by piece.

    T. Chan, G. Golub and R. LeVeque, Amer. Statist. 37 (1983) 242.
    """

    count: int = 0
    mean: FloatArray | float = 0.0
    squares: FloatArray | float = 0.0

    def add(self, values: FloatArray) -> None:
        """Further columns of the rows."""
        count = values.shape[1]
        mean = values.mean(axis=1)
        deviations = values - mean[:, None]
        squares = np.einsum("ij,ij->i", deviations, deviations)
        total = self.count + count
        step = mean - self.mean
        self.squares = self.squares + squares + step * step * (self.count * count / total)
        self.mean = self.mean + step * (count / total)
        self.count = total

    def errors(self) -> FloatArray:
        """Standard errors of the means."""
        if self.count < 2:
            return np.full_like(np.asarray(self.mean), math.nan)
        return np.sqrt(np.asarray(self.squares) / (self.count - 1) / self.count)


def coefficients(values: FloatArray, controls: FloatArray) -> FloatArray:
    """Least-squares coefficients in `values` of `controls`, of shape (controls, paths); zero for a constant one."""
    centred = controls - controls.mean(axis=1)[:, None]
    size = np.sqrt(np.mean(centred * centred, axis=1))
    scale = np.where(size > 1e-12 * np.abs(controls.mean(axis=1)), size, np.inf)
    solution = np.linalg.lstsq((centred / scale[:, None]).T, values - values.mean(), rcond=1e-10)[0]
    result: FloatArray = solution / scale
    return result


def interval(mean: float, error: float, degrees_of_freedom: int) -> tuple[float, float]:
    """95% by Student's t."""
    from scipy.special import stdtrit

    reach = float(stdtrit(degrees_of_freedom, 0.975)) * error
    return mean - reach, mean + reach
