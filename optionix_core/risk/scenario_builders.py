"""Scenario sets from what others have: histories of returns, simulated moves, and grids of moves.

They put arrays into the form of `ScenarioSet` and name the scenarios; they draw nothing and fill nothing in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.risk.scenarios import EVERYTHING, RateShocks, ScenarioSet, StickyRule, UnderlyingShocks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    FloatArray = NDArray[np.float64]

VolatilityMove = Literal["change", "return"]


def from_moves(
    names: Sequence[str],
    spot_returns: Mapping[str, ArrayLike],
    *,
    volatility_changes: Mapping[str, ArrayLike] | None = None,
    volatility_returns: Mapping[str, ArrayLike] | None = None,
    tenors: ArrayLike | None = None,
    rate_changes: Mapping[str, ArrayLike] | None = None,
    rate_tenors: ArrayLike | None = None,
    exchange_returns: Mapping[str, ArrayLike] | None = None,
    days: float = 0.0,
    weights: ArrayLike | None = None,
    sticky: StickyRule = StickyRule.STRIKE,
    sources: Sequence[str] = (),
) -> ScenarioSet:
    """Scenarios from arrays by underlying or currency, each of shape (n,), or (n, tenors) where tenors are given.

    `spot_returns` are relative, as `exchange_returns`; volatilities move by `volatility_changes` (added) and
    `volatility_returns` (relative); `rate_changes` are added to zero rates. `days` pass in every scenario. A mapping of
    volatilities may speak only of underlyings that `spot_returns` has.
    """
    changes, returns = volatility_changes or {}, volatility_returns or {}
    for underlying in (*changes, *returns):
        if underlying not in spot_returns:
            raise InvalidValueError("underlying with volatility moves", underlying, "one with spot moves")
    count = len(names)
    return ScenarioSet(
        names=tuple(names),
        underlyings={
            underlying: UnderlyingShocks(
                spot_return=_array(moves),
                volatility_change=_array(changes.get(underlying)),
                volatility_return=_array(returns.get(underlying)),
                tenors=_array(tenors),
            )
            for underlying, moves in spot_returns.items()
        },
        rates={
            currency: RateShocks(change=np.asarray(moves, dtype=np.float64), tenors=_array(rate_tenors))
            for currency, moves in (rate_changes or {}).items()
        },
        exchange_rates={
            currency: np.asarray(moves, dtype=np.float64) for currency, moves in (exchange_returns or {}).items()
        },
        days=None if days == 0.0 else np.full(count, days),
        weights=_array(weights),
        sticky=sticky,
        sources=tuple(sources),
    )


def of_days(days: Sequence[date], horizon: int = 1) -> tuple[str, ...]:
    """Names of historical scenarios, by the day that each move ends on."""
    return tuple(f"{day.isoformat()}{'' if horizon == 1 else f' ({horizon} days)'}" for day in days)


def grid(
    spot_returns: Sequence[float],
    volatility_moves: Sequence[float] = (0.0,),
    days: Sequence[float] = (0.0,),
    *,
    volatility: VolatilityMove = "change",
    underlyings: Sequence[str] = (EVERYTHING,),
    sticky: StickyRule = StickyRule.STRIKE,
) -> ScenarioSet:
    """Every combination, spot moves outermost and days innermost: reshape to (spots, volatilities, days).

    Spot moves are relative; `volatility_moves` are added to volatilities, or relative with `volatility="return"`.
    """
    for name, values in (("spot_returns", spot_returns), ("volatility_moves", volatility_moves), ("days", days)):
        if len(values) == 0:
            raise InvalidValueError(name, "()", "at least one number")
        if len(set(values)) != len(values):
            raise InvalidValueError(name, tuple(values), "each given once")
    axes = np.meshgrid(np.asarray(spot_returns), np.asarray(volatility_moves), np.asarray(days), indexing="ij")
    spots, moves, passing = (np.ascontiguousarray(axis, dtype=np.float64).reshape(-1) for axis in axes)
    names = tuple(
        f"spot {spot:+.6g}, volatility {move:+.6g}{'' if volatility == 'change' else ' relative'}, {gone:.6g} days"
        for spot, move, gone in zip(spots, moves, passing, strict=True)
    )
    shocks = UnderlyingShocks(
        spot_return=spots,
        volatility_change=moves if volatility == "change" else None,
        volatility_return=moves if volatility == "return" else None,
    )
    return ScenarioSet(names=names, underlyings=dict.fromkeys(underlyings, shocks), days=passing, sticky=sticky)


def unchanged() -> ScenarioSet:
    """One scenario in which nothing happens."""
    return ScenarioSet(names=("unchanged",), underlyings={EVERYTHING: UnderlyingShocks()})


def _array(values: ArrayLike | None) -> FloatArray | None:
    return None if values is None else np.asarray(values, dtype=np.float64)
