"""What early exercise adds to European puts of strike one, and where exercise begins: for tables of American values.

By the symmetry of puts and calls (`_american_value`) these serve calls too. Refuses discrete dividends, and markets in
which a put has two boundaries or none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing import _american_rules
from optionix_core.pricing._american_climb import boundaries
from optionix_core.pricing._american_record import ESTIMATE, UPPER_END
from optionix_core.pricing._american_series import EXPIRY, RATE, VOLATILITY, YIELD
from optionix_core.pricing._american_value import american_put, european_put

FloatArray = NDArray[np.float64]
Rows = NDArray[np.int64]


class Boundaries(NamedTuple):
    """Of puts with strike one that have one boundary each."""

    market: FloatArray
    """Expiry, rate, yield, volatility: shape (n, 4)."""
    records: FloatArray
    levels: FloatArray
    """Logarithm of the spot at and below which exercise is right now, shape (n,); nan where none was found."""


def one_boundary_each(market: FloatArray, accuracy: str = "standard") -> Boundaries:
    """Boundaries of markets with positive rates and expiries, shape (n, 4): expiry, rate, yield, volatility."""
    records = boundaries(market, _american_rules.ladder(accuracy))
    levels = np.where(np.isnan(records[:, ESTIMATE]), np.nan, records[:, UPPER_END])
    return Boundaries(market, records, levels)


def exercise_premiums(spot: FloatArray, picks: Rows, found: Boundaries, accuracy: str = "standard") -> FloatArray:
    """American less European put of strike one at `spot`, not below the boundary of market `picks`: shape (n,)."""
    points = _american_rules.ladder(accuracy).price_points
    whole = american_put(spot, picks, found.market, found.records, points).value
    columns = (found.market[picks, column] for column in (RATE, YIELD, EXPIRY, VOLATILITY))
    premium: FloatArray = whole - european_put(spot, np.log(spot), *columns).value
    return premium
