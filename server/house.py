"""The rules of the server's venue, from the settings of its host as a workstation has them, and its limits' engine."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from config import settings as workstation
from config.scenarios import STRESS_LIBRARY
from optionix_core.services import house_rules

if TYPE_CHECKING:
    from optionix_core.trading.halt_rules import TradingRules
    from optionix_core.trading.limits import LimitEngine


def trading_rules() -> TradingRules:
    """Limits, halts and fees of the host's settings (`limits.*`, `halts.*`, `trading.fees`). Raises SettingsError."""
    found = workstation.load()
    limits = house_rules.LimitTerms(**asdict(found.limits))
    return house_rules.trading_rules(limits, house_rules.HaltTerms(**asdict(found.halts)), found.trading.fees)


def limit_engine() -> LimitEngine:
    """What computes the figures of limits, with the shipped scenarios."""
    return house_rules.limit_engine(STRESS_LIBRARY)
