"""The rules of this workstation's settings and what computes its limits, as a workspace takes them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.settings import Settings
    from optionix_core.trading.halt_rules import TradingRules
    from optionix_core.trading.limits import LimitEngine


def trading_rules(settings: Settings) -> TradingRules:
    """Limits, halts and fees of the settings in force."""
    from optionix_core.services.house_rules import HaltTerms, LimitTerms
    from optionix_core.services.house_rules import trading_rules as rules_of

    limits, halts = LimitTerms(**asdict(settings.limits)), HaltTerms(**asdict(settings.halts))
    return rules_of(limits, halts, settings.trading.fees)


def limit_engine() -> LimitEngine:
    """What computes the figures of limits, with the shipped scenarios."""
    from config.scenarios import STRESS_LIBRARY
    from optionix_core.services import house_rules

    return house_rules.limit_engine(STRESS_LIBRARY)
