"""What keeps a method from a contract that it prices in general, in words; an empty text where nothing does."""

from __future__ import annotations

from typing import Any

from optionix_core.pricing.dividends import ProportionalDividends
from optionix_core.pricing.engine.offers import Offer, offered
from optionix_core.pricing.engine.result import Combination


def nothing(combination: Combination) -> str:  # noqa: ARG001 - one of the obstacles
    """The method prices every contract of the kind."""
    return ""


def watched_at_times(combination: Combination) -> str:
    """Closed forms of barriers and lookbacks watch the price continuously."""
    found = getattr(combination.contract, "monitoring_times", None)
    return "" if found is None else "monitoring_times are given, and the formula watches continuously"


def not_geometric(combination: Combination) -> str:
    """Exact for the geometric average alone."""
    return "" if _contract(combination).average == "geometric" else "the average is arithmetic"


def not_arithmetic(combination: Combination) -> str:
    """An approximation of the arithmetic average."""
    return "" if _contract(combination).average == "arithmetic" else "the average is geometric"


def not_arithmetic_or_wide(combination: Combination) -> str:
    """The density of the arithmetic average is built up to a total deviation of 5."""
    model: Any = combination.model
    deviation = model.volatility * combination.contract.expiry**0.5
    wide = "" if deviation <= 5.0 else f"the total deviation is {deviation:g}, above 5"
    return not_arithmetic(combination) or wide


def not_two_assets(combination: Combination) -> str:
    """The formula knows two assets."""
    count = len(combination.model.volatilities) if hasattr(combination.model, "volatilities") else 1
    return "" if count == 2 else f"there are {count} assets, and the formula knows two"


def not_a_spread(combination: Combination) -> str:
    """A basket of two assets, one held against the other, is a spread."""
    weights = _contract(combination).weights
    if len(weights) == 2 and weights[0] == 1.0 and weights[1] == -1.0:
        return not_two_assets(combination)
    return "its weights are not 1 and -1"


def cash_dividends(combination: Combination) -> str:
    """Fractions of the price pass through any law of its return; amounts do not."""
    paid = None if combination.market is None else combination.market.dividends
    if paid is None or isinstance(paid, ProportionalDividends):
        return ""
    return "cash dividends are given, which this method does not know"


def cash_dividends_of_a_price_that_is_not_lognormal(combination: Combination) -> str:
    """Paths take amounts off a lognormal price alone."""
    return "" if Offer.LOGNORMAL in offered(combination.model) else cash_dividends(combination)


def not_simulated(combination: Combination) -> str:
    """A level that may be negative has no returns."""
    returns = combination.contract.kind in ("cliquet", "forward-start")
    if returns and hasattr(combination.model, "moments"):
        return "a level that may be negative has no returns"
    return cash_dividends_of_a_price_that_is_not_lognormal(combination)


def _contract(combination: Combination) -> Any:
    return combination.contract
