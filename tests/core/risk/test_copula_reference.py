"""Value at risk by the Student-t copula against 10^7 paths of another generator.

The reference draws correlated normals and chi-squared numbers by numpy's PCG64, seed 20260701, and takes the same laws
with scipy's distributions; `test_reference` recomputes it. Its standard errors are told beside it.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from optionix_core.risk import value_at_risk
from tests.core.risk.straddle_book import (
    CORRELATION,
    DEGREES,
    RETURN_SCALE,
    VOLATILITY_DEGREES,
    VOLATILITY_SCALE,
    Straddle,
    law,
    short_pnl,
)

SEED, PATHS, CHUNK = 20_260_701, 10_000_000, 500_000
BOOK = Straddle(100.0, 100.0, 21.0 / 252.0, 0.2)
LINEAR = np.array([1_000_000.0, -50_000.0])
"""Currency a unit of each factor's log move: long the index, short its volatility."""
REFERENCE = {"linear": (38_527.0098, 33.187), "straddle": (1.178521788, 0.0017474)}
"""Value at risk at 99% of 10^7 paths and its standard error."""


def reference_moves(draws: np.random.Generator) -> np.ndarray:
    normals = draws.standard_normal((2, CHUNK))
    normals[1] = CORRELATION * normals[0] + np.sqrt(1.0 - CORRELATION**2) * normals[1]
    joint = normals / np.sqrt(draws.chisquare(DEGREES, CHUNK) / DEGREES)
    volatility = special.stdtrit(VOLATILITY_DEGREES, special.stdtr(DEGREES, joint[1]))
    return np.stack([RETURN_SCALE * joint[0], VOLATILITY_SCALE * volatility])


@pytest.mark.soak
def test_reference() -> None:
    draws = np.random.default_rng(SEED)
    pnl = {name: np.empty(PATHS) for name in REFERENCE}
    for first in range(0, PATHS, CHUNK):
        moves = reference_moves(draws)
        pnl["linear"][first : first + CHUNK] = LINEAR @ moves
        pnl["straddle"][first : first + CHUNK] = short_pnl(BOOK, moves)
    for name, values in pnl.items():
        found = value_at_risk.quantile_interval(values, 0.99)
        assert value_at_risk.historical(values, 0.99) == pytest.approx(REFERENCE[name][0], rel=1e-5), name
        assert found.standard_error == pytest.approx(REFERENCE[name][1], rel=0.02), name


@pytest.mark.parametrize("name", ["linear", "straddle"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_copula_lies_within_two_standard_errors_of_the_reference(name: str, seed: int) -> None:
    moves = law(seed).moves(100_000)
    pnl = LINEAR @ moves if name == "linear" else short_pnl(BOOK, moves)
    found = value_at_risk.historical(pnl, 0.99)
    error = value_at_risk.quantile_interval(pnl, 0.99).standard_error
    reference, own = REFERENCE[name]
    assert abs(found - reference) <= 2.0 * float(np.hypot(error, own))
    # So narrow that another law would show: a normal copula with normal moves of the same spread tells far less.
    assert error < 0.02 * reference
