"""What a surface and a history say: densities, variance swaps, figures of the smile, cones, ranks.

Every function takes finished values (a `VolatilitySurface`, a solved chain, a `PriceHistory`) and fits nothing.
"""

from typing import TYPE_CHECKING

from optionix_core._lazy import lazy_names

if TYPE_CHECKING:
    from optionix_core.volatility.analysis.cone import VolatilityCone, volatility_cone
    from optionix_core.volatility.analysis.probability import (
        Density,
        percentile,
        probability_above,
        probability_below,
        probability_between,
        probability_touching,
        risk_neutral_density,
    )
    from optionix_core.volatility.analysis.skew import (
        SmileFigures,
        constant_maturity,
        smile_figures,
        strike_at_delta,
    )
    from optionix_core.volatility.analysis.standing import ImpliedStanding, implied_standing
    from optionix_core.volatility.analysis.variance_strip import (
        StripVariance,
        chain_strip_index,
        strip_index,
        strip_variance,
    )
    from optionix_core.volatility.analysis.variance_swap import VarianceSwap, variance_swap_strike

__all__ = [
    "Density",
    "ImpliedStanding",
    "SmileFigures",
    "StripVariance",
    "VarianceSwap",
    "VolatilityCone",
    "chain_strip_index",
    "constant_maturity",
    "implied_standing",
    "percentile",
    "probability_above",
    "probability_below",
    "probability_between",
    "probability_touching",
    "risk_neutral_density",
    "smile_figures",
    "strike_at_delta",
    "strip_index",
    "strip_variance",
    "variance_swap_strike",
    "volatility_cone",
]

_ROOM = "optionix_core.volatility.analysis"

__getattr__, __dir__ = lazy_names(
    _ROOM,
    {
        "Density": f"{_ROOM}.probability",
        "ImpliedStanding": f"{_ROOM}.standing",
        "SmileFigures": f"{_ROOM}.skew",
        "StripVariance": f"{_ROOM}.variance_strip",
        "VarianceSwap": f"{_ROOM}.variance_swap",
        "VolatilityCone": f"{_ROOM}.cone",
        "chain_strip_index": f"{_ROOM}.variance_strip",
        "constant_maturity": f"{_ROOM}.skew",
        "implied_standing": f"{_ROOM}.standing",
        "percentile": f"{_ROOM}.probability",
        "probability_above": f"{_ROOM}.probability",
        "probability_below": f"{_ROOM}.probability",
        "probability_between": f"{_ROOM}.probability",
        "probability_touching": f"{_ROOM}.probability",
        "risk_neutral_density": f"{_ROOM}.probability",
        "smile_figures": f"{_ROOM}.skew",
        "strike_at_delta": f"{_ROOM}.skew",
        "strip_index": f"{_ROOM}.variance_strip",
        "strip_variance": f"{_ROOM}.variance_strip",
        "variance_swap_strike": f"{_ROOM}.variance_swap",
        "volatility_cone": f"{_ROOM}.cone",
    },
)
