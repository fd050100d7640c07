"""What a calibration found: the model, how well it meets each quote, how far its parameters are determined, and how.

Volatilities and their errors are fractions per root year. Refuses to hide: a parameter at its bound, a direction that
the quotes do not determine, starts that ended elsewhere and a descent that did not converge are all said in `notes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class ParameterEstimate:
    """One parameter."""

    name: str
    value: float
    standard_error: float
    """From the residuals' size and the Jacobian, as if errors of quotes were independent; nan at a bound."""
    at_bound: str
    """`lower` or `upper` where it ended at the bound of its search, else empty."""


@dataclass(frozen=True, slots=True)
class WeakDirection:
    """A joint change of parameters that hardly moves any quote's volatility."""

    change: tuple[tuple[str, float], ...]
    """Parameter and its share, largest first; of its logarithm for a positive one. Squares sum to about one."""
    volatility: float
    """Root-mean-square change of volatility for a unit step along it."""


@dataclass(frozen=True, slots=True)
class StartReport:
    """One descent."""

    start: tuple[float, ...]
    """Parameters at its beginning, in the order of `CalibrationResult.parameters`."""
    end: tuple[float, ...]
    """And at its end; those of the beginning where the model could not be evaluated there."""
    rmse: float
    """Weighted root-mean-square error of volatility at its end; nan where it could not be evaluated."""
    iterations: int
    converged: bool
    same_optimum: bool
    """Whether its smiles are those of the best end point; a later descent ends as soon as it comes near."""


class QuoteFit(NamedTuple):
    """Per quote, arrays of shape (quotes,) in the caller's order."""

    years: FloatArray
    strike: FloatArray
    sign: FloatArray
    """+1 for a call, -1 for a put."""
    weight: FloatArray
    """One on average; zero where the quote had no say."""
    market_volatility: FloatArray
    model_volatility: FloatArray

    @property
    def error(self) -> FloatArray:
        """Model less market."""
        return self.model_volatility - self.market_volatility


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationResult:
    """A calibrated model with its report."""

    family: str
    """`heston`, `bates`, `merton`, `double-heston` or `sabr`."""
    model: Any
    """A HestonModel, BatesModel, MertonModel, DoubleHestonModel or SabrModel."""
    rmse_volatility: float
    """Root-mean-square error over the quotes that have a weight, each counted once."""
    max_error: float
    """The largest error in size among them."""
    weighted_rmse: float
    """What was minimised: the same with weights."""
    iterations: int
    """Steps of all descents."""
    evaluations: int
    """How often the model was evaluated at all quotes."""
    seconds: float
    """Time on the wall."""
    converged: bool
    parameters: tuple[ParameterEstimate, ...]
    covariance: Rows
    """Of the parameters in their order; nan where one is at its bound."""
    condition_number: float
    """Largest over smallest singular value of the weighted Jacobian in the search's coordinates; infinite where the
    smallest is none."""
    weak_directions: tuple[WeakDirection, ...]
    starts: tuple[StartReport, ...]
    quotes: QuoteFit
    feller: bool | None
    """Whether 2 kappa theta >= sigma^2; None for a model without such a variance."""
    notes: tuple[str, ...]
    """What a reader must know, in sentences."""

    @property
    def one_optimum(self) -> bool:
        """Whether all descents ended in the same smiles."""
        return all(start.same_optimum for start in self.starts)
