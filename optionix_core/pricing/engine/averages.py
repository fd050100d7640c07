"""Asian options by formula: geometric averages exactly, arithmetic ones by the approximation that is named."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, Literal

import numpy as np

from optionix_core.pricing import asian
from optionix_core.pricing.engine.closed import EXACT, ClosedForm, Form, solve
from optionix_core.pricing.engine.result import Outcome, Request

FIXED, CONTINUOUS = 1e-13, 1e-9
"""Error of the density method over the spot, with fixings and with a continuous average."""
LOWER = "conditioning gives a lower bound, in general within 1e-4 of the price; how far below is not computed"
FITTED = "a lognormal fitted to two moments: no bound is known (about 1% of the time value at 50% and a year)"


@ClosedForm
def geometric(request: Request) -> Form:
    """Exact: the logarithm of the average is normal (A. Kemna and A. Vorst, 1990)."""
    return _form(request, None, EXACT)


@ClosedForm
def curran(request: Request) -> Form:
    """M. Curran (1994)."""
    return _form(request, "curran", LOWER)


@ClosedForm
def turnbull_wakeman(request: Request) -> Form:
    """S. Turnbull and L. Wakeman (1991), two moments."""
    return _form(request, "turnbull-wakeman", FITTED)


def density(request: Request) -> Outcome:
    """A. Carverhill and L. Clewlow (1990), to the error that `asian` states."""
    error = CONTINUOUS if request.contract.fixing_times is None else FIXED
    form = _form(request, "exact", "")._replace(precision=10.0 * error)
    return solve(request, form)._replace(error_bound=error * request.market.spots[0])


def _form(request: Request, method: Literal["curran", "turnbull-wakeman", "exact"] | None, unknown: str) -> Form:
    c = request.contract
    times = None if c.fixing_times is None else np.array(c.fixing_times)

    def at_once(fixings: Any, *arguments: Any) -> Any:
        if method is None:
            return partial(asian.geometric_price, fixing_times=fixings)(*arguments)
        return partial(asian.arithmetic_price, fixing_times=fixings, method=method)(*arguments)

    def price(spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> Any:
        arguments = (int(c.option_type), spot, c.strike, expiry, rate, dividend_yield, volatility)
        if times is None:
            return at_once(None, *arguments)
        lives = np.unique(expiry)
        if lives.size == 1:
            return at_once(times + (float(lives[0]) - c.expiry), *arguments)
        columns = np.broadcast_arrays(*(np.asarray(item, dtype=float) for item in arguments))
        value = np.empty(columns[0].shape)
        for life in lives.tolist():  # a formula's fixings are shared by its rows, and here each expiry has its own
            rows = columns[3] == life
            value[rows] = at_once(times + (life - c.expiry), *(column[rows] for column in columns))
        return value

    # The first fixing must stay ahead: a hair before it the formula would divide by no time at all.
    edges = {} if times is None else {"expiry": (c.expiry - 0.999 * float(times[0]), math.inf)}
    return Form(price, edges, unknown)
