"""Surfaces of real index chains: quotes met, no arbitrage on 201 points within five deviations at and between expiries.

The floors are what unconstrained least squares gets from the same quotes: five free SVI parameters for each expiry 96%
on the NDX file and 54% to 72% on the SPX files, three free SSVI parameters 69/49/36/50%, of which eSSVI keeps 0.85.
"""

from __future__ import annotations

import numpy as np
import pytest

from optionix_core.feeds import files
from optionix_core.volatility import VolatilitySurface
from optionix_core.volatility.solve import solve
from optionix_core.volatility.svi import durrleman

FLOORS = {
    "NDX_2022-02-05_lucacastelli.csv": {"svi": 0.96, "essvi": 0.85 * 0.69, "spline": 0.95},
    "SPX_2022-02-05_lucacastelli.csv": {"svi": 0.72, "essvi": 0.85 * 0.49, "spline": 0.95},
    "SPX_2022-06-11_phammings.csv": {"svi": 0.72, "essvi": 0.85 * 0.36, "spline": 0.95},
    "SPX_2023-02-07_abasuray.csv": {"svi": 0.72, "essvi": 0.85 * 0.50, "spline": 0.95},
}


@pytest.fixture(scope="module", params=FLOORS)
def chain(request, shared_data):
    return request.param, solve(files.read(shared_data / "chains" / request.param))


@pytest.mark.parametrize("model", ["svi", "essvi", "spline"])
def test_a_surface_meets_its_quotes_and_has_no_arbitrage(model, chain):
    name, solved = chain
    surface = VolatilitySurface.fit(solved, model)
    assert len(surface.slices) + len(surface.skipped) == len(solved.slices)
    assert len(surface.slices) >= 33
    count = sum(item.metrics.quotes for item in surface.slices)
    inside = sum(item.metrics.quotes * item.metrics.inside_bid_ask for item in surface.slices) / count
    assert inside >= FLOORS[name][model]
    report = surface.arbitrage()
    assert report.butterflies == ()
    assert report.calendars == ()
    years = surface.years
    for t in np.concatenate([0.5 * (years[1:] + years[:-1]), 0.9 * years[:-1] + 0.1 * years[1:]]).tolist():
        deviation = float(np.sqrt(surface.total_variance(0.0, t)))
        k = np.linspace(-5.0, 5.0, 201) * deviation
        assert durrleman(*surface.derivatives(k, t)[:3], k).min() > -1e-9
