"""Closed forms under one constant volatility, each as a price over spot, expiry, rate, yield and volatility.

So that one means of differentiation gives the Greeks of all of them. Contracts with further dates move these with the
expiry that is asked for, and `edges` says how far the arguments may go. Refuses what the table has not let through.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from optionix_core.pricing.engine.result import Outcome, Request

Price = Callable[..., Any]
Edges = Mapping[str, tuple[float, float]]
AXES = ("spot", "expiry", "rate", "dividend_yield", "volatility")
FINITE = ("delta", "gamma", "vega", "theta", "rho", "epsilon", "vanna", "volga")
"""Greeks by differentiation."""
EXACT = "a closed form in double precision: exact up to rounding, which is not bounded"
ROUGH = 1e-3
"""Estimated error of a Greek, over its size (or over 1e-3 of one), above which it is not given."""


class Form(NamedTuple):
    """A price over the five arguments, and where they may go."""

    price: Price
    edges: Edges
    unknown: str = EXACT
    precision: float = 2e-16
    """Relative error of the price, for its differentiation."""


class ClosedForm:
    """A method of the table that is a formula: called, it answers a request; `form` is the formula for arrays."""

    def __init__(self, form: Callable[[Request], Form]) -> None:
        self.form = form
        self.__doc__ = form.__doc__

    def __call__(self, request: Request) -> Outcome:
        """The price, and the Greeks that were asked for."""
        return solve(request, self.form(request))


def solve(request: Request, form: Form) -> Outcome:
    """The price, and the Greeks that were asked for."""
    market = request.market
    at = dict(
        zip(
            AXES,
            (market.spots[0], request.contract.expiry, market.rate, market.yields[0], request.model.volatility),
            strict=True,
        )
    )
    value = float(form.price(**at))
    names = tuple(name for name in request.greeks if name in FINITE)
    if not names:
        return Outcome(value, unknown=form.unknown, missing=_missing(request.greeks, {}))
    from optionix_core.pricing.differences import finite_greeks

    found = finite_greeks(form.price, **at, names=names, edges=form.edges, precision=form.precision)
    greeks = {}
    for name in names:
        size, error = float(getattr(found.greeks, name)), float(getattr(found.errors, name))
        if math.isfinite(size) and error <= ROUGH * max(abs(size), 1e-3):
            greeks[name] = size
    return Outcome(value, greeks, unknown=form.unknown, missing=_missing(request.greeks, greeks))


def _missing(asked: tuple[str, ...], given: Mapping[str, float]) -> str:
    """Why some Greeks are not there."""
    beyond = [name for name in asked if name not in FINITE]
    kinked = [name for name in asked if name in FINITE and name not in given]
    parts = []
    if beyond:
        parts.append(f"{', '.join(beyond)}: differentiation of the closed form gives {', '.join(FINITE)}")
    if kinked:
        parts.append(f"{', '.join(kinked)}: the price has no derivative here, or none to three digits")
    return "; ".join(parts)


def _side(spot: float, level: float) -> tuple[float, float]:
    """The side of `level` on which the spot lies; on it, the upper one."""
    return (level, math.inf) if spot >= level else (0.0, level)


@ClosedForm
def cash_or_nothing(request: Request) -> Form:
    """M. Rubinstein and E. Reiner (1991)."""
    from optionix_core.pricing import digital

    c = request.contract

    def price(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
        return digital.cash_or_nothing(
            int(c.option_type), spot, c.strike, expiry, rate, dividend_yield, volatility, c.cash
        )

    return Form(price, {})


@ClosedForm
def asset_or_nothing(request: Request) -> Form:
    """M. Rubinstein and E. Reiner (1991)."""
    from optionix_core.pricing import digital

    c = request.contract

    def price(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
        return digital.asset_or_nothing(int(c.option_type), spot, c.strike, expiry, rate, dividend_yield, volatility)

    return Form(price, {})


@ClosedForm
def one_touch(request: Request) -> Form:
    """E. Reiner and M. Rubinstein (1991)."""
    from optionix_core.pricing import digital

    c = request.contract

    def price(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
        return digital.one_touch(spot, c.barrier, expiry, rate, dividend_yield, volatility, c.cash, c.pay_at)

    return Form(price, {"spot": _side(request.market.spots[0], c.barrier)})


@ClosedForm
def no_touch(request: Request) -> Form:
    """E. Reiner and M. Rubinstein (1991)."""
    from optionix_core.pricing import digital

    c = request.contract

    def price(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
        return digital.no_touch(spot, c.barrier, expiry, rate, dividend_yield, volatility, c.cash)

    return Form(price, {"spot": _side(request.market.spots[0], c.barrier)})


@ClosedForm
def single_barrier(request: Request) -> Form:
    """E. Reiner and M. Rubinstein, "Breaking Down the Barriers" (1991)."""
    from optionix_core.pricing import barrier

    c = request.contract

    def price(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
        return barrier.price(
            int(c.option_type),
            c.barrier_type,
            spot,
            c.strike,
            c.barrier,
            c.rebate,
            expiry,
            rate,
            dividend_yield,
            volatility,
        )

    return Form(price, {"spot": _side(request.market.spots[0], c.barrier)})


@ClosedForm
def double_barrier(request: Request) -> Form:
    """Series of reflections; see `barrier.double_price`."""
    from optionix_core.pricing import barrier

    c, spot_now = request.contract, request.market.spots[0]
    inside = c.lower < spot_now < c.upper
    within = (c.lower, c.upper) if inside else (0.0, c.lower) if spot_now <= c.lower else (c.upper, math.inf)

    def price(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
        return barrier.double_price(
            int(c.option_type),
            c.barrier_type,
            spot,
            c.strike,
            c.lower,
            c.upper,
            expiry,
            rate,
            dividend_yield,
            volatility,
        )

    return Form(price, {"spot": within})


@ClosedForm
def partial_barrier(request: Request) -> Form:
    """R. Heynen and H. Kat (1994); see `barrier.partial_price`."""
    from optionix_core.pricing import barrier

    c = request.contract
    edges = {"expiry": (c.expiry - c.barrier_time, math.inf)}
    if c.window == "start":
        edges["spot"] = _side(request.market.spots[0], c.barrier)

    def price(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
        time = np.maximum(c.barrier_time + (expiry - c.expiry), 0.0)
        return barrier.partial_price(
            int(c.option_type),
            c.barrier_type,
            c.window,
            spot,
            c.strike,
            c.barrier,
            time,
            expiry,
            rate,
            dividend_yield,
            volatility,
        )

    return Form(price, edges)


@ClosedForm
def fixed_lookback(request: Request) -> Form:
    """A. Conze and R. Viswanathan (1991)."""
    from optionix_core.pricing import lookback

    c = request.contract

    def price(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
        extreme = spot if c.running_extreme is None else c.running_extreme
        return lookback.fixed_price(
            int(c.option_type), spot, extreme, c.strike, expiry, rate, dividend_yield, volatility
        )

    return Form(price, _beside_extreme(c, int(c.option_type)))


@ClosedForm
def floating_lookback(request: Request) -> Form:
    """M. Goldman, H. Sosin and M. Gatto (1979)."""
    from optionix_core.pricing import lookback

    c = request.contract

    def price(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
        extreme = spot if c.running_extreme is None else c.running_extreme
        return lookback.floating_price(int(c.option_type), spot, extreme, expiry, rate, dividend_yield, volatility)

    return Form(price, _beside_extreme(c, -int(c.option_type)))


def _beside_extreme(contract: Any, side: int) -> Edges:
    """Spots that agree with the extreme so far: below a highest price (+1), above a lowest one (-1)."""
    extreme = contract.running_extreme
    if extreme is None:
        return {}
    return {"spot": (0.0, extreme) if side > 0 else (extreme, math.inf)}


@ClosedForm
def compound(request: Request) -> Form:
    """R. Geske (1979); M. Rubinstein (1991)."""
    from optionix_core.pricing import compound as formula

    c = request.contract

    def price(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
        return formula.price(
            int(c.option_type),
            int(c.underlying_option_type),
            spot,
            c.strike,
            c.underlying_strike,
            expiry,
            c.underlying_expiry + (expiry - c.expiry),
            rate,
            dividend_yield,
            volatility,
        )

    return Form(price, {})


@ClosedForm
def chooser(request: Request) -> Form:
    """M. Rubinstein, "Options for the Undecided" (1991)."""
    from optionix_core.pricing import chooser as formula

    c = request.contract
    simple = c.call_strike == c.put_strike and c.call_expiry == c.put_expiry

    def price(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
        shift = expiry - c.expiry
        choice = np.maximum(c.choice_time + shift, 0.0)
        if simple:
            return formula.simple_price(spot, c.call_strike, choice, expiry, rate, dividend_yield, volatility)
        call_end, put_end = (np.maximum(end + shift, choice) for end in (c.call_expiry, c.put_expiry))
        return formula.complex_price(
            spot, c.call_strike, c.put_strike, choice, call_end, put_end, rate, dividend_yield, volatility
        )

    return Form(price, {"expiry": (c.expiry - c.choice_time, math.inf)})


@ClosedForm
def forward_start(request: Request) -> Form:
    """M. Rubinstein, "Pay Now, Choose Later" (1991)."""
    from optionix_core.pricing import forward_start as formula

    c = request.contract

    def price(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
        start = np.maximum(c.start + (expiry - c.expiry), 0.0)
        return formula.price(int(c.option_type), spot, c.moneyness, start, expiry, rate, dividend_yield, volatility)

    return Form(price, {"expiry": (c.expiry - c.start, math.inf)})


@ClosedForm
def quanto(request: Request) -> Form:
    """E. Reiner, "Quanto mechanics" (1992)."""
    from optionix_core.errors import InvalidValueError
    from optionix_core.pricing import quanto as formula

    c, model, foreign = request.contract, request.model, request.market.foreign_rate
    if foreign is None:
        raise InvalidValueError("foreign_rate", None, "given: a quanto needs the rate of the asset's currency")

    def price(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
        return formula.price(
            int(c.option_type),
            spot,
            c.strike,
            expiry,
            rate,
            foreign,
            dividend_yield,
            volatility,
            model.fx_volatility,
            model.correlation,
            c.exchange_rate,
        )

    return Form(price, {})
