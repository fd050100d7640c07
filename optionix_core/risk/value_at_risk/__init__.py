"""Value at risk: by past or simulated scenarios, by formula, and in parts that add up. Losses are positive.

`value_at_risk.historical(pnl, 0.99)`, `value_at_risk.parametric(values, covariance, 0.99)`.
"""

from typing import TYPE_CHECKING

from optionix_core._lazy import lazy_names

if TYPE_CHECKING:
    from optionix_core.risk.value_at_risk.components import (
        FactorModelGenerator,
        PrincipalComponents,
        factor_model,
        principal_components,
    )
    from optionix_core.risk.value_at_risk.copula import (
        MoveGenerator,
        StudentCopula,
        fit_copula,
        generator,
    )
    from optionix_core.risk.value_at_risk.delta_normal import (
        ParametricRisk,
        parametric,
    )
    from optionix_core.risk.value_at_risk.factor_history import (
        FactorHistory,
        Proxy,
        align,
        complete,
        missing,
        with_proxies,
    )
    from optionix_core.risk.value_at_risk.intervals import (
        Interval,
        bootstrap_intervals,
        quantile_interval,
        shortfall_interval,
    )
    from optionix_core.risk.value_at_risk.marginals import (
        EmpiricalMarginal,
        NormalMarginal,
        StudentMarginal,
        empirical,
        fit_normal,
        fit_student,
    )
    from optionix_core.risk.value_at_risk.parts import (
        RiskParts,
        decompose,
        incremental,
    )
    from optionix_core.risk.value_at_risk.quadratic import (
        QuadraticRisk,
        delta_gamma,
    )
    from optionix_core.risk.value_at_risk.scenario_tails import (
        TailEstimate,
        age_weighted,
        age_weights,
        estimate,
        filtered,
        filtered_pnl,
        historical,
        weighted,
    )
    from optionix_core.risk.value_at_risk.volatility_filter import (
        GarchFit,
        garch,
        rescaled,
        simulate_filtered,
    )

__all__ = [
    "EmpiricalMarginal",
    "FactorHistory",
    "FactorModelGenerator",
    "GarchFit",
    "Interval",
    "MoveGenerator",
    "NormalMarginal",
    "ParametricRisk",
    "PrincipalComponents",
    "Proxy",
    "QuadraticRisk",
    "RiskParts",
    "StudentCopula",
    "StudentMarginal",
    "TailEstimate",
    "age_weighted",
    "age_weights",
    "align",
    "bootstrap_intervals",
    "complete",
    "decompose",
    "delta_gamma",
    "empirical",
    "estimate",
    "factor_model",
    "filtered",
    "filtered_pnl",
    "fit_copula",
    "fit_normal",
    "fit_student",
    "garch",
    "generator",
    "historical",
    "incremental",
    "missing",
    "parametric",
    "principal_components",
    "quantile_interval",
    "rescaled",
    "shortfall_interval",
    "simulate_filtered",
    "weighted",
    "with_proxies",
]

_ROOM = "optionix_core.risk.value_at_risk"

__getattr__, __dir__ = lazy_names(
    _ROOM,
    {
        "EmpiricalMarginal": f"{_ROOM}.marginals",
        "FactorHistory": f"{_ROOM}.factor_history",
        "FactorModelGenerator": f"{_ROOM}.components",
        "GarchFit": f"{_ROOM}.volatility_filter",
        "Interval": f"{_ROOM}.intervals",
        "MoveGenerator": f"{_ROOM}.copula",
        "NormalMarginal": f"{_ROOM}.marginals",
        "ParametricRisk": f"{_ROOM}.delta_normal",
        "PrincipalComponents": f"{_ROOM}.components",
        "Proxy": f"{_ROOM}.factor_history",
        "QuadraticRisk": f"{_ROOM}.quadratic",
        "RiskParts": f"{_ROOM}.parts",
        "StudentCopula": f"{_ROOM}.copula",
        "StudentMarginal": f"{_ROOM}.marginals",
        "TailEstimate": f"{_ROOM}.scenario_tails",
        "age_weighted": f"{_ROOM}.scenario_tails",
        "age_weights": f"{_ROOM}.scenario_tails",
        "align": f"{_ROOM}.factor_history",
        "bootstrap_intervals": f"{_ROOM}.intervals",
        "complete": f"{_ROOM}.factor_history",
        "decompose": f"{_ROOM}.parts",
        "delta_gamma": f"{_ROOM}.quadratic",
        "empirical": f"{_ROOM}.marginals",
        "estimate": f"{_ROOM}.scenario_tails",
        "factor_model": f"{_ROOM}.components",
        "filtered": f"{_ROOM}.scenario_tails",
        "filtered_pnl": f"{_ROOM}.scenario_tails",
        "fit_copula": f"{_ROOM}.copula",
        "fit_normal": f"{_ROOM}.marginals",
        "fit_student": f"{_ROOM}.marginals",
        "garch": f"{_ROOM}.volatility_filter",
        "generator": f"{_ROOM}.copula",
        "historical": f"{_ROOM}.scenario_tails",
        "incremental": f"{_ROOM}.parts",
        "missing": f"{_ROOM}.factor_history",
        "parametric": f"{_ROOM}.delta_normal",
        "principal_components": f"{_ROOM}.components",
        "quantile_interval": f"{_ROOM}.intervals",
        "rescaled": f"{_ROOM}.volatility_filter",
        "shortfall_interval": f"{_ROOM}.intervals",
        "simulate_filtered": f"{_ROOM}.volatility_filter",
        "weighted": f"{_ROOM}.scenario_tails",
        "with_proxies": f"{_ROOM}.factor_history",
    },
)
