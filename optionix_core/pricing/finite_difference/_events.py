"""What happens to values on a grid at one moment: a payoff laid on nodes, a fall of the price, a watched level.

Jumps in the values that lie on a node take the mean of both sides there, those between nodes the mean over the node's
cell, which keeps the error of second order (D. Pooley, K. Vetzal and P. Forsyth, J. Comp. Finance 6 (2003) 25). Values
have shape (..., n), the price in the last place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optionix_core.pricing.finite_difference._claims import Claim, Payoff
from optionix_core.pricing.finite_difference._schedule import Event

FloatArray = NDArray[np.float64]

SAME_PLACE = 1e-12
LOW, HIGH = slice(0, 3), slice(3, 6)
"""Of the edges: A, B of A + B S, and one where it is discounted."""


def share_below(spots: FloatArray, place: float) -> FloatArray:
    """How much of each node's cell lies below `place`: one, zero, or for the cell around it a part."""
    middles = 0.5 * (spots[1:] + spots[:-1])
    left, right = np.append(spots[0], middles), np.append(middles, spots[-1])
    share: FloatArray = np.clip((place - left) / (right - left), 0.0, 1.0)
    share[np.abs(spots - place) <= SAME_PLACE * place] = 0.5
    return share


def laid(payoff: Payoff, spots: FloatArray) -> FloatArray:
    """The payoff at the nodes; the mean over its cell where the strike lies between nodes."""
    values = payoff.at(spots)
    near = int(np.argmin(np.abs(spots - payoff.strike)))
    if payoff.bends and 0 < near < len(spots) - 1 and abs(spots[near] / payoff.strike - 1.0) > SAME_PLACE:
        left, right = 0.5 * (spots[near - 1] + spots[near]), 0.5 * (spots[near] + spots[near + 1])
        if left < payoff.strike < right:
            low = _integral(payoff.below, left, payoff.strike)
            values[near] = (low + _integral(payoff.above, payoff.strike, right)) / (right - left)
    return values


def edges(claim: Claim, spots: FloatArray) -> FloatArray:
    """The claim on either edge at expiry: that of a level that is always watched and lies there, else the payoff's."""
    low = (*claim.payoff.below, 1.0) if spots[0] < claim.payoff.strike else (*claim.payoff.above, 1.0)
    high = (*claim.payoff.above, 1.0) if spots[-1] > claim.payoff.strike else (*claim.payoff.below, 1.0)
    if claim.watched is None:
        if claim.lower is not None and spots[0] <= claim.lower.price:
            low = (claim.lower.amount, 0.0, float(claim.lower.at_expiry))
        if claim.upper is not None and spots[-1] >= claim.upper.price:
            high = (claim.upper.amount, 0.0, float(claim.upper.at_expiry))
    return np.array([*low, *high])


def apply(
    event: Event, claim: Claim, spots: FloatArray, payoff: FloatArray, ends: FloatArray, values: FloatArray
) -> None:
    """Values and edges just before `event`, in place of those just after it."""
    if event.fall is None:
        _watch(claim, spots, ends, values)
        return
    _fall(event.fall, claim, spots, ends, values, proportional=event.proportional)
    if claim.american:
        np.maximum(values, payoff, out=values)


def _watch(claim: Claim, spots: FloatArray, ends: FloatArray, values: FloatArray) -> None:
    if claim.lower is not None:
        gone = share_below(spots, claim.lower.price)
        values[...] = gone * claim.lower.amount + (1.0 - gone) * values
        if spots[0] < claim.lower.price:
            ends[LOW] = (claim.lower.amount, 0.0, 1.0)
    if claim.upper is not None:
        gone = 1.0 - share_below(spots, claim.upper.price)
        values[...] = gone * claim.upper.amount + (1.0 - gone) * values
        if spots[-1] > claim.upper.price:
            ends[HIGH] = (claim.upper.amount, 0.0, 1.0)


def _fall(
    fall: float, claim: Claim, spots: FloatArray, ends: FloatArray, values: FloatArray, *, proportional: bool
) -> None:
    """A price that falls to zero or below stays at zero; one that falls past an edge takes the edge's claim."""
    after = spots * (1.0 - fall) if proportional else np.maximum(spots - fall, 0.0)
    left, weights = cubic(spots, after)
    moved = sum(weights[k] * values[..., left + k] for k in range(4))
    outside = after < spots[0]
    below = ends[0] + ends[1] * after
    always = claim.watched is None
    bottom, top = values[..., 0].copy(), values[..., -1].copy()
    values[...] = np.where(outside, below, moved)
    for part, place in ((LOW, spots[0]), (HIGH, spots[-1])):
        a, b, discounted = ends[part]
        if proportional:
            ends[part] = (a, b * (1.0 - fall), discounted)
        elif place > fall:
            ends[part] = (a - b * fall, b, discounted)
        else:
            ends[part] = (a, 0.0, discounted)
    if always and claim.lower is not None and spots[0] <= claim.lower.price:
        values[..., 0] = bottom
    if always and claim.upper is not None and spots[-1] >= claim.upper.price:
        values[..., -1] = top


def cubic(spots: FloatArray, places: FloatArray) -> tuple[NDArray[np.int64], FloatArray]:
    """First node and four weights of the cubic through the nodes around each place: (m,) and (4, m)."""
    left = np.clip(np.searchsorted(spots, places) - 2, 0, len(spots) - 4)
    nodes = np.stack([spots[left + k] for k in range(4)])
    weights = np.ones((4, len(places)))
    for k in range(4):
        for other in range(4):
            if other != k:
                weights[k] *= (places - nodes[other]) / (nodes[k] - nodes[other])
    return left, weights


def _integral(straight: tuple[float, float], left: float, right: float) -> float:
    return (right - left) * (straight[0] + straight[1] * 0.5 * (left + right))
