"""Contracts: what is owed, as frozen values that can be written down and read back.

Each names its terms and checks them; no market, no model and no method. Times are years from now. `of_terms` reads any
of them from plain JSON values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optionix_core.errors import UnknownNameError
from optionix_core.pricing.contracts._contract import Contract
from optionix_core.pricing.contracts.barriers import BarrierOption, DoubleBarrierOption, PartialBarrierOption
from optionix_core.pricing.contracts.paths import (
    AsianOption,
    AutocallableNote,
    CliquetOption,
    FixedLookbackOption,
    FloatingLookbackOption,
)
from optionix_core.pricing.contracts.several import (
    BasketOption,
    ChooserOption,
    CompoundOption,
    ExchangeOption,
    ForwardStartOption,
    QuantoOption,
    RainbowOption,
    SpreadOption,
)
from optionix_core.pricing.contracts.vanilla import (
    AmericanOption,
    AssetOrNothingOption,
    CashOrNothingOption,
    EuropeanOption,
    NoTouchOption,
    OneTouchOption,
)

CONTRACTS: tuple[type[Contract], ...] = (
    EuropeanOption,
    AmericanOption,
    CashOrNothingOption,
    AssetOrNothingOption,
    OneTouchOption,
    NoTouchOption,
    BarrierOption,
    DoubleBarrierOption,
    PartialBarrierOption,
    AsianOption,
    FixedLookbackOption,
    FloatingLookbackOption,
    AutocallableNote,
    CliquetOption,
    ExchangeOption,
    SpreadOption,
    RainbowOption,
    BasketOption,
    CompoundOption,
    ChooserOption,
    ForwardStartOption,
    QuantoOption,
)
"""All of them, in the order in which documents list them."""
BY_KIND: dict[str, type[Contract]] = {contract.kind: contract for contract in CONTRACTS}


def of_terms(terms: Mapping[str, Any]) -> Contract:
    """The contract with these terms, `kind` among them; UnknownNameError where there is no such kind."""
    kind = str(terms.get("kind"))
    if kind not in BY_KIND:
        raise UnknownNameError("kind of contract", kind, tuple(BY_KIND))
    return BY_KIND[kind].from_terms(terms)


__all__ = [
    "BY_KIND",
    "CONTRACTS",
    "AmericanOption",
    "AsianOption",
    "AssetOrNothingOption",
    "AutocallableNote",
    "BarrierOption",
    "BasketOption",
    "CashOrNothingOption",
    "ChooserOption",
    "CliquetOption",
    "CompoundOption",
    "Contract",
    "DoubleBarrierOption",
    "EuropeanOption",
    "ExchangeOption",
    "FixedLookbackOption",
    "FloatingLookbackOption",
    "ForwardStartOption",
    "NoTouchOption",
    "OneTouchOption",
    "PartialBarrierOption",
    "QuantoOption",
    "RainbowOption",
    "SpreadOption",
    "of_terms",
]
