"""Options on two lognormal assets: exchange, the lesser or greater of two, and spreads.

Conventions of `black_scholes`: arguments broadcast, scalars give floats; InvalidValueError names field, value, bound
and row. Correlations of +-1, no time and no volatility are limits. Strikes of the lesser and the greater may be zero,
those of spreads have either sign.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from optionix_core.pricing import _two_asset
from optionix_core.pricing._rows import (
    OPTION_TYPE,
    Inputs,
    Rule,
    Value,
    chosen,
    correlation,
    evaluate,
    expiry,
    finite,
    not_negative,
    positive,
    rate,
    volatility,
)

SpreadMethod = Literal["exact", "kirk"]

_RULES = (
    OPTION_TYPE,
    positive("spot_1"),
    positive("spot_2"),
    expiry(),
    rate("rate"),
    rate("dividend_yield_1"),
    rate("dividend_yield_2"),
    volatility("volatility_1"),
    volatility("volatility_2"),
    correlation(),
)


def exchange(
    option_type: object,
    spot_1: Inputs,
    spot_2: Inputs,
    strike: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield_1: Inputs,
    dividend_yield_2: Inputs,
    volatility_1: Inputs,
    volatility_2: Inputs,
    correlation: Inputs,
) -> Value:
    """Price of the right to exchange: a call gives asset 2 for asset 1, a put asset 1 for asset 2.

    `strike` must be zero. W. Margrabe, J. Finance 33 (1978) 177-186.
    """
    fields = _fields(
        option_type,
        spot_1,
        spot_2,
        strike,
        expiry,
        rate,
        dividend_yield_1,
        dividend_yield_2,
        volatility_1,
        volatility_2,
        correlation,
    )
    return evaluate(
        _two_asset.exchange, fields, (*_RULES, Rule("strike", "zero for an exchange", lambda c: c["strike"] == 0.0))
    )


def minimum(
    option_type: object,
    spot_1: Inputs,
    spot_2: Inputs,
    strike: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield_1: Inputs,
    dividend_yield_2: Inputs,
    volatility_1: Inputs,
    volatility_2: Inputs,
    correlation: Inputs,
) -> Value:
    """Price of an option on the lesser of the two assets. R. Stulz, J. Financial Economics 10 (1982) 161-185."""
    fields = _fields(
        option_type,
        spot_1,
        spot_2,
        strike,
        expiry,
        rate,
        dividend_yield_1,
        dividend_yield_2,
        volatility_1,
        volatility_2,
        correlation,
    )
    return evaluate(_two_asset.minimum, fields, (*_RULES, not_negative("strike")))


def maximum(
    option_type: object,
    spot_1: Inputs,
    spot_2: Inputs,
    strike: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield_1: Inputs,
    dividend_yield_2: Inputs,
    volatility_1: Inputs,
    volatility_2: Inputs,
    correlation: Inputs,
) -> Value:
    """Price of an option on the greater of the two assets. R. Stulz, J. Financial Economics 10 (1982) 161-185."""
    fields = _fields(
        option_type,
        spot_1,
        spot_2,
        strike,
        expiry,
        rate,
        dividend_yield_1,
        dividend_yield_2,
        volatility_1,
        volatility_2,
        correlation,
    )
    return evaluate(_two_asset.maximum, fields, (*_RULES, not_negative("strike")))


def spread(
    option_type: object,
    spot_1: Inputs,
    spot_2: Inputs,
    strike: Inputs,
    expiry: Inputs,
    rate: Inputs,
    dividend_yield_1: Inputs,
    dividend_yield_2: Inputs,
    volatility_1: Inputs,
    volatility_2: Inputs,
    correlation: Inputs,
    method: SpreadMethod = "exact",
) -> Value:
    """Price of an option on S1 - S2 against the strike.

    `"exact"`: the first asset's option given the second asset, integrated over the second with panels that close in on
    the exercise boundary; absolute error about 1e-13 of the spots. `"kirk"`: the approximation of E. Kirk, "Correlation
    in the energy markets" (Managing Energy Price Risk, 1995), which needs a forward of asset 2 plus strike above zero.
    """
    kirk = chosen("method", method, ("exact", "kirk")) == "kirk"
    kernel = _two_asset.kirk if kirk else _two_asset.spread
    more = (_KIRK,) if kirk else ()
    fields = _fields(
        option_type,
        spot_1,
        spot_2,
        strike,
        expiry,
        rate,
        dividend_yield_1,
        dividend_yield_2,
        volatility_1,
        volatility_2,
        correlation,
    )
    return evaluate(kernel, fields, (*_RULES, finite("strike"), *more))


_KIRK = Rule(
    "strike",
    "above minus the forward of asset 2 for the approximation of Kirk",
    lambda c: c["spot_2"] * np.exp((c["rate"] - c["dividend_yield_2"]) * c["expiry"]) + c["strike"] > 0.0,
)


def _fields(*values: object) -> dict[str, object]:
    return dict(zip(_FIELDS, values, strict=True))


_FIELDS = (
    "option_type",
    "spot_1",
    "spot_2",
    "strike",
    "expiry",
    "rate",
    "dividend_yield_1",
    "dividend_yield_2",
    "volatility_1",
    "volatility_2",
    "correlation",
)
