"""Every backtest of one series of forecasts, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optionix_core.errors import InvalidValueError
from optionix_core.risk.backtest.coverage import (
    CoverageTest,
    christoffersen_independence,
    christoffersen_joint,
    exceptions_of,
    kupiec,
    transitions_of,
)
from optionix_core.risk.backtest.nulls import Null
from optionix_core.risk.backtest.shortfall import SIMULATIONS, ShortfallTest, acerbi_szekely_z1, acerbi_szekely_z2
from optionix_core.risk.backtest.zones import TrafficLight, traffic_light

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Backtests:
    """Results by name, and what could not be tested and why."""

    kupiec: CoverageTest
    independence: CoverageTest
    joint: CoverageTest
    traffic_light: TrafficLight
    z1: ShortfallTest | None
    """None without expected shortfall or without an exception."""
    z2: ShortfallTest | None
    """None without expected shortfall."""
    exceptions: tuple[int, ...]
    """Places of the days that lost more than was told."""
    notes: tuple[str, ...]


def run_all(
    pnl: ArrayLike,
    value_at_risk: ArrayLike,
    probability: float,
    *,
    expected_shortfall: ArrayLike | None = None,
    null: Null | None = None,
    simulations: int = SIMULATIONS,
    seed: int = 0,
) -> Backtests:
    """All tests of `pnl` [days] against figures told before each, loss positive; `probability` 0.01 for 99%.

    Those of expected shortfall need it and the law of `null`. Raises as the tests do.
    """
    if (expected_shortfall is None) != (null is None):
        given = "null" if expected_shortfall is None else "expected_shortfall"
        raise InvalidValueError("expected_shortfall and null", f"{given} alone", "given together, or neither")
    hits = exceptions_of(pnl, value_at_risk)
    count = int(hits.sum())
    pairs = transitions_of(hits)
    z1 = z2 = None
    notes = []
    if expected_shortfall is None or null is None:
        notes.append("no expected shortfall was told: its backtests are left out")
    else:
        arguments = (pnl, value_at_risk, expected_shortfall, probability, null)
        z2 = acerbi_szekely_z2(*arguments, simulations=simulations, seed=seed)
        if count:
            z1 = acerbi_szekely_z1(*arguments, simulations=simulations, seed=seed)
        else:
            notes.append("no exception: Z1, which looks at nothing else, is left out")
    return Backtests(
        kupiec=kupiec(count, hits.size, probability),
        independence=christoffersen_independence(*pairs),
        joint=christoffersen_joint(*pairs, probability),
        traffic_light=traffic_light(count, hits.size, probability),
        z1=z1,
        z2=z2,
        exceptions=tuple(int(place) for place in hits.nonzero()[0]),
        notes=tuple(notes),
    )
