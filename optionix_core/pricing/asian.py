"""Options on the average of a price under Black-Scholes-Merton: geometric exactly, arithmetic by named approximations.

Conventions of `black_scholes`: arguments broadcast, scalars give floats; InvalidValueError names field, value, bound
and row. `fixing_times` are year fractions from now, the same for all rows, increasing and none after any expiry, with
equal weights; a first fixing of zero is the spot. None is the continuous average from now to expiry. The payment is
made at expiry. Refuses averages that began in the past: their known part belongs into strike and weight before
calling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import _average
from optionix_core.pricing._rows import MARKET, OPTION_TYPE, Columns, Inputs, Rule, Value, chosen, evaluate, positive

FloatArray = NDArray[np.float64]
Method = Literal["turnbull-wakeman", "curran", "monte-carlo"]

METHODS = ("turnbull-wakeman", "curran", "monte-carlo")


def geometric_price(
    option_type: object,
    spot: Inputs,
    strike: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
    fixing_times: Sequence[float] | FloatArray | None = None,
) -> Value:
    """Price on the geometric average, exact: its logarithm is normal.

    A. Kemna and A. Vorst, J. Banking and Finance 14 (1990) 113-129.
    """
    return _priced(
        _average.geometric, option_type, spot, strike, expiry, rate, dividend_yield, volatility, fixing_times
    )


def arithmetic_price(
    option_type: object,
    spot: Inputs,
    strike: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
    fixing_times: Sequence[float] | FloatArray | None = None,
    method: Method = "turnbull-wakeman",
) -> Value:
    """Price on the arithmetic average, by an approximation of one's choice.

    `"turnbull-wakeman"`: a lognormal with the exact first two moments (S. Turnbull and L. Wakeman, J. Financial and
    Quant. Analysis 26 (1991) 377-389, in the two-moment form of E. Levy and Haug, 4.20.2); good to about 1% of the
    time value at 50% volatility and a year. `"curran"`: conditioned on the geometric average (M. Curran, Management
    Science 40 (1994) 1705-1711; L. Rogers and Z. Shi, J. Appl. Prob. 32 (1995) 1077-1088), exercised where the expected
    average given the geometric one passes the strike. That is a lower bound, in general within 1e-4 of the price.
    `"monte-carlo"` is refused here, since it needs paths.
    """
    if chosen("method", method, METHODS) == "monte-carlo":
        raise InvalidValueError(
            "method", '"monte-carlo"', '"turnbull-wakeman" or "curran" here: paths are simulated by no closed form'
        )
    kernel = _average.two_moments if method == "turnbull-wakeman" else _average.conditioned
    return _priced(kernel, option_type, spot, strike, expiry, rate, dividend_yield, volatility, fixing_times)


def _priced(
    kernel: Callable[..., FloatArray],
    option_type: object,
    spot: Inputs,
    strike: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
    fixing_times: Sequence[float] | FloatArray | None,
) -> Value:
    fields = {
        "option_type": option_type,
        "spot": spot,
        "strike": strike,
        "expiry": expiry,
        "rate": rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
    }
    rules = [OPTION_TYPE, positive("spot"), positive("strike"), *MARKET]
    times = None if fixing_times is None else _times(fixing_times)
    if times is not None:
        last = float(times[-1])
        rules.append(Rule("expiry", f"at least the last fixing time {last!r}", partial(_reaches, last=last)))
    rules.append(
        Rule("volatility", "at most 20 once multiplied by the root of expiry", lambda c: _deviation(c) <= 20.0)
    )
    return evaluate(partial(kernel, times), fields, rules)


def _reaches(c: Columns, last: float) -> NDArray[np.bool_]:
    return c["expiry"] >= last


def _deviation(c: Columns) -> FloatArray:
    return c["volatility"] * np.sqrt(c["expiry"])


def _times(fixing_times: Sequence[float] | FloatArray) -> FloatArray:
    """Checked fixing times. Raises InvalidValueError naming the first that is out of order."""
    try:
        times = np.asarray(fixing_times, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidValueError("fixing_times", repr(fixing_times), "numbers") from error
    if times.ndim != 1 or times.size == 0:
        raise InvalidValueError("fixing_times", f"array of shape {times.shape}", "one-dimensional and not empty")
    before = np.concatenate(([-1.0], times[:-1]))
    wrong = ~((times >= 0.0) & (times > before) & np.isfinite(times))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InvalidValueError("fixing_times", float(times[row]), "zero or more years, finite and increasing", row)
    return times
