"""Natural units become market units in one table."""

from __future__ import annotations

import numpy as np
import pytest

from optionix_core.errors import UnknownNameError
from optionix_core.market import units


@pytest.mark.parametrize(
    ("name", "natural", "market", "label"),
    [
        ("vega", 27.5, 0.275, "per volatility point"),
        ("theta", -7.3, -0.02, "per calendar day"),
        ("rho", 50.0, 0.5, "per rate point"),
        ("epsilon", -50.0, -0.5, "per dividend yield point"),
        ("vanna", 0.4, 0.004, "delta per volatility point"),
        ("volga", 12.0, 0.0012, "per volatility point squared"),
        ("charm", 0.365, 0.001, "delta per calendar day"),
        ("veta", 36.5, 0.001, "per volatility point per calendar day"),
        ("implied_volatility", 0.249, 24.9, "volatility points"),
        ("delta", 0.5, 0.5, "per 1.00 of the underlying"),
    ],
)
def test_each_quantity_has_its_factor_and_label(name: str, natural: float, market: float, label: str) -> None:
    assert units.to_market(name, natural) == pytest.approx(market, rel=1e-15)
    assert units.from_market(name, market) == pytest.approx(natural, rel=1e-15)
    assert units.unit(name).label == label


def test_the_named_conversions_agree_with_the_table() -> None:
    assert units.vega_per_point(27.5) == units.to_market("vega", 27.5)
    assert units.theta_per_day(-7.3) == units.to_market("theta", -7.3)
    assert units.rho_per_point(50.0) == units.to_market("rho", 50.0)
    assert units.volatility_points(0.249) == units.to_market("implied_volatility", 0.249)


def test_arrays_convert_as_numbers_do() -> None:
    natural = np.array([1.0, np.nan, -3.0])
    assert np.array_equal(units.vega_per_point(natural), natural * 0.01, equal_nan=True)


def test_an_unknown_quantity_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="vegga"):
        units.to_market("vegga", 1.0)
