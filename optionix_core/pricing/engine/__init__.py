"""The pricing engine: one call for every contract and model, by a table of methods that can be read.

Names resolve on first use; pricing one European option loads no array library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optionix_core._lazy import lazy_names

if TYPE_CHECKING:
    from optionix_core.pricing.engine.engine import PricingEngine
    from optionix_core.pricing.engine.model_terms import MODELS
    from optionix_core.pricing.engine.result import (
        GREEK_NAMES,
        Comparison,
        EngineGreeks,
        EngineSettings,
        MethodName,
        PricingResult,
    )
    from optionix_core.pricing.engine.table import METHOD_IDS, TABLE

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "GREEK_NAMES": f"{__name__}.result",
        "METHOD_IDS": f"{__name__}.table",
        "MODELS": f"{__name__}.model_terms",
        "TABLE": f"{__name__}.table",
        "Comparison": f"{__name__}.result",
        "EngineGreeks": f"{__name__}.result",
        "EngineSettings": f"{__name__}.result",
        "MethodName": f"{__name__}.result",
        "PricingEngine": f"{__name__}.engine",
        "PricingResult": f"{__name__}.result",
    },
)

__all__ = [
    "GREEK_NAMES",
    "METHOD_IDS",
    "MODELS",
    "TABLE",
    "Comparison",
    "EngineGreeks",
    "EngineSettings",
    "MethodName",
    "PricingEngine",
    "PricingResult",
]
