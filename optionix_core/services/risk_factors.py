"""What a feed's history says of moves: deviations and correlations of factors, and betas to an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from optionix_core.errors import InvalidValueError, MissingDataError
from optionix_core.services.daily_history import ended_day

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from optionix_core.risk.betas import Beta
    from optionix_core.risk.reverse_stress import Factor
    from optionix_core.services.risk_history import HistorySource

    FloatArray = NDArray[np.float64]

DAYS: Final = 250
LEAST_DAYS: Final = 60
"""Fewer daily moves tell no correlations of a few factors."""


@dataclass(frozen=True, slots=True, eq=False)
class HistoryFactors:
    """Factors with the deviations of a horizon, and their correlations."""

    factors: tuple[Factor, ...]
    correlations: FloatArray
    days: int
    """Daily moves that they were taken from."""
    horizon_days: int
    notes: tuple[str, ...]


def history_factors(
    feed: HistorySource, underlyings: Sequence[str], moment: datetime, horizon_days: int = 1, days: int = DAYS
) -> HistoryFactors:
    """Spots, and volatilities where every history has them, as factors of `reverse_stress`.

    Deviations are root mean squares of daily logarithmic moves, about zero, times the root of the horizon; correlations
    are those of the daily moves. Raises MissingDataError as `history_scenarios` does.
    """
    import numpy as np

    from optionix_core.risk.reverse_stress import Factor, FactorKind
    from optionix_core.services.risk_history import history_scenarios

    if not 1 <= horizon_days <= 250:
        raise InvalidValueError("horizon_days", horizon_days, "from 1 to 250")
    found = history_scenarios(feed, underlyings, moment, days, LEAST_DAYS)
    names, rows = [], []
    for underlying in underlyings:
        shocks = found.scenarios.shocks(underlying)
        for kind, moves in ((FactorKind.SPOT, shocks.spot_return), (FactorKind.VOLATILITY, shocks.volatility_return)):
            if moves is not None:
                names.append((kind, underlying))
                rows.append(np.log1p(moves))
    table = np.stack(rows)
    deviations = np.sqrt(np.mean(table**2, axis=1) * horizon_days)
    still = [name for (_, name), size in zip(names, deviations.tolist(), strict=True) if not size > 0.0]
    if still:
        raise MissingDataError(f"{still[0]} did not move in {table.shape[1]} days: no deviation can be told")
    factors = tuple(
        Factor(kind=kind, name=name, deviation=size)
        for (kind, name), size in zip(names, deviations.tolist(), strict=True)
    )
    scaled = table / np.sqrt(np.mean(table**2, axis=1, keepdims=True))
    return HistoryFactors(factors, scaled @ scaled.T / table.shape[1], table.shape[1], horizon_days, found.notes)


def history_betas(feed: HistorySource, underlyings: Sequence[str], index: str, moment: datetime) -> dict[str, Beta]:
    """Betas to an index of the feed over the last 252 common days that have ended by `moment`.

    Raises as `betas.from_histories` does.
    """
    from optionix_core.risk.betas import from_histories

    until = ended_day(moment, (index, *underlyings))
    return from_histories({name: feed.history(name, until) for name in underlyings}, feed.history(index, until))
