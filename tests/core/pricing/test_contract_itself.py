"""The contract of all pricers refuses pricers that are wrong: each law is seen to fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from optionix_core.pricing import black_scholes
from tests.core.pricing.test_contract_european import TestBlackScholes as Right

LAWS = {
    "bounds": Right.test_prices_lie_within_their_bounds,
    "directions": Right.test_prices_rise_and_fall_as_declared,
    "convexity": Right.test_prices_are_convex_as_declared,
    "scale": Right.test_prices_scale_with_money,
    "relations": Right.test_relations_hold,
    "limits": Right.test_limits_are_met,
    "arrays": Right.test_arrays_are_their_scalars,
    "greeks": Right.test_greeks_agree_with_differences_of_prices,
    "bad values": Right.test_bad_values_are_named_with_their_row,
}


def cheaper(**arguments: Any) -> Any:
    return black_scholes.price(**arguments) - 0.01


def doubled_put(**arguments: Any) -> Any:
    return black_scholes.price(**arguments) * np.where(np.asarray(arguments["option_type"]) > 0, 1.0, 2.0)


def rippled(**arguments: Any) -> Any:
    return black_scholes.price(**arguments) + np.sin(7.0 * np.asarray(arguments["strike"]))


def rippled_in_spot(**arguments: Any) -> Any:
    return black_scholes.price(**arguments) + np.sin(np.asarray(arguments["spot"]))


def falling_in_volatility(**arguments: Any) -> Any:
    return black_scholes.price(**arguments) - 0.5 * np.asarray(arguments["volatility"])


def by_place(**arguments: Any) -> Any:
    price = black_scholes.price(**arguments)
    return price + 1e-6 * np.arange(np.size(price)) if np.ndim(price) else price


def with_defaults(**arguments: Any) -> Any:
    return black_scholes.price(**{name: np.nan_to_num(np.abs(value)) for name, value in arguments.items()})


@pytest.mark.parametrize(
    ("law", "wrong"),
    [
        ("bounds", cheaper),
        ("directions", falling_in_volatility),
        ("convexity", rippled),
        ("scale", cheaper),
        ("relations", doubled_put),
        ("limits", cheaper),
        ("arrays", by_place),
        ("greeks", rippled_in_spot),
        ("bad values", with_defaults),
    ],
)
def test_each_law_finds_a_pricer_that_breaks_it(law: str, wrong: Callable[..., Any]) -> None:
    class Wrong(Right):
        function = wrong

    with pytest.raises((AssertionError, BaseExceptionGroup, pytest.fail.Exception)):
        LAWS[law](Wrong())
