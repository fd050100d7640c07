"""What every model priced by `fourier` offers. Refuses models whose law is no sum of `_parameters.Parts`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import _fourier_greeks, fourier
from optionix_core.pricing._arrays import FloatArray, constants
from optionix_core.pricing._fourier_kernels import KERNELS
from optionix_core.pricing.implied_volatility import implied_volatility
from optionix_core.pricing.models._parameters import PARAMETERS, Parts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from optionix_core.pricing._results import Greeks

    ComplexArray = NDArray[np.complex128]


class FourierModel(ABC):
    """Prices, Greeks, gradients, implied volatilities and the characteristic function from the log return's parts.

    Arguments and errors as in `fourier.price`; `tolerance` is an error over the forward, 1e-13 to 1e-4.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def parts(self) -> Parts:
        """What the log return is the sum of."""

    @property
    @abstractmethod
    def mask(self) -> int:
        """The parts that the parameters belong to: bits of `_fourier_exponents`."""

    @property
    @abstractmethod
    def level(self) -> int:
        """What vega is the derivative in: one of `_parameters`."""

    @property
    @abstractmethod
    def level_now(self) -> float:
        """Volatility at time zero without jumps, per root year."""

    @property
    @abstractmethod
    def places(self) -> tuple[int, ...]:
        """Where the parameters stand in the row of `parts`."""

    @property
    def full_row(self) -> FloatArray:
        """Parameters as the kernels take them."""
        return self.parts.row

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the rows of `gradient`, in its order."""
        return tuple(PARAMETERS[place] for place in self.places)

    def characteristic_function(self, u: ArrayLike, expiry: float) -> ComplexArray:
        """E[exp(i u X)], X = ln(S_T / F), complex128 of the shape of `u`; u may be complex inside the strip.

        Raises InvalidValueError for a negative expiry.
        """
        if not 0.0 <= expiry <= 1e6:
            raise InvalidValueError("expiry", expiry, "zero or more years, at most 1e6")
        points = np.asarray(u, dtype=np.complex128)
        if expiry == 0.0:
            return np.ones(points.shape, dtype=np.complex128)
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
        tolerance: float = fourier.AIM,
    ) -> float | FloatArray:
        """Present value, to about `tolerance` of the forward."""
        return fourier.price(self, option_type, spot, strike, expiry, rate, dividend_yield, tolerance)

    def greeks(
        self,
        option_type: object,
        spot: ArrayLike,
        strike: ArrayLike,
        expiry: ArrayLike,
        rate: ArrayLike,
        dividend_yield: ArrayLike,
        names: tuple[str, ...] | None = None,
        tolerance: float = fourier.AIM,
    ) -> Greeks[Any]:
        """Price and Greeks in natural units, each to about 1e-11 of the largest among nearby strikes.

        By default delta, gamma, vega, theta, rho, epsilon, vanna, volga, charm, speed, dual_delta and dual_gamma;
        `names` picks some of them, in the order asked, after `price`. Vega, vanna and volga are derivatives in the
        volatility now, all other parameters fixed: sqrt(v0) for Heston and Bates; for two factors the square root of
        the sum of both variances, in fixed proportion; `volatility` for Merton and Variance Gamma. Theta and charm are
        in calendar time, per year. Where the payoff's kink is met with no variance left, Greeks are one-sided limits as
        Black-Scholes', and vega, vanna and volga nan while time is left. Raises UnknownNameError for another name;
        DomainError where a derivative does not exist, as gamma at the singularity of a short Variance Gamma.
        """
        arguments = (option_type, spot, strike, expiry, rate, dividend_yield)
        return _fourier_greeks.greeks(self, arguments, names, tolerance)

    def gradient(
        self,
        option_type: object,
        spot: ArrayLike,
        strike: ArrayLike,
        expiry: ArrayLike,
        rate: ArrayLike,
        dividend_yield: ArrayLike,
        tolerance: float = fourier.AIM,
    ) -> FloatArray:
        """Derivatives of the price in each of `parameter_names`: an array of one more dimension, parameters first.

        Analytic, under the integral: Y. Cui, S. del Bano Rollin, G. Germano, Eur. J. Oper. Res. 263 (2017) 625, for
        Heston; the other parts likewise. nan where a strike at the forward meets no variance with time left.
        """
        arguments = (option_type, spot, strike, expiry, rate, dividend_yield)
        return _fourier_greeks.gradient(self, arguments, tolerance)

    def price_and_gradient(
        self,
        option_type: object,
        spot: ArrayLike,
        strike: ArrayLike,
        expiry: ArrayLike,
        rate: ArrayLike,
        dividend_yield: ArrayLike,
        tolerance: float = fourier.AIM,
    ) -> tuple[FloatArray, FloatArray]:
        """Both from the same sums, for what calls them often."""
        arguments = (option_type, spot, strike, expiry, rate, dividend_yield)
        return _fourier_greeks.price_and_gradient(self, arguments, tolerance)

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
