"""The pricing engine: one call for every contract and model, by a table of methods that can be read.

Names resolve on first use; pricing one European option loads no array library.
"""

from __future__ import annotations

from optionix_core._lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Comparison": f"{__name__}.result",
        "EngineGreeks": f"{__name__}.result",
        "EngineSettings": f"{__name__}.result",
        "GREEK_NAMES": f"{__name__}.result",
        "METHOD_IDS": f"{__name__}.table",
        "MODELS": f"{__name__}.model_terms",
        "MethodName": f"{__name__}.result",
        "PricingEngine": f"{__name__}.engine",
        "PricingResult": f"{__name__}.result",
        "TABLE": f"{__name__}.table",
        "model_terms": f"{__name__}.model_terms",
    },
)
