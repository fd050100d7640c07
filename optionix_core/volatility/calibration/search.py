"""From starts to a result: descents with loose prices, the best one polished with tight ones, then the report.

Two end points are the same optimum where their smiles are, to `NEAR`: a later descent ends as soon as it is
there. Parameters along a direction that the quotes do not determine may differ all the same. Refuses to stop in
silence: a cancelled search raises.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optionix_core.errors import DomainError, InterruptedByUserError
from optionix_core.volatility.calibration.confidence import Confidence, confidence
from optionix_core.volatility.calibration.families import Family
from optionix_core.volatility.calibration.least_squares import Found, Stop, descend
from optionix_core.volatility.calibration.result import (
    CalibrationResult,
    ParameterEstimate,
    QuoteFit,
    StartReport,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from optionix_core.volatility.calibration.quotes import CalibrationQuotes
    from optionix_core.volatility.calibration.smiles import Smiles

    FloatArray = NDArray[np.float64]

LOOSE, TIGHT = 1e-4, 1e-7
"""Errors of volatility that prices may cause while descending, and at the end."""
LOOSEST, TIGHTEST = 1e-6, 1e-11
"""Bounds of the tolerances of prices; the latter also where the model meets all quotes."""
MET = 1e-6
"""Root-mean-square error of volatility from which on the model is taken to meet the quotes."""
NEAR_MET, NEAR, SHARE = 1e-3, 3e-4, 0.1
"""Root-mean-square difference of the volatilities of two points in one optimum's neighbourhood: the first where the
model meets the quotes there, else the second, and at most that share of the known one's error."""
MOST_ITERATIONS = 100
TINY = 1e-11
"""Error of volatility that is rounding."""


class Watch(NamedTuple):
    """What looks on while a calibration runs."""

    progress: Callable[[int, int], None] | None = None
    """Hears descents done and their number."""
    cancel: Callable[[], bool] | None = None
    """Asked before each evaluation; True ends it with InterruptedByUserError."""

    def tell(self, done: int, total: int) -> None:
        """Call `progress`."""
        if self.progress is not None:
            self.progress(done, total)

    def stop_if_cancelled(self) -> None:
        """Raise InterruptedByUserError where the user has cancelled."""
        if self.cancel is not None and self.cancel():
            raise InterruptedByUserError("calibration was stopped")


class _Ended(NamedTuple):
    start: FloatArray
    found: Found | None


class Objective:
    """Weighted differences of volatility, in the search's coordinates."""

    def __init__(self, family: Family, smiles: Smiles, quotes: CalibrationQuotes, watch: Watch) -> None:
        self.family, self.quotes = family, quotes
        self._smiles, self._watch = smiles, watch
        self._root_weight = np.sqrt(quotes.weight)
        self._equal = bool((self._root_weight == 1.0).all())
        self._logarithmic = family.logarithmic
        self.low, self.high = family.low, family.high
        self._tolerances = [min(max(error * smiles.least_vega, TIGHTEST), LOOSEST) for error in (LOOSE, TIGHT)]
        self.tolerance = self._tolerances[0]
        self.evaluations = 0
        self._guessed: dict[bytes, tuple[FloatArray, FloatArray]] = {}

    def of(self, family: Family, smiles: Smiles) -> Objective:
        """The same quotes under another family."""
        return Objective(family, smiles, self.quotes, self._watch)

    def residuals(self, coordinates: FloatArray) -> tuple[FloatArray, FloatArray] | None:
        """As `least_squares.Residuals`."""
        self._watch.stop_if_cancelled()
        values = self.family.values(coordinates)
        self.evaluations += 1
        answer = self._smiles.evaluate(values, self.tolerance)
        if answer is None:
            return None
        volatility, slopes = answer
        scale = np.where(self._logarithmic, values, 1.0)
        residual, slopes = volatility - self.quotes.volatility, slopes * scale[:, None]
        return (residual, slopes) if self._equal else (self._root_weight * residual, self._root_weight * slopes)

    def volatility(self, found: Found) -> FloatArray:
        """The model's, at every quote, where the last descent ended."""
        if self._root_weight.all():
            return self.quotes.volatility + found.residual / self._root_weight
        answer = self._smiles.evaluate(self.family.values(found.point), self.tolerance)
        if answer is None:
            raise DomainError(f"{self.family.name} cannot be priced at the end of its calibration")
        return answer[0]

    def cost(self, values: FloatArray) -> float:
        """Sum of squares at a guess; infinite where it cannot be evaluated."""
        point = self.family.coordinates(self.family.clipped(values))
        answer = self.residuals(point)
        if answer is None:
            return np.inf
        self._guessed[point.tobytes()] = answer
        return float(answer[0] @ answer[0])

    def descend(self, values: FloatArray, known: Found | None = None) -> Found | None:
        """From a guess, with loose prices; at most into the neighbourhood of an end point that is known."""
        start = self.family.coordinates(self.family.clipped(values))
        least = self.quotes.count * (0.1 * MET) ** 2
        near = None if known is None else partial(_is_near, known, self.quotes.count)
        stop = Stop(least, 3e-4, 1e-5, MOST_ITERATIONS, near)
        return descend(self._first, start, self.low, self.high, stop)

    def _first(self, coordinates: FloatArray) -> tuple[FloatArray, FloatArray] | None:
        """As `residuals`; a guess that has been measured is not evaluated again."""
        answer = self._guessed.pop(coordinates.tobytes(), None)
        return self.residuals(coordinates) if answer is None else answer

    def polish(self, found: Found) -> Found:
        """To the end, with tight prices."""
        met = found.cost <= self.quotes.count * MET**2
        self.tolerance = TIGHTEST if met else self._tolerances[1]
        stop = Stop(self.quotes.count * TINY**2, 1e-8, 1e-9, MOST_ITERATIONS)
        done = descend(self.residuals, found.point, self.low, self.high, stop, damping=1e-9 if met else 1e-4)
        if done is None:
            raise DomainError(f"{self.family.name} cannot be priced tightly at the end of its calibration")
        return done


def search(
    family: Family,
    smiles: Smiles,
    quotes: CalibrationQuotes,
    starts: Callable[[Objective], Sequence[tuple[float, ...]]],
    watch: Watch,
    told: tuple[str, ...] = (),
) -> CalibrationResult:
    """Calibrate from `starts`, parameters in the family's order; `told` goes before all other notes.

    Raises DomainError where the model cannot be evaluated at any start.
    """
    began = time.perf_counter()
    quotes.require(len(family.parameters))
    objective = Objective(family, smiles, quotes, watch)
    guesses = [np.array(guess) for guess in starts(objective)]
    total = len(guesses) + 1
    ended: list[_Ended] = []
    best: Found | None = None
    for place, guess in enumerate(guesses):
        watch.tell(place, total)
        ended.append(_Ended(family.clipped(guess), objective.descend(guess, best)))
        best = _better(best, ended[-1].found)
    watch.tell(total - 1, total)
    if best is None:
        raise DomainError(f"{family.name} cannot be priced at any of {len(guesses)} starts")
    best = objective.polish(best)
    watch.tell(total, total)
    volatility = objective.volatility(best)
    reports = tuple(_report(family, one, best, quotes.count) for one in ended)
    iterations = best.iterations + sum(one.found.iterations for one in ended if one.found is not None)
    return _result(objective, best, volatility, reports, iterations, began, told)


def _better(best: Found | None, found: Found | None) -> Found | None:
    if best is None or found is None:
        return best or found
    return found if found.cost < best.cost else best


def _is_near(known: Found, count: int, point: FloatArray) -> bool:
    """Whether linear theory puts the smiles of two points within `NEAR` of each other."""
    difference = (point - known.point) @ known.slopes
    met = known.cost <= count * MET**2
    allowed = count * NEAR_MET**2 if met else min(count * NEAR**2, SHARE**2 * known.cost)
    return float(difference @ difference) < allowed


def _report(family: Family, ended: _Ended, best: Found, count: int) -> StartReport:
    start, found = ended
    if found is None:
        told = tuple(start.tolist())
        return StartReport(told, told, float("nan"), 0, converged=False, same_optimum=False)
    error = float(np.sqrt(found.cost / count))
    same = _is_near(best, count, found.point)
    end = tuple(family.values(found.point).tolist())
    return StartReport(tuple(start.tolist()), end, error, found.iterations, found.converged, same)


def _result(
    objective: Objective,
    best: Found,
    volatility: FloatArray,
    starts: tuple[StartReport, ...],
    iterations: int,
    began: float,
    told: tuple[str, ...],
) -> CalibrationResult:
    family, quotes = objective.family, objective.quotes
    values = family.values(best.point)
    scale = np.where(family.logarithmic, values, 1.0)
    lower, upper = best.point <= objective.low, best.point >= objective.high
    known = confidence(family.parameters, best.slopes, best.cost, scale, lower | upper)
    deviations = np.sqrt(np.diagonal(known.covariance))
    parameters = tuple(
        ParameterEstimate(name, value, deviation, "lower" if low else "upper" if high else "")
        for name, value, deviation, low, high in zip(
            family.parameters, values.tolist(), deviations.tolist(), lower.tolist(), upper.tolist(), strict=True
        )
    )
    model = family.make(*values.tolist())
    error = (volatility - quotes.volatility)[quotes.weight > 0.0]
    feller = getattr(model, "feller", None)
    return CalibrationResult(
        family=family.name,
        model=model,
        rmse_volatility=float(np.sqrt(error @ error / error.size)),
        max_error=float(np.abs(error).max()),
        weighted_rmse=float(np.sqrt(best.cost / quotes.count)),
        iterations=iterations,
        evaluations=objective.evaluations,
        seconds=time.perf_counter() - began,
        converged=best.converged,
        parameters=parameters,
        covariance=tuple(tuple(row) for row in known.covariance.tolist()),
        condition_number=known.condition_number,
        weak_directions=known.weak,
        starts=starts,
        quotes=QuoteFit(quotes.years, quotes.strike, quotes.sign, quotes.weight, quotes.volatility, volatility),
        feller=feller,
        notes=told + _notes(parameters, known, starts, feller=feller, converged=best.converged),
    )


def _notes(
    parameters: tuple[ParameterEstimate, ...],
    known: Confidence,
    starts: tuple[StartReport, ...],
    *,
    feller: bool | None,
    converged: bool,
) -> tuple[str, ...]:
    notes = []
    if not converged:
        notes.append("the descent did not converge: the parameters are where it stopped")
    notes += [f"{one.name} is at the {one.at_bound} bound of its search" for one in parameters if one.at_bound]
    for weak in known.weak:
        names = ", ".join(name for name, _ in weak.change)
        notes.append(f"the quotes do not determine {names} together: {weak.volatility:.1e} of volatility a unit step")
    elsewhere = sum(not start.same_optimum for start in starts)
    if elsewhere:
        notes.append(f"{elsewhere} of {len(starts)} starts ended elsewhere; the best end point is given")
    if feller is False:
        notes.append("Feller's condition does not hold: the variance reaches zero")
    return tuple(notes)
