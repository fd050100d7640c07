"""Models fitted to quotes by least squares in volatility, with analytic derivatives, from several starts.

Deterministic: the same quotes give the same bits. What the quotes do not determine, and where starts disagree, is in
the result. Refuses American quotes (pass European prices or volatilities), fewer quotes than parameters, and prices
that have no volatility.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError, UnknownNameError
from optionix_core.volatility.calibration import families, sabr, starts
from optionix_core.volatility.calibration.quotes import CalibrationQuotes, of_prices
from optionix_core.volatility.calibration.result import CalibrationResult
from optionix_core.volatility.calibration.search import Objective, Watch, search
from optionix_core.volatility.calibration.shape import Shape, shape_of
from optionix_core.volatility.calibration.smiles import FourierSmiles

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Values = tuple[float, ...]
MOST_STARTS = 8
MODELS = (*families.FAMILIES, "sabr")
"""What can be calibrated."""


@dataclass(frozen=True, slots=True)
class CalibrationEngine:
    """Each method takes prices as arrays that broadcast, of any shape; `fit` takes prepared quotes.

    `rate` and `dividend_yield` (continuously compounded) may differ from quote to quote, so that each expiry has its
    own forward and discount factor. `expiries` in years, `option_types` as everywhere, `weights` what each squared
    error of volatility counts; None counts all the same. `progress` hears descents done and their number, `cancel` is
    asked before each evaluation. Raises InvalidValueError naming argument, value, bound and row; InterruptedByUserError
    where cancelled.
    """

    starts: int = 4
    """Descents, from 1 to 8; a model may know fewer."""

    def __post_init__(self) -> None:
        if isinstance(self.starts, bool) or not 1 <= self.starts <= MOST_STARTS:
            raise InvalidValueError("starts", self.starts, f"from 1 to {MOST_STARTS}")

    def heston(
        self,
        spot: ArrayLike,
        strikes: ArrayLike,
        expiries: ArrayLike,
        option_types: object,
        prices: ArrayLike,
        rate: ArrayLike,
        dividend_yield: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        progress: Callable[[int, int], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> CalibrationResult:
        """A HestonModel from at least five quotes."""
        quotes = of_prices(spot, strikes, expiries, option_types, prices, rate, dividend_yield, weights)
        return self.fit("heston", quotes, progress=progress, cancel=cancel)

    def bates(
        self,
        spot: ArrayLike,
        strikes: ArrayLike,
        expiries: ArrayLike,
        option_types: object,
        prices: ArrayLike,
        rate: ArrayLike,
        dividend_yield: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        progress: Callable[[int, int], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> CalibrationResult:
        """A BatesModel from at least eight quotes; begins from Heston's fit of the same quotes."""
        quotes = of_prices(spot, strikes, expiries, option_types, prices, rate, dividend_yield, weights)
        return self.fit("bates", quotes, progress=progress, cancel=cancel)

    def merton(
        self,
        spot: ArrayLike,
        strikes: ArrayLike,
        expiries: ArrayLike,
        option_types: object,
        prices: ArrayLike,
        rate: ArrayLike,
        dividend_yield: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        progress: Callable[[int, int], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> CalibrationResult:
        """A MertonModel from at least four quotes."""
        quotes = of_prices(spot, strikes, expiries, option_types, prices, rate, dividend_yield, weights)
        return self.fit("merton", quotes, progress=progress, cancel=cancel)

    def double_heston(
        self,
        spot: ArrayLike,
        strikes: ArrayLike,
        expiries: ArrayLike,
        option_types: object,
        prices: ArrayLike,
        rate: ArrayLike,
        dividend_yield: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        progress: Callable[[int, int], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> CalibrationResult:
        """A DoubleHestonModel from at least ten quotes; begins from Heston's fit of the same quotes."""
        quotes = of_prices(spot, strikes, expiries, option_types, prices, rate, dividend_yield, weights)
        return self.fit("double-heston", quotes, progress=progress, cancel=cancel)

    def sabr(
        self,
        spot: ArrayLike,
        strikes: ArrayLike,
        expiries: ArrayLike,
        option_types: object,
        prices: ArrayLike,
        rate: ArrayLike,
        dividend_yield: ArrayLike,
        weights: ArrayLike | None = None,
        beta: float = 1.0,
        *,
        progress: Callable[[int, int], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> CalibrationResult:
        """A SabrModel of this `beta` from at least three quotes.

        Its expansion is made for one expiry; where quotes are of several, one model is fitted to all and a note says
        so.
        """
        quotes = of_prices(spot, strikes, expiries, option_types, prices, rate, dividend_yield, weights)
        return self.fit("sabr", quotes, beta, progress=progress, cancel=cancel)

    def fit(
        self,
        model: str,
        quotes: CalibrationQuotes,
        beta: float = 1.0,
        *,
        progress: Callable[[int, int], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> CalibrationResult:
        """One of `MODELS` from prepared quotes; `beta` is SABR's. Raises UnknownNameError for another model."""
        if model == "sabr":
            return self._sabr(quotes, beta, Watch(progress, cancel))
        family = families.FAMILIES.get(model)
        if family is None:
            raise UnknownNameError("model to calibrate", model, MODELS)
        quotes.require(len(family.parameters))
        guesses = partial(_GUESSES[model], quotes, shape_of(quotes), self.starts)
        return search(family, FourierSmiles(family, quotes), quotes, guesses, Watch(progress, cancel))

    def _sabr(self, quotes: CalibrationQuotes, beta: float, watch: Watch) -> CalibrationResult:
        family = sabr.family(beta, quotes)
        quotes.require(len(family.parameters))
        shape = shape_of(quotes)
        known = sabr.guesses(beta, quotes, shape)[: self.starts]
        several = shape.years.size > 1
        told = (f"one SABR model for {shape.years.size} expiries: its expansion is made for one",) if several else ()
        return search(family, sabr.SabrSmiles(beta, quotes), quotes, lambda _: known, watch, told)


def _best(objective: Objective, guesses: Sequence[Values], most: int) -> list[Values]:
    """Those of the least errors, the best first."""
    costs = [objective.cost(np.array(guess)) for guess in guesses]
    return [guesses[place] for place in np.argsort(costs, kind="stable")[:most].tolist()]


def _heston_guesses(_quotes: CalibrationQuotes, shape: Shape, most: int, objective: Objective) -> Sequence[Values]:
    best = _best(objective, starts.heston_guesses(shape), 1)[0]
    return [best, *starts.heston_variations(best)][:most]


def _heston_fit(quotes: CalibrationQuotes, shape: Shape, objective: Objective) -> Values:
    """Of the same quotes, roughly: what richer models begin from."""
    inner = objective.of(families.HESTON, FourierSmiles(families.HESTON, quotes))
    best = _heston_guesses(quotes, shape, 1, inner)[0]
    found = inner.descend(np.array(best))
    objective.evaluations += inner.evaluations
    return best if found is None else tuple(families.HESTON.values(found.point).tolist())


def _bates_guesses(quotes: CalibrationQuotes, shape: Shape, most: int, objective: Objective) -> Sequence[Values]:
    heston, plain = _heston_fit(quotes, shape, objective), starts.heston_guesses(shape)[1]
    return _best(objective, starts.bates_guesses(heston, plain, float(np.median(shape.volatility))), most)


def _merton_guesses(_quotes: CalibrationQuotes, shape: Shape, most: int, objective: Objective) -> Sequence[Values]:
    return _best(objective, starts.merton_guesses(shape), most)


def _double_heston_guesses(
    quotes: CalibrationQuotes, shape: Shape, most: int, objective: Objective
) -> Sequence[Values]:
    return starts.double_heston_guesses(_heston_fit(quotes, shape, objective))[:most]


_GUESSES: dict[str, Callable[[CalibrationQuotes, Shape, int, Objective], Sequence[Values]]] = {
    "heston": _heston_guesses,
    "bates": _bates_guesses,
    "merton": _merton_guesses,
    "double-heston": _double_heston_guesses,
}
