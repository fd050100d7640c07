"""European options by other people's libraries, as arrays in and arrays out, where they are installed.

Every peer takes the same arrays in the same order: +1 and -1 (then the price, where a volatility is asked for), spot,
strike, expiry, rate, dividend yield and volatility. What a library does not offer, or only by raising for the first
price that has no volatility, is None and is not measured.
"""

from __future__ import annotations

import importlib.util
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Columns = tuple[Any, ...]


@dataclass(frozen=True)
class Peer:
    """One library's way to do the job."""

    name: str
    price: Callable[..., Any]
    greeks: Callable[..., Any] | None = None
    """Delta, gamma, vega, theta and rho, and vanna where `greek_count` is 6."""
    greek_count: int = 0
    implied: Callable[..., Any] | None = None
    most: int = 10**9
    """Rows that it is given: libraries that take one option at a time get few."""


def european() -> Iterator[Peer]:
    """Those that are installed."""
    yield Peer("numpy + scipy.special", _numpy_price)
    if _installed("QuantLib"):
        yield _quantlib()
    if _installed("fast_vollib"):
        yield _fast_vollib()
    if _installed("pyfeng"):
        yield _pyfeng()
    if _installed("financepy"):
        yield _financepy()


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _numpy_price(kind: Any, spot: Any, strike: Any, expiry: Any, rate: Any, carry: Any, volatility: Any) -> Any:
    from scipy.special import ndtr

    forward = spot * np.exp((rate - carry) * expiry)
    width = volatility * np.sqrt(expiry)
    d1 = np.log(forward / strike) / width + 0.5 * width
    return kind * np.exp(-rate * expiry) * (forward * ndtr(kind * d1) - strike * ndtr(kind * (d1 - width)))


def _quantlib() -> Peer:
    import QuantLib

    def rows(columns: Columns) -> Iterator[tuple[int, float, float, float, float, float, float]]:
        return zip(*(np.broadcast_to(column, columns[2].shape).tolist() for column in columns), strict=True)

    def price(*columns: Any) -> Any:
        values = []
        for w, s, k, t, r, q, v in rows(columns):
            side = QuantLib.Option.Call if w > 0 else QuantLib.Option.Put
            forward = s * math.exp((r - q) * t)
            values.append(QuantLib.blackFormula(side, k, forward, v * math.sqrt(t), math.exp(-r * t)))
        return np.array(values)

    def greeks(*columns: Any) -> Any:
        values = []
        for w, s, k, t, r, q, v in rows(columns):
            payoff = QuantLib.PlainVanillaPayoff(QuantLib.Option.Call if w > 0 else QuantLib.Option.Put, k)
            forward = s * math.exp((r - q) * t)
            one = QuantLib.BlackCalculator(payoff, forward, v * math.sqrt(t), math.exp(-r * t))
            values.append((one.delta(s), one.gamma(s), one.vega(t), one.theta(s, t), one.rho(t)))
        return np.array(values)

    def implied(*columns: Any) -> Any:
        values = []
        for w, p, s, k, t, r, q in rows(columns):
            side = QuantLib.Option.Call if w > 0 else QuantLib.Option.Put
            forward = s * math.exp((r - q) * t)
            try:
                width = QuantLib.blackFormulaImpliedStdDevLiRS(side, k, forward, p, math.exp(-r * t), 0.0)
            except RuntimeError:
                width = math.nan
            values.append(width / math.sqrt(t))
        return np.array(values)

    return Peer("QuantLib", price, greeks, 5, implied, most=4_000)


def _fast_vollib() -> Peer:
    import fast_vollib as fv

    form: dict[str, Any] = {"return_as": "numpy", "backend": "numpy"}

    def flags(kind: Any) -> Any:
        return np.where(kind > 0, "c", "p")

    def price(kind: Any, spot: Any, strike: Any, expiry: Any, rate: Any, carry: Any, volatility: Any) -> Any:
        return fv.fast_black_scholes_merton(flags(kind), spot, strike, expiry, rate, volatility, carry, **form)

    def greeks(kind: Any, spot: Any, strike: Any, expiry: Any, rate: Any, carry: Any, volatility: Any) -> Any:
        model = "black_scholes_merton"
        return fv.get_all_greeks(flags(kind), spot, strike, expiry, rate, volatility, carry, model=model, **form)

    def implied(kind: Any, price: Any, spot: Any, strike: Any, expiry: Any, rate: Any, carry: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = "black_scholes_merton"
            return fv.fast_implied_volatility(
                price, spot, strike, expiry, rate, flags(kind), carry, model=model, on_error="ignore", **form
            )

    return Peer("fast_vollib", price, greeks, 5, implied)


def _pyfeng() -> Peer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyfeng as pf

    def price(kind: Any, spot: Any, strike: Any, expiry: Any, rate: Any, carry: Any, volatility: Any) -> Any:
        return pf.Bsm(volatility, intr=rate, divr=carry).price(strike, spot, expiry, kind)

    def implied(kind: Any, price: Any, spot: Any, strike: Any, expiry: Any, rate: Any, carry: Any) -> Any:
        return pf.Bsm(0.2, intr=rate, divr=carry).impvol(price, strike, spot, expiry, kind)

    return Peer("PyFENG", price, implied=implied)


def _financepy() -> Peer:
    from financepy.models import black_scholes_analytic as bs
    from financepy.utils.global_types import OptionTypes

    def types(kind: Any) -> Any:
        return np.where(kind > 0, OptionTypes.EUROPEAN_CALL.value, OptionTypes.EUROPEAN_PUT.value)

    def price(kind: Any, spot: Any, strike: Any, expiry: Any, rate: Any, carry: Any, volatility: Any) -> Any:
        return bs.bs_value(spot, expiry, strike, rate, carry, volatility, types(kind))

    def greeks(kind: Any, spot: Any, strike: Any, expiry: Any, rate: Any, carry: Any, volatility: Any) -> Any:
        columns = (spot, expiry, strike, rate, carry, volatility, types(kind))
        return [f(*columns) for f in (bs.bs_delta, bs.bs_gamma, bs.bs_vega, bs.bs_theta, bs.bs_rho, bs.bs_vanna)]

    return Peer("FinancePy", price, greeks, 6)
