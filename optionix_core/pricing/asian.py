"""Options on the average of a price under Black-Scholes-Merton: geometric exactly, arithmetic exactly or by name.

Conventions of `black_scholes`: arguments broadcast, scalars give floats; InvalidValueError names field, value, bound
and row. `fixing_times` are year fractions from now of the fixings still to come, the same for all rows, increasing and
none after any expiry, with equal weights; a first fixing of zero is the spot. None is the continuous average from now
to expiry. The payment is made at expiry. Where the average began in the past, `past_share` is the share of its weight
that is known (3 of 12 fixings: 0.25) and `past_average` the average of that part.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optionix_core.errors import InvalidValueError
from optionix_core.pricing import _average, _average_density
from optionix_core.pricing._rows import (
    MARKET,
    OPTION_TYPE,
    Columns,
    Inputs,
    Mask,
    Rule,
    Value,
    chosen,
    evaluate,
    not_negative,
    positive,
)

FloatArray = NDArray[np.float64]
Method = Literal["turnbull-wakeman", "levy", "curran", "exact", "monte-carlo"]

METHODS = ("turnbull-wakeman", "levy", "curran", "exact", "monte-carlo")
_KERNELS = {
    "turnbull-wakeman": _average.two_moments,
    "levy": _average.two_moments,
    "curran": _average.conditioned,
    "exact": _average_density.price,
}
NEAREST = 1e-6
"""Distance of fixings, as a share of the last one's time, below which the exact method would need too many points."""


def geometric_price(
    option_type: object,
    spot: Inputs,
    strike: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
    fixing_times: Sequence[float] | FloatArray | None = None,
    past_average: Inputs | None = None,
    past_share: Inputs = 0.0,
) -> Value:
    """Price on the geometric average, exact: its logarithm is normal.

    A. Kemna and A. Vorst, J. Banking and Finance 14 (1990) 113-129. `past_average` is a geometric one.
    """
    fields, rules, times = _contract(
        option_type, spot, strike, expiry, rate, dividend_yield, volatility, fixing_times, past_average, past_share
    )
    return evaluate(partial(_average.geometric, times), fields, rules)


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
    past_average: Inputs | None = None,
    past_share: Inputs = 0.0,
) -> Value:
    """Price on the arithmetic average, exactly or by an approximation of one's choice.

    `"exact"`: the density of the average, built up fixing by fixing (A. Carverhill and L. Clewlow, "Flexible
    convolution", Risk 3 (April 1990) 25-29); error about 1e-13 of the spot with fixings, 1e-9 continuously. Takes
    milliseconds for each row that shares its market with no other, and a total deviation of at most 5.
    `"turnbull-wakeman"`: a lognormal variable of the exact first two moments, as E. G. Haug (2007), 4.20.2, has S.
    Turnbull and L. Wakeman, J. Financial and Quantitative Analysis 26 (1991) 377-389. `"levy"`: E. Levy, J. Int. Money
    and Finance 11 (1992) 474-491, which matches the same two moments and is the same number.
    `"curran"`: the option on the expected arithmetic average given the geometric one (M. Curran, Management Science 40
    (1994) 1705-1711; L. Rogers and Z. Shi, J. Applied Probability 32 (1995) 1077-1088), a lower bound, in general
    within 5e-5 of the spot. `"monte-carlo"`: 65,536 Sobol points with the geometric average as control, row by row, the
    continuous average in steps; `MonteCarloSimulator` takes other settings and gives standard error and bias.
    """
    kernel = _KERNELS.get(chosen("method", method, METHODS))
    if kernel is None:
        from optionix_core.pricing import _average_paths

        kernel = _average_paths.price
    fields, rules, times = _contract(
        option_type, spot, strike, expiry, rate, dividend_yield, volatility, fixing_times, past_average, past_share
    )
    if method == "exact":
        rules.append(Rule("volatility", "at most 5 once multiplied by the root of expiry", _narrow))
        _apart(times)
    return evaluate(partial(_average.seasoned, kernel, times), fields, rules)


def _contract(
    option_type: object,
    spot: Inputs,
    strike: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield: Inputs,
    volatility: Inputs,
    fixing_times: Sequence[float] | FloatArray | None,
    past_average: Inputs | None,
    past_share: Inputs,
) -> tuple[dict[str, object], list[Rule], FloatArray | None]:
    fields: dict[str, object] = {
        "option_type": option_type,
        "spot": spot,
        "strike": strike,
        "expiry": expiry,
        "rate": rate,
        "dividend_yield": dividend_yield,
        "volatility": volatility,
        "past_average": spot if past_average is None else past_average,
        "past_share": past_share,
    }
    rules = [OPTION_TYPE, positive("spot"), positive("strike"), *MARKET, positive("past_average")]
    rules.append(not_negative("past_share", 1.0))
    if past_average is None:
        rules.append(Rule("past_share", "zero where no past_average is given", _nothing_known))
    times = None if fixing_times is None else _times(fixing_times)
    if times is not None:
        last = float(times[-1])
        rules.append(Rule("expiry", f"at least the last fixing time {last!r}", partial(_reaches, last=last)))
    rules.append(
        Rule("volatility", "at most 20 once multiplied by the root of expiry", lambda c: _deviation(c) <= 20.0)
    )
    return fields, rules, times


def _nothing_known(c: Columns) -> Mask:
    return np.asarray(c["past_share"] == 0.0)


def _narrow(c: Columns) -> Mask:
    return _deviation(c) <= 5.0


def _apart(times: FloatArray | None) -> None:
    """Raises InvalidValueError naming the first fixing that is too near the one before it."""
    if times is not None:
        near = np.flatnonzero(np.diff(times) < NEAREST * times[-1])
        if near.size:
            row = int(near[0]) + 1
            bound = f"at least {NEAREST:g} of the last one after the one before, for the exact method"
            raise InvalidValueError("fixing_times", float(times[row]), bound, row)


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
