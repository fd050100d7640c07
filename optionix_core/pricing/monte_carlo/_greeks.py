"""Derivatives of the price from the price's own random numbers.

Payments that are continuous in the path: the derivative along the path, taken as a difference so small that nothing but
it remains (relative step 1e-5). Others under Black-Scholes: likelihood ratios, and for gamma of continuous payments the
derivative along the path times the score (Glasserman 2004, sections 7.2 to 7.4; mixed estimator (7.41)). Where neither
holds, central differences on common random numbers, whose step is said. The first step's normal carries the price's
score; all normals carry the volatility's and the yield's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from optionix_core.errors import InvalidValueError
from optionix_core.pricing._arrays import FloatArray
from optionix_core.pricing.models.black_scholes import BlackScholesModel
from optionix_core.pricing.models.merton import MertonModel
from optionix_core.pricing.monte_carlo import _layout as at
from optionix_core.pricing.monte_carlo._model_steps import is_traded
from optionix_core.pricing.monte_carlo._setup import Setup

GREEKS = ("delta", "gamma", "vega", "rho", "epsilon")
SMALL = 1e-5
"""Step of derivatives along the path, relative to the price or volatility; absolute in a rate."""
LARGE = 1e-2
"""Step of differences of payments that jump, and of second differences, relative to the price or volatility."""
LARGE_IN_RATE = 1e-3

Rows = FloatArray
Values = Callable[[Rows, tuple[FloatArray, ...]], FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class GreekRecipe:
    """How one derivative is made from the rows of the price's run and the payments of others."""

    name: str
    method: str
    others: tuple[Setup, ...]
    """Whose payments on the same random numbers `values` takes."""
    values: Values
    scores: bool = False
    """Whether the price's run must hand back its scores."""


def recipes(setup: Setup, names: tuple[str, ...]) -> tuple[GreekRecipe, ...]:
    """One for each name. Raises InvalidValueError for a name that the model does not offer."""
    return tuple(_recipe(setup, name) for name in names)


def offered(setup: Setup) -> tuple[str, ...]:
    """Names that the model offers."""
    names = ["delta", "gamma", "rho"]
    if isinstance(setup.model, BlackScholesModel | MertonModel):
        names.append("vega")
    if is_traded(setup.model):
        names.append("epsilon")
    return tuple(name for name in GREEKS if name in names)


def _recipe(setup: Setup, name: str) -> GreekRecipe:
    known = offered(setup)
    if name not in known:
        raise InvalidValueError("greeks", repr(name), f"among {', '.join(known)} for {type(setup.model).__name__}")
    if name == "delta":
        return _delta(setup)
    if name == "gamma":
        return _gamma(setup)
    if name == "vega":
        return _vega(setup)
    return _rate_or_yield(setup, name)


def _has_scores(setup: Setup) -> bool:
    """Whether the payment depends on the parameters through the law of normal steps alone."""
    model, table = setup.model, setup.moved.table
    normal = isinstance(model, BlackScholesModel) and model.volatility > 0.0 and bool(setup.ends)
    return normal and not setup.watch.from_start and setup.watch.window is None and not table[at.CASH].any()


def _spread(rows: Rows, others: tuple[FloatArray, ...], width: float) -> FloatArray:
    del rows
    result: FloatArray = (others[0] - others[1]) / width
    return result


def _difference(name: str, up: Setup, down: Setup, width: float, method: str) -> GreekRecipe:
    return GreekRecipe(name, method, (up, down), lambda rows, others: _spread(rows, others, width))


def _along(step: float, unit: str) -> str:
    return f"derivative along the path ({unit} step {step:g})"


def _common(step: float, unit: str) -> str:
    return f"central difference on common random numbers ({unit} step {step:g})"


def _delta(setup: Setup) -> GreekRecipe:
    spot = setup.market.spots[0]
    if not setup.watch.smooth and _has_scores(setup):
        scale = 1.0 / (spot * float(setup.moved.table[at.SPREAD_OF_Z, 0]))
        return GreekRecipe("delta", "likelihood ratio", (), lambda rows, _: rows[0] * rows[2] * scale, scores=True)
    step = SMALL if setup.watch.smooth else LARGE
    method = _along(step, "relative") if setup.watch.smooth else _common(step, "relative")
    up, down = setup.moved_spot(spot * (1.0 + step)), setup.moved_spot(spot * (1.0 - step))
    return _difference("delta", up, down, 2.0 * step * spot, method)


def _gamma(setup: Setup) -> GreekRecipe:
    spot = setup.market.spots[0]
    if _has_scores(setup):
        scale = 1.0 / (spot * float(setup.moved.table[at.SPREAD_OF_Z, 0]))
        if setup.watch.smooth:
            up, down = setup.moved_spot(spot * (1.0 + SMALL)), setup.moved_spot(spot * (1.0 - SMALL))
            width = 2.0 * SMALL * spot
            return GreekRecipe(
                "gamma",
                "derivative along the path times likelihood ratio",
                (up, down),
                lambda rows, others: _spread(rows, others, width) * (rows[2] * scale - 1.0 / spot),
                scores=True,
            )
        return GreekRecipe(
            "gamma",
            "likelihood ratio",
            (),
            lambda rows, _: rows[0] * ((rows[2] * rows[2] - 1.0) * scale - rows[2] / spot) * scale,
            scores=True,
        )
    up, down = setup.moved_spot(spot * (1.0 + LARGE)), setup.moved_spot(spot * (1.0 - LARGE))
    square = (LARGE * spot) ** 2
    return GreekRecipe(
        "gamma",
        _common(LARGE, "relative"),
        (up, down),
        lambda rows, others: (others[0] - 2.0 * rows[0] + others[1]) / square,
    )


def _vega(setup: Setup) -> GreekRecipe:
    model = setup.model
    if not isinstance(model, BlackScholesModel | MertonModel):
        raise InvalidValueError("greeks", "'vega'", f"one that {type(model).__name__} offers")
    volatility = model.volatility
    if not setup.watch.smooth and _has_scores(setup):
        return GreekRecipe(
            "vega", "likelihood ratio", (), lambda rows, _: rows[0] * (rows[3] / volatility - rows[4]), scores=True
        )
    step = SMALL if setup.watch.smooth else LARGE
    method = _along(step, "relative") if setup.watch.smooth else _common(step, "relative")
    move = step * max(volatility, 1e-2)
    low = max(volatility - move, 0.0)
    up = setup.moved_to(replace(model, volatility=volatility + move), setup.market)
    down = setup.moved_to(replace(model, volatility=low), setup.market)
    return _difference("vega", up, down, volatility + move - low, method)


def _rate_or_yield(setup: Setup, name: str) -> GreekRecipe:
    smooth = setup.watch.smooth
    volatility = setup.model.volatility if isinstance(setup.model, BlackScholesModel) else 0.0
    if name == "epsilon" and not smooth and _has_scores(setup):
        return GreekRecipe(
            "epsilon", "likelihood ratio", (), lambda rows, _: rows[0] * rows[4] / -volatility, scores=True
        )
    step = SMALL if smooth else LARGE_IN_RATE
    method = _along(step, "absolute") if smooth else _common(step, "absolute")
    ends = []
    for move in (step, -step):
        if name == "rho":
            market = replace(setup.market, rate=setup.market.rate + move)
        else:
            market = replace(setup.market, dividend_yield=setup.market.yields[0] + move)
        ends.append(setup.moved_to(setup.model, market))
    return _difference(name, ends[0], ends[1], 2.0 * step, method)
