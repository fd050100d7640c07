"""From quotes to volatility: judged quotes, forwards by parity, implied and realised volatility, arbitrage.

`solve`, `arbitrage`, `smile_arbitrage`, `lint`, `realised` and `svi` are modules: `volatility.solve.solve(chain)`.
"""

from typing import TYPE_CHECKING

from optionix_core._lazy import lazy_names

if TYPE_CHECKING:
    from optionix_core.pricing.models.bates import BatesModel
    from optionix_core.pricing.models.cev import CevModel
    from optionix_core.pricing.models.double_heston import DoubleHestonModel
    from optionix_core.pricing.models.heston import HestonModel
    from optionix_core.pricing.models.merton import MertonModel
    from optionix_core.pricing.models.sabr import SabrModel
    from optionix_core.pricing.models.variance_gamma import VarianceGammaModel
    from optionix_core.volatility import (
        american_quotes,
        analysis,
        arbitrage,
        lint,
        realised,
        smile_arbitrage,
        solve,
        svi,
    )
    from optionix_core.volatility.arbitrage import Violation
    from optionix_core.volatility.calibration.engine import CalibrationEngine
    from optionix_core.volatility.calibration.quotes import CalibrationQuotes
    from optionix_core.volatility.calibration.result import CalibrationResult
    from optionix_core.volatility.forwards import SliceForward
    from optionix_core.volatility.local.model import LocalVolatilityModel
    from optionix_core.volatility.parity import ParityFit, ParityRules, implied_forward
    from optionix_core.volatility.quality import Rejection
    from optionix_core.volatility.solved import SolvedChain, SolvedColumns, SolvedSlice
    from optionix_core.volatility.stochastic_local.model import StochasticLocalVolatilityModel
    from optionix_core.volatility.surface.surface import VolatilitySurface

__all__ = [
    "BatesModel",
    "CalibrationEngine",
    "CalibrationQuotes",
    "CalibrationResult",
    "CevModel",
    "DoubleHestonModel",
    "HestonModel",
    "LocalVolatilityModel",
    "MertonModel",
    "ParityFit",
    "ParityRules",
    "Rejection",
    "SabrModel",
    "SliceForward",
    "SolvedChain",
    "SolvedColumns",
    "SolvedSlice",
    "StochasticLocalVolatilityModel",
    "VarianceGammaModel",
    "Violation",
    "VolatilitySurface",
    "american_quotes",
    "analysis",
    "arbitrage",
    "implied_forward",
    "lint",
    "realised",
    "smile_arbitrage",
    "solve",
    "svi",
]

_ROOM = "optionix_core.volatility"
_MODELS = "optionix_core.pricing.models"

__getattr__, __dir__ = lazy_names(
    _ROOM,
    {
        "BatesModel": f"{_MODELS}.bates",
        "CalibrationEngine": f"{_ROOM}.calibration.engine",
        "CalibrationQuotes": f"{_ROOM}.calibration.quotes",
        "CalibrationResult": f"{_ROOM}.calibration.result",
        "CevModel": f"{_MODELS}.cev",
        "DoubleHestonModel": f"{_MODELS}.double_heston",
        "HestonModel": f"{_MODELS}.heston",
        "LocalVolatilityModel": f"{_ROOM}.local.model",
        "MertonModel": f"{_MODELS}.merton",
        "ParityFit": f"{_ROOM}.parity",
        "ParityRules": f"{_ROOM}.parity",
        "Rejection": f"{_ROOM}.quality",
        "SabrModel": f"{_MODELS}.sabr",
        "SliceForward": f"{_ROOM}.forwards",
        "SolvedChain": f"{_ROOM}.solved",
        "SolvedColumns": f"{_ROOM}.solved",
        "SolvedSlice": f"{_ROOM}.solved",
        "StochasticLocalVolatilityModel": f"{_ROOM}.stochastic_local.model",
        "VarianceGammaModel": f"{_MODELS}.variance_gamma",
        "Violation": f"{_ROOM}.arbitrage",
        "VolatilitySurface": f"{_ROOM}.surface.surface",
        "american_quotes": f"{_ROOM}.american_quotes",
        "analysis": f"{_ROOM}.analysis",
        "arbitrage": f"{_ROOM}.arbitrage",
        "implied_forward": f"{_ROOM}.parity",
        "lint": f"{_ROOM}.lint",
        "realised": f"{_ROOM}.realised",
        "smile_arbitrage": f"{_ROOM}.smile_arbitrage",
        "solve": f"{_ROOM}.solve",
        "svi": f"{_ROOM}.svi",
    },
)
