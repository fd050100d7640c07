"""What every model of `pricing.models` owes, whatever its law: inherit `ModelContract` and say how models are drawn."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import black_scholes

STRIKES = np.linspace(50.0, 200.0, 61)
EXPIRIES = st.sampled_from([1.0 / 8766.0, 1.0 / 365.0, 7.0 / 365.0, 0.1, 0.5, 1.0, 3.0, 10.0, 30.0])
FEW = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
BAD_ROWS: list[tuple[str, tuple[Any, ...], int | None]] = [
    ("spot", (-1.0, 100.0, 1.0, 0.0, 0.0), None),
    ("strike", (100.0, [90.0, float("nan")], 1.0, 0.0, 0.0), 1),
    ("expiry", (100.0, [90.0, 95.0, 99.0], [1.0, 1.0, -1.0], 0.0, 0.0), 2),
    ("rate", (100.0, 90.0, 1.0, float("inf"), 0.0), None),
    ("dividend_yield", (100.0, 90.0, 1.0, 0.0, [0.0, float("nan")]), 1),
]


class ModelContract:
    """Parity, bounds, order, convexity, limits and errors."""

    models: ClassVar[st.SearchStrategy[Any]]
    """Models to draw."""
    bad_fields: ClassVar[dict[str, Any]]
    """A value outside the bound of each field."""
    black_scholes_limit: ClassVar[Any]
    """A model whose law is lognormal with volatility 0.2 for a spot of 100."""
    limit_error: ClassVar[float] = 1e-11
    tolerance: ClassVar[float] = 1e-10
    """Of prices at a spot of 100."""

    @FEW
    @given(data=st.data(), expiry=EXPIRIES, rate=st.floats(-0.05, 0.1), dividend_yield=st.floats(-0.02, 0.08))
    def test_prices_keep_parity_bounds_order_and_convexity(
        self, data: st.DataObject, expiry: float, rate: float, dividend_yield: float
    ) -> None:
        model = data.draw(self.models)
        calls = model.price("call", 100.0, STRIKES, expiry, rate, dividend_yield)
        puts = model.price("put", 100.0, STRIKES, expiry, rate, dividend_yield)
        spot, strikes = 100.0 * np.exp(-dividend_yield * expiry), STRIKES * np.exp(-rate * expiry)
        np.testing.assert_allclose(calls - puts, spot - strikes, rtol=0, atol=self.tolerance)
        assert np.all(calls >= np.maximum(spot - strikes, 0.0) - self.tolerance)
        assert np.all(calls <= spot + self.tolerance)
        assert np.all(puts <= strikes + self.tolerance)
        assert np.all(np.diff(calls) <= self.tolerance)
        assert np.all(np.diff(puts) >= -self.tolerance)
        assert np.all(np.diff(calls, 2) >= -4.0 * self.tolerance)

    @FEW
    @given(data=st.data(), expiry=EXPIRIES)
    def test_a_surface_prices_each_strike_as_it_would_alone(self, data: st.DataObject, expiry: float) -> None:
        model = data.draw(self.models)
        years = np.array([[expiry], [0.33], [0.0]])
        surface = model.price("call", 100.0, STRIKES[::20], years, 0.03, 0.01)
        alone = [[model.price("call", 100.0, k, t, 0.03, 0.01) for k in STRIKES[::20]] for t in years[:, 0]]
        np.testing.assert_allclose(surface, alone, rtol=0, atol=self.tolerance)
        np.testing.assert_array_equal(surface[2], np.maximum(100.0 - STRIKES[::20], 0.0))

    @FEW
    @given(data=st.data())
    def test_no_time_left_is_the_payoff(self, data: st.DataObject) -> None:
        model = data.draw(self.models)
        prices = model.price(np.array([[1], [-1]]), 100.0, STRIKES, 0.0, 0.05, 0.01)
        np.testing.assert_array_equal(prices, np.maximum([[1.0], [-1.0]] * (100.0 - STRIKES), 0.0))

    @pytest.mark.parametrize("expiry", [1.0 / 365.0, 1.0, 10.0])
    def test_the_limit_is_black_scholes(self, expiry: float) -> None:
        plain = black_scholes.price("put", 100.0, STRIKES, expiry, 0.03, 0.03, 0.2)
        prices = self.black_scholes_limit.price("put", 100.0, STRIKES, expiry, 0.03, 0.03)
        np.testing.assert_allclose(prices, plain, rtol=0, atol=self.limit_error)

    def test_fields_outside_their_bounds_are_named(self) -> None:
        model = self.black_scholes_limit
        fields = {name: getattr(model, name) for name in model.__slots__}
        for field, value in self.bad_fields.items():
            with pytest.raises(InvalidValueError, match=field) as caught:
                type(model)(**(fields | {field: value}))
            assert caught.value.field == field
            assert caught.value.value is value

    @pytest.mark.parametrize(("field", "arguments", "row"), BAD_ROWS)
    def test_rows_outside_their_bounds_are_named(self, field: str, arguments: tuple[Any, ...], row: int | None) -> None:
        with pytest.raises(InvalidValueError, match=field) as caught:
            self.black_scholes_limit.price("call", *arguments)
        assert caught.value.field == field
        assert caught.value.row == row
        assert caught.value.bound


class FourierContract(ModelContract):
    """What models priced by their characteristic function owe besides."""

    @FEW
    @given(data=st.data(), expiry=EXPIRIES)
    def test_the_log_return_has_mass_one_and_the_forward_is_its_mean(self, data: st.DataObject, expiry: float) -> None:
        mass, mean = data.draw(self.models).characteristic_function([0.0, -1j], expiry)
        assert mass == pytest.approx(1.0, abs=1e-14)
        assert mean == pytest.approx(1.0, abs=1e-12)

    @FEW
    @given(data=st.data(), expiry=EXPIRIES, tolerance=st.sampled_from([1e-11, 1e-9, 1e-7]))
    def test_a_tolerance_is_kept(self, data: st.DataObject, expiry: float, tolerance: float) -> None:
        model = data.draw(self.models)
        exact = model.price("call", 1.0, STRIKES / 100.0, expiry, 0.0, 0.0)
        quick = model.price("call", 1.0, STRIKES / 100.0, expiry, 0.0, 0.0, tolerance=tolerance)
        np.testing.assert_allclose(quick, exact, rtol=0, atol=1.05 * tolerance)

    @pytest.mark.parametrize("tolerance", [0.0, 1e-14, 1e-3, float("nan")])
    def test_a_tolerance_that_cannot_be_kept_is_refused(self, tolerance: float) -> None:
        with pytest.raises(InvalidValueError, match="tolerance"):
            self.black_scholes_limit.price("call", 100.0, 100.0, 1.0, 0.0, 0.0, tolerance=tolerance)

    @pytest.mark.parametrize("expiry", [1.0 / 365.0, 1.0, 10.0])
    def test_greeks_in_the_limit_are_black_scholes(self, expiry: float) -> None:
        names = ("delta", "gamma", "theta", "rho", "epsilon", "charm", "speed", "dual_delta", "dual_gamma")
        kinds = np.where(np.arange(STRIKES.size) % 2, 1, -1)
        ours = self.black_scholes_limit.greeks(kinds, 100.0, STRIKES, expiry, 0.03, 0.01, names=names)
        plain = black_scholes.greeks(kinds, 100.0, STRIKES, expiry, 0.03, 0.01, 0.2, names=names)
        for name in ("price", *names):
            size = np.abs(getattr(plain, name)).max()
            np.testing.assert_allclose(
                getattr(ours, name), getattr(plain, name), rtol=0, atol=1e-11 * max(size, 1.0), err_msg=name
            )
