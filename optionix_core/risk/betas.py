"""Betas of underlyings to an index, from daily histories, with their standard errors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from optionix_core.errors import InvalidValueError, MissingDataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from optionix_core.market.protocols import PriceHistory

LEAST_RETURNS: Final = 30
"""Fewer daily returns tell no beta."""


class Beta(NamedTuple):
    """A slope of ordinary least squares with an intercept."""

    beta: float
    standard_error: float
    """Homoscedastic."""
    r_squared: float
    observations: int


def estimate(returns: ArrayLike, index_returns: ArrayLike) -> Beta:
    """Slope of `returns` on `index_returns`, both of shape (days,), of the same days.

    Raises InvalidValueError for shapes that differ, MissingDataError for fewer than 30 days or an index that stands
    still. Source: Greene, Econometric Analysis (2012), section 3.2 and eq. 4-18 of the variance of the slope.
    """
    own = np.asarray(returns, dtype=np.float64)
    index = np.asarray(index_returns, dtype=np.float64)
    if own.shape != index.shape or own.ndim != 1:
        raise InvalidValueError("shape of returns", own.shape, f"that of the index, {index.shape}, and of one axis")
    if not (np.isfinite(own).all() and np.isfinite(index).all()):
        raise MissingDataError("a return is not a number: a beta needs days that both have")
    count = own.size
    if count < LEAST_RETURNS:
        raise MissingDataError(f"a beta needs at least {LEAST_RETURNS} common daily returns (there are {count})")
    centred = index - index.mean()
    spread = float(centred @ centred)
    if spread == 0.0:
        raise MissingDataError("the index stood still: no beta can be told")
    beta = float(centred @ own) / spread
    left = own - own.mean() - beta * centred
    unexplained = float(left @ left)
    whole = float((own - own.mean()) @ (own - own.mean()))
    error = math.sqrt(unexplained / (count - 2) / spread)
    return Beta(beta, error, 1.0 - unexplained / whole if whole > 0.0 else math.nan, count)


def from_histories(histories: Mapping[str, PriceHistory], index: PriceHistory, days: int = 252) -> dict[str, Beta]:
    """Betas by underlying from log returns of closes over the last `days` days that both histories have.

    A return spans two of the common days. Raises as `estimate` does, naming the underlying.
    """
    if days < LEAST_RETURNS:
        raise InvalidValueError("days", days, f"at least {LEAST_RETURNS}")
    closes = dict(zip(index.days, index.close.tolist(), strict=True))
    found = {}
    for underlying, history in histories.items():
        pairs = [
            (own, closes[day]) for day, own in zip(history.days, history.close.tolist(), strict=True) if day in closes
        ]
        table = np.log(np.array(pairs[-(days + 1) :], dtype=np.float64).reshape(-1, 2))
        moves = np.diff(table, axis=0)
        try:
            found[underlying] = estimate(moves[:, 0], moves[:, 1])
        except MissingDataError as error:
            raise MissingDataError(f"beta of {underlying} to {index.underlying}: {error}") from error
    return found
