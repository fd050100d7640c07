"""A contract under a model on two grids: which equation it is, and the sums over its claims.

Refuses a pair of contract and model that no equation of this room describes, naming both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optionix_core.errors import InvalidValueError
from optionix_core.market.protocols import LocalVolatilityFunction
from optionix_core.pricing.contracts import Contract
from optionix_core.pricing.finite_difference import _claims, _deterministic, _line, _plane
from optionix_core.pricing.finite_difference._claims import Claim
from optionix_core.pricing.finite_difference._settings import Settings, Underlying, Watcher
from optionix_core.pricing.finite_difference._volatility import Volatility, check_deviation
from optionix_core.pricing.finite_difference.result import GridSlice
from optionix_core.pricing.models.black_scholes import BlackScholesModel
from optionix_core.pricing.models.cev import CevModel
from optionix_core.pricing.models.heston import HestonModel

FloatArray = NDArray[np.float64]
LineModel = BlackScholesModel | CevModel | HestonModel | LocalVolatilityFunction

MODELS = "BlackScholesModel, CevModel, HestonModel and anything with local_volatility(spot, time)"


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Sums over the claims of a contract."""

    greeks: FloatArray
    """Price, delta, gamma, theta: a row for the coarser and one for the finer grid."""
    method: str
    on_grid: bool
    slice: GridSlice | None


def checked(contract: Contract, model: object, market: Underlying) -> tuple[_claims.Claims, LineModel]:
    """The claims that `contract` is made of, and the model; InvalidValueError where either is not known here."""
    name = type(model).__name__
    if not isinstance(model, BlackScholesModel | CevModel | HestonModel | LocalVolatilityFunction):
        bound = f"one that finite differences know, {MODELS} (contract: {contract.kind})"
        raise InvalidValueError("model", name, bound)
    try:
        return _claims.claims(contract, market.spot), model
    except InvalidValueError as error:
        raise InvalidValueError("contract", f"{error.value} under {name}", error.bound) from error


def answer(
    claims: _claims.Claims,
    model: LineModel,
    market: Underlying,
    settings: Settings,
    watcher: Watcher,
    *,
    keep_slice: bool,
) -> Answer:
    """Both grids of every claim."""
    greeks = np.zeros((2, 4))
    kept: list[tuple[float, GridSlice]] = []
    methods = []
    for amount, claim in claims:
        here, method, cut = _claim(claim, model, market, settings, watcher)
        with np.errstate(invalid="ignore"):
            total = greeks + amount * here
        # kinks of both claims at the spot, of opposite sign, cancel
        cancelled = np.isinf(greeks[:, 2]) & np.isinf(here[:, 2]) & np.isnan(total[:, 2])
        total[cancelled, 2] = 0.0
        greeks = total
        methods.append(method)
        if cut is not None:
            kept.append((amount, cut))
    on_grid = [method for method in methods if method != EXACT]
    cut = _sum(kept) if keep_slice and len(kept) == len(claims) else None
    return Answer(greeks, (on_grid or methods)[0], bool(on_grid), cut)


MOST_GROWTH = 50.0
SMALLEST_SPOT, LARGEST_SPOT = 1e-50, 1e50
LEAST_DEVIATION = 1e-8
"""Below which the price is taken to move without chance: what that neglects is a smaller part of spot and strike."""
WIDEST_STEP = 2.0
"""Of the coarser grid, on average, in total deviations; wider ones miss the layer that drifts with the strike."""
EXACT = "path without chance"


def _claim(
    claim: Claim, model: LineModel, market: Underlying, settings: Settings, watcher: Watcher
) -> tuple[FloatArray, str, GridSlice | None]:
    planar = isinstance(model, HestonModel) and model.sigma > 0.0
    volatility = Volatility(model)
    _check_growth(claim, market)
    if isinstance(model, HestonModel) and planar:
        deviation = _plane.deviation(model, claim.expiry)
        check_deviation(deviation)
    else:
        deviation = volatility.deviation(market.spot, market.drift, claim.expiry)
    now = claim.touched(market.spot) if claim.watched is None or claim.watched[0] == 0.0 else None
    if now is not None:
        price = now.amount * (math.exp(-market.rate * claim.expiry) if now.at_expiry else 1.0)
        return np.array([[price, 0.0, 0.0, market.rate * price if now.at_expiry else 0.0]] * 2), EXACT, None
    if deviation < LEAST_DEVIATION:
        return np.array([_deterministic.greeks(claim, market)] * 2), EXACT, None
    mesh = _line.price_mesh(claim, market, deviation, settings)
    needed = 2 * math.ceil((mesh.high - mesh.low) / (WIDEST_STEP * deviation))
    if 2 * settings.intervals < needed:
        bound = f"at least {needed:,} where the total deviation, {deviation:.1e}, is so far below the drift"
        raise InvalidValueError("space_points", f"{2 * settings.intervals:,}", bound)
    refinements = (1, 1), (2, settings.time_refinement)
    if isinstance(model, HestonModel) and planar:
        meshes = mesh, _plane.variance_mesh(model, claim.expiry, settings)
        solved = [_plane.solve(claim, market, model, meshes, settings, fine, watcher) for fine in refinements]
        fine, variances, values = solved[1]
        table = np.array([solution.greeks for solution, _, _ in solved])
        return table, f"alternating directions, {settings.scheme}", GridSlice(fine.spots, variances, values)
    lines = [_line.solve(claim, market, volatility, mesh, settings, fine, watcher) for fine in refinements]
    method = "theta scheme" + (", policy iteration" if claim.american else "")
    return np.array([line.greeks for line in lines]), method, GridSlice(lines[1].spots, None, lines[1].values)


def _check_growth(claim: Claim, market: Underlying) -> None:
    """Raises InvalidValueError where discounting or growth would leave the range of numbers on a grid."""
    for name, value in (("rate", market.rate), ("dividend_yield", market.dividend_yield)):
        if not abs(value) * claim.expiry <= MOST_GROWTH:
            raise InvalidValueError(name, value, f"at most {MOST_GROWTH:g} in size once multiplied by expiry")
    if not SMALLEST_SPOT <= market.spot <= LARGEST_SPOT:
        raise InvalidValueError("spot", market.spot, f"from {SMALLEST_SPOT:g} to {LARGEST_SPOT:g} on a grid")


def _sum(kept: list[tuple[float, GridSlice]]) -> GridSlice:
    """On the grid of the first claim; another counts for nothing beyond its own grid, where a level has ended it."""
    amount, first = kept[0]
    total = amount * first.values
    for amount, cut in kept[1:]:
        rows = np.atleast_2d(cut.values)
        if first.variances is not None and cut.variances is not None:
            rows = np.array([np.interp(first.variances, cut.variances, column) for column in rows.T]).T
        added = np.array([np.interp(first.spots, cut.spots, row, left=0.0, right=0.0) for row in rows])
        total = total + amount * (added if first.values.ndim == 2 else added[0])
    return GridSlice(first.spots, first.variances, total)
