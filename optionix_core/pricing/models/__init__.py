"""Models of the underlying: values with their parameters checked, that price European options."""

from __future__ import annotations

from optionix_core._lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "BatesModel": f"{__name__}.bates",
        "BlackScholesModel": f"{__name__}.black_scholes",
        "CevModel": f"{__name__}.cev",
        "CirModel": f"{__name__}.diffusions",
        "DoubleHestonModel": f"{__name__}.double_heston",
        "HestonModel": f"{__name__}.heston",
        "MeanRevertingModel": f"{__name__}.diffusions",
        "MertonModel": f"{__name__}.merton",
        "MultiAssetModel": f"{__name__}.black_scholes",
        "QuantoModel": f"{__name__}.black_scholes",
        "SabrModel": f"{__name__}.sabr",
        "VarianceGammaModel": f"{__name__}.variance_gamma",
        "VasicekModel": f"{__name__}.diffusions",
    },
)
