"""Which method prices which contract under which model: one table, in order of preference.

The first row that fits is what the engine uses where no method is named; `reference.method_reference` prints the same
rows. A row names its function by module, which is imported when it is used, so that the table costs nothing to read.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from optionix_core.pricing.engine import obstacles
from optionix_core.pricing.engine.offers import Offer, offered
from optionix_core.pricing.engine.result import Combination, MethodName, Outcome, Request


@dataclass(frozen=True, slots=True)
class Row:
    """One method for one or several kinds of contract."""

    id: str
    """As `method=` takes it; a contract and a model meet at most one row of an id."""
    text: str
    contracts: tuple[str, ...]
    needs: tuple[Offer, ...]
    """What the model must offer, one of these."""
    function: str
    """`module:function` below `optionix_core.pricing.engine`."""
    error: str
    """What is known of the error: a bound, an estimate, or nothing."""
    obstacle: Callable[[Combination], str] = obstacles.nothing
    dividends: str = "none"
    """Discrete dividends that it knows: `"none"`, `"proportional"` or `"all"`."""

    @property
    def name(self) -> MethodName:
        """Id and text."""
        return MethodName(self.id, self.text)

    def fits(self, contract: object, model: object) -> bool:
        """Whether kind and offer match; `hindrance` says whether these very terms do."""
        return getattr(contract, "kind", None) in self.contracts and not offered(model).isdisjoint(self.needs)

    def hindrance(self, combination: Combination) -> str:
        """Why these terms or this market are beyond it; empty where they are not."""
        paid = None if combination.market is None else combination.market.dividends
        if paid is not None and self.dividends == "none":
            return "discrete dividends are given, which this method does not know"
        if paid is not None and self.dividends == "proportional" and obstacles.cash_dividends(combination):
            return obstacles.cash_dividends(combination)
        return self.obstacle(combination)

    def call(self, request: Request) -> Outcome:
        """The answer of the row's function."""
        module, _, name = self.function.partition(":")
        found = getattr(importlib.import_module(f"optionix_core.pricing.engine.{module}"), name)
        return cast("Callable[[Request], Outcome]", found)(request)


ROUNDING = "rounding"
FORMULA = "Black-Scholes-Merton, closed form"


GRID = (
    *("european", "american", "cash-or-nothing", "asset-or-nothing", "one-touch", "no-touch", "barrier"),
    "double-barrier",
)
"""Contracts that finite differences know."""
PATHS = (
    *("european", "cash-or-nothing", "asset-or-nothing", "one-touch", "no-touch", "barrier", "double-barrier"),
    *("partial-barrier", "asian", "fixed-lookback", "floating-lookback", "autocallable", "cliquet", "forward-start"),
)
"""Contracts that simulation along paths knows."""
GRID_MODELS = (Offer.LOGNORMAL, Offer.VARIANCE, Offer.ELASTICITY, Offer.LOCAL)
PATH_MODELS = (Offer.LOGNORMAL, Offer.JUMPS, Offer.VARIANCE, Offer.VARIANCE_AND_JUMPS, Offer.LOCAL)


def _formula(kind: str, function: str, obstacle: Callable[[Combination], str] = obstacles.nothing) -> Row:
    return Row("closed-form", FORMULA, (kind,), (Offer.LOGNORMAL,), function, ROUNDING, obstacle)


TABLE: tuple[Row, ...] = (
    Row(
        "closed-form",
        FORMULA,
        ("european",),
        (Offer.LOGNORMAL,),
        "plain:european",
        "bound, 1e-14 of the larger of spot and strike",
        dividends="all",
    ),
    Row(
        "fourier",
        "Fourier sums on bent contours",
        ("european",),
        (Offer.CHARACTERISTIC,),
        "laws:fourier",
        "estimate, about 1e-13 of the forward",
        dividends="proportional",
    ),
    Row(
        "jump-series",
        "Merton's sum over the number of jumps",
        ("european",),
        (Offer.JUMPS,),
        "laws:merton_series",
        ROUNDING,
        dividends="proportional",
    ),
    Row(
        "expansion",
        "Hagan's expansion of the implied volatility",
        ("european",),
        (Offer.EXPANSION,),
        "laws:expansion",
        "unknown",
    ),
    Row("own-formula", "the model's own formula", ("european",), (Offer.EUROPEAN,), "laws:own_price", "unknown"),
    Row(
        "collocation",
        "spectral collocation of the exercise boundary",
        ("american",),
        (Offer.LOGNORMAL,),
        "laws:american",
        "estimate, about 1e-8 of the strike (1e-10 in high)",
        dividends="all",
    ),
    _formula("cash-or-nothing", "closed:cash_or_nothing"),
    _formula("asset-or-nothing", "closed:asset_or_nothing"),
    _formula("one-touch", "closed:one_touch"),
    _formula("no-touch", "closed:no_touch"),
    _formula("barrier", "closed:single_barrier", obstacles.watched_at_times),
    _formula("double-barrier", "closed:double_barrier"),
    _formula("partial-barrier", "closed:partial_barrier"),
    Row(
        "closed-form",
        FORMULA,
        ("asian",),
        (Offer.LOGNORMAL,),
        "averages:geometric",
        ROUNDING,
        obstacles.not_geometric,
    ),
    Row(
        "density",
        "the density of the average, built up fixing by fixing",
        ("asian",),
        (Offer.LOGNORMAL,),
        "averages:density",
        "bound, 1e-13 of the spot with fixings, 1e-9 continuously",
        obstacles.not_arithmetic_or_wide,
    ),
    Row(
        "curran",
        "Curran's conditioning on the geometric average",
        ("asian",),
        (Offer.LOGNORMAL,),
        "averages:curran",
        "lower bound, in general within 1e-4",
        obstacles.not_arithmetic,
    ),
    Row(
        "turnbull-wakeman",
        "Turnbull and Wakeman's lognormal of two moments",
        ("asian",),
        (Offer.LOGNORMAL,),
        "averages:turnbull_wakeman",
        "unknown",
        obstacles.not_arithmetic,
    ),
    _formula("fixed-lookback", "closed:fixed_lookback", obstacles.watched_at_times),
    _formula("floating-lookback", "closed:floating_lookback", obstacles.watched_at_times),
    Row("closed-form", "Margrabe, closed form", ("exchange",), (Offer.SEVERAL,), "several:exchange", ROUNDING),
    Row(
        "quadrature",
        "quadrature over the second asset",
        ("spread",),
        (Offer.SEVERAL,),
        "several:spread",
        "bound, 1e-13 of the larger spot",
    ),
    Row("kirk", "Kirk's approximation", ("spread",), (Offer.SEVERAL,), "several:kirk", "unknown"),
    Row(
        "closed-form",
        "Stulz, closed form",
        ("rainbow",),
        (Offer.SEVERAL,),
        "several:rainbow",
        ROUNDING,
        obstacles.not_two_assets,
    ),
    Row(
        "quadrature",
        "quadrature over the second asset",
        ("basket",),
        (Offer.SEVERAL,),
        "several:spread",
        "bound, 1e-13 of the larger spot",
        obstacles.not_a_spread,
    ),
    _formula("compound", "closed:compound"),
    _formula("chooser", "closed:chooser"),
    _formula("forward-start", "closed:forward_start"),
    Row(
        "closed-form",
        "Black-Scholes-Merton with a quanto yield",
        ("quanto",),
        (Offer.QUANTO,),
        "closed:quanto",
        ROUNDING,
    ),
    Row(
        "finite-difference",
        "finite differences",
        GRID,
        GRID_MODELS,
        "grids:solve",
        "estimate, from two grids",
        dividends="all",
    ),
    Row(
        "longstaff-schwartz",
        "simulation with an exercise policy by least squares",
        ("american",),
        PATH_MODELS,
        "policies:longstaff_schwartz",
        "standard error; a lower bound, exercised at dates",
        obstacles.cash_dividends_of_a_price_that_is_not_lognormal,
        dividends="all",
    ),
    Row(
        "monte-carlo",
        "simulation",
        PATHS,
        (*PATH_MODELS, Offer.REVERSION, Offer.LEVERAGE),
        "simulation:along_paths",
        "standard error",
        obstacles.not_simulated,
        dividends="all",
    ),
    Row(
        "monte-carlo",
        "simulation",
        ("exchange", "spread", "rainbow", "basket"),
        (Offer.SEVERAL,),
        "simulation:at_expiry",
        "standard error",
    ),
)
"""All rows; of those that fit, the first is preferred."""

METHOD_IDS = tuple(dict.fromkeys(row.id for row in TABLE))
"""Every id, in the order of the table."""
