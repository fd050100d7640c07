"""Real index chains: our volatilities against the vendor's, out of the money, where both have one.

Only the moment and parity are ours to choose, and neither looks at the vendor's volatility. The vendor's figures
of February 2022 are of another moment than the quotes beside them, hence the wide bound.
"""

from __future__ import annotations

import numpy as np
import pytest

from optionix_core.feeds import files
from optionix_core.volatility.solve import solve

CHAINS = [
    ("SPX_2023-02-07_abasuray.csv", 0.0005),
    ("SPX_2022-06-11_phammings.csv", 0.002),
    ("SPX_2022-02-05_lucacastelli.csv", 0.015),
    ("NDX_2022-02-05_lucacastelli.csv", 0.015),
]


@pytest.fixture(scope="module", params=CHAINS, ids=[name for name, _ in CHAINS])
def solved(request, shared_data):
    name, bound = request.param
    return solve(files.read(shared_data / "chains" / name)), bound


def test_our_volatilities_agree_with_the_vendors(solved):
    found, bound = solved
    differences = []
    for item in found.slices:
        if item.forward is None or not 7 <= item.days <= 400:
            continue
        for sign, quotes, side in ((1, item.source.call, item.call), (-1, item.source.put, item.put)):
            out = sign * (item.source.strikes - item.forward) >= 0.0
            with np.errstate(invalid="ignore"):
                chosen = out & (quotes.bid > 0.0) & (np.abs(side.delta) >= 0.05) & (np.abs(side.delta) <= 0.95)
            differences.append((side.iv - quotes.vendor_iv)[chosen])
    difference = np.concatenate(differences)
    difference = difference[np.isfinite(difference)]
    assert difference.size > 4000
    assert np.median(np.abs(difference)) <= bound


def test_every_quote_is_either_solved_or_has_its_reason(solved):
    found, _ = solved
    assert found.solved_count + sum(found.rejections.values()) == found.chain.row_count
    assert found.solved_count > 0.85 * found.chain.row_count


def test_forwards_rise_smoothly_and_rates_are_those_of_their_time(solved):
    found, _ = solved
    known = [item for item in found.slices if item.forward is not None]
    assert len(known) > 0.9 * sum(item.years > 0.0 for item in found.slices)
    for item in known:
        assert abs(item.forward / found.spot - 1.0) < 0.05 * max(item.years, 0.1)
        if 0.25 < item.years < 2.0:
            assert 0.0 < item.rate < 0.055  # Treasury bills: 0.2% to 1% in early 2022, 4.5% to 5% in early 2023
    assert found.spot_source == "implied"  # the files were saved after hours, beside the index of the close
