"""One contract of every kind, one model of every kind, and the market that each sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from optionix_core.pricing.contracts import BY_KIND, Contract, of_terms
from optionix_core.pricing.engine.model_terms import MODELS
from optionix_core.pricing.engine.model_terms import of_terms as model_of_terms
from optionix_core.pricing.flat_market import FlatMarket

VARIANCE = {"v0": 0.04, "kappa": 1.5, "theta": 0.05, "sigma": 0.4, "rho": -0.6}
JUMPS = {"jump_intensity": 0.3, "jump_mean": -0.1, "jump_volatility": 0.15}
CALL = {"option_type": "call", "strike": 105.0, "expiry": 0.5}

TERMS: dict[str, dict[str, Any]] = {
    "european": CALL,
    "american": {**CALL, "option_type": "put"},
    "cash-or-nothing": {**CALL, "cash": 10.0},
    "asset-or-nothing": CALL,
    "one-touch": {"expiry": 0.5, "barrier": 115.0},
    "no-touch": {"expiry": 0.5, "barrier": 90.0},
    "barrier": {**CALL, "barrier_type": "down-out", "barrier": 90.0, "rebate": 1.0},
    "double-barrier": {**CALL, "barrier_type": "knock-out", "lower": 85.0, "upper": 130.0},
    "partial-barrier": {**CALL, "barrier_type": "down-out", "barrier": 90.0, "barrier_time": 0.2},
    "asian": {**CALL, "fixing_times": [0.25, 0.5]},
    "fixed-lookback": CALL,
    "floating-lookback": {"option_type": "put", "expiry": 0.5, "running_extreme": 108.0},
    "autocallable": {
        "expiry": 1.0,
        "reference": 100.0,
        "observation_times": [0.5, 1.0],
        "call_level": 102.0,
        "protection_level": 80.0,
        "coupon": 0.04,
    },
    "cliquet": {"expiry": 1.0, "reset_times": [0.25, 0.5, 0.75, 1.0], "local_cap": 0.05},
    "exchange": {"expiry": 0.5},
    "spread": {"option_type": "call", "strike": 4.0, "expiry": 0.5},
    "rainbow": {**CALL, "extreme": "maximum"},
    "basket": {**CALL, "strike": 100.0, "weights": [0.5, 0.5]},
    "compound": {
        **CALL,
        "strike": 4.0,
        "underlying_option_type": "call",
        "underlying_strike": 100.0,
        "underlying_expiry": 1.0,
    },
    "chooser": {
        "expiry": 1.0,
        "choice_time": 0.3,
        "call_strike": 105.0,
        "put_strike": 95.0,
        "call_expiry": 1.0,
        "put_expiry": 0.9,
    },
    "forward-start": {"option_type": "call", "moneyness": 1.02, "start": 0.2, "expiry": 0.7},
    "quanto": {**CALL, "exchange_rate": 1.2},
}
PARAMETERS: dict[str, dict[str, Any]] = {
    "black-scholes": {"volatility": 0.25},
    "multi-asset": {"volatilities": [0.25, 0.3], "correlations": [[1.0, 0.4], [0.4, 1.0]]},
    "quanto": {"volatility": 0.25, "fx_volatility": 0.1, "correlation": -0.3},
    "heston": VARIANCE,
    "bates": {**VARIANCE, **JUMPS},
    "merton": {"volatility": 0.2, **JUMPS},
    "variance-gamma": {"volatility": 0.2, "nu": 0.2, "theta": -0.1},
    "double-heston": {"first": {"kind": "heston", **VARIANCE}, "second": {"kind": "heston", **VARIANCE, "v0": 0.01}},
    "sabr": {"alpha": 2.2, "beta": 0.5, "rho": -0.3, "nu": 0.4},
    "cev": {"delta": 2.2, "beta": 0.5},
}
LEVEL = {"kappa": 2.0, "sigma": 0.5}
PARAMETERS |= {
    "cir": {**LEVEL, "theta": 100.0},
    "vasicek": {**LEVEL, "theta": 100.0},
    "mean-reverting": {**LEVEL, "log_mean": 4.6},
}

ONE = FlatMarket(spot=100.0, rate=0.05, dividend_yield=0.02)
TWO = FlatMarket(spot=(100.0, 95.0), rate=0.05, dividend_yield=(0.02, 0.01))
FOREIGN = FlatMarket(spot=100.0, rate=0.05, dividend_yield=0.02, foreign_rate=0.03)


@dataclass(frozen=True)
class Examples:
    """What the tests price."""

    def contract(self, kind: str, **changed: Any) -> Contract:
        return of_terms({"kind": kind, **TERMS[kind], **changed})

    def model(self, kind: str, **changed: Any) -> Any:
        return model_of_terms({"kind": kind, **PARAMETERS[kind], **changed})

    def market(self, contract: str, model: str) -> FlatMarket:
        if model == "multi-asset" or BY_KIND[contract].assets != 1:
            return TWO
        if model in ("cir", "vasicek", "mean-reverting"):
            return FlatMarket(spot=100.0, rate=0.05)
        return FOREIGN if "quanto" in (contract, model) else ONE


@pytest.fixture(scope="session")
def examples() -> Examples:
    assert TERMS.keys() == BY_KIND.keys()
    assert PARAMETERS.keys() >= MODELS.keys()
    return Examples()
