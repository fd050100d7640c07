"""What every model priced by `fourier` offers. Refuses models whose law is no sum of `_parameters.Parts`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import fourier
from optionix_core.pricing._arrays import FloatArray, constants
from optionix_core.pricing._fourier_kernels import KERNELS
from optionix_core.pricing.implied_volatility import implied_volatility
from optionix_core.pricing.models._parameters import Parts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    ComplexArray = NDArray[np.complex128]


class FourierModel(ABC):
    """Prices, implied volatilities and the characteristic function from the parts of the log return."""

    __slots__ = ()

    @property
    @abstractmethod
    def parts(self) -> Parts:
        """What the log return is the sum of."""

    def characteristic_function(self, u: ArrayLike, expiry: float) -> ComplexArray:
        """E[exp(i u X)], X = ln(S_T / F), complex128 of the shape of `u`; u may be complex inside the strip.

        Raises InvalidValueError for a negative expiry.
        """
        if not 0.0 <= expiry <= 1e6:
            raise InvalidValueError("expiry", expiry, "zero or more years, at most 1e6")
        points = np.asarray(u, dtype=np.complex128)
        real, imaginary = np.ascontiguousarray(-points.imag).reshape(-1), np.ascontiguousarray(points.real).reshape(-1)
        size, phase = np.empty(points.size), np.empty(points.size)
        KERNELS.load("exponent_nodes")(self.parts.row, constants((float(expiry),)), real, imaginary, size, phase)
        result: ComplexArray = np.exp(size + 1j * phase).reshape(points.shape)
        return result

    def price(
        self,
        option_type: object,
        spot: ArrayLike,
        strike: ArrayLike,
        expiry: ArrayLike,
        rate: ArrayLike,
        dividend_yield: ArrayLike,
    ) -> float | FloatArray:
        """Present value, to about 1e-13 of the forward; arguments and errors as in `fourier.price`."""
        return fourier.price(self, option_type, spot, strike, expiry, rate, dividend_yield)

    def implied_volatility(
        self, spot: ArrayLike, strike: ArrayLike, expiry: ArrayLike, rate: ArrayLike, dividend_yield: ArrayLike
    ) -> float | FloatArray:
        """Black-Scholes volatility of the out-of-the-money option, per root year.

        nan where the time value is too small to determine one, and at zero expiry.
        """
        forward = np.asarray(spot) * np.exp((np.asarray(rate) - np.asarray(dividend_yield)) * np.asarray(expiry))
        side = np.where(np.asarray(strike) >= forward, 1.0, -1.0)
        value = self.price(side, spot, strike, expiry, rate, dividend_yield)
        return implied_volatility(side, value, spot, strike, expiry, rate, dividend_yield)
